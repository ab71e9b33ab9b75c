//! Which path SvelteKit matches against its routes, given the path of a request: without
//! the suffixes of data and route resolution requests, and without the base. Where
//! SvelteKit matches no route, or reads the path differently than it stands there, the
//! answer is `None`.

use super::words::first_word;
use crate::config::handoff::Handoff;

const DATA: &str = "__data.json";
const DATA_PATH: &str = "/__data.json";
const RESOLUTION: &str = "__route.js";

/// What of a build decides how its paths are read.
#[derive(Debug)]
pub(super) struct Rules {
    base: Box<str>,
    /// `/_app` with the base: everything that starts so is SvelteKit's own.
    app: Box<str>,
    /// As much of it as fits a word, and which bits of the word that is.
    app_word: (u64, u64),
    /// SvelteKit 3 also resolves routes of `/page.html` by `/page.html__route.js`.
    html_resolution: bool,
}

impl Rules {
    pub fn new(handoff: &Handoff) -> Self {
        Rules::of(&handoff.base, &handoff.app_path, handoff.kit != 2)
    }

    fn of(base: &str, app_path: &str, html_resolution: bool) -> Self {
        let app = format!("/{app_path}");
        let mask = first_word(&b"\xff".repeat(app.len()));
        Rules {
            base: base.into(),
            app_word: (first_word(app.as_bytes()), mask),
            app: app.into(),
            html_resolution,
        }
    }

    /// The path to match, from a request's path as it came and decoded.
    pub fn matched<'a>(&self, raw: &str, decoded: &'a str) -> Option<&'a str> {
        if is_rewritten_by_url(raw) {
            return None;
        }
        // SvelteKit looks for the suffix before it decodes; what follows is plain ASCII, so
        // that it stands in the decoded path too.
        let path = if has_suffix(raw, RESOLUTION, self.html_resolution) {
            strip_suffix(decoded, RESOLUTION)?
        } else if has_suffix(raw, DATA, true) {
            let path = strip_suffix(decoded, DATA)?;
            // A parameter of the query may add one more slash.
            if path.len() > 1 && path.ends_with('/') {
                return None;
            }
            path
        } else {
            decoded
        };
        self.matched_plain(path)
    }

    /// [`Rules::matched`] for a path without escapes, suffixes and dot segments.
    pub fn matched_plain<'a>(&self, path: &'a str) -> Option<&'a str> {
        let (app, mask) = self.app_word;
        // comparing a word first spares most paths a call
        if first_word(path.as_bytes()) & mask == app && path.starts_with(&*self.app) {
            return None;
        }
        self.below_base(path)
    }

    /// How requests usually name a path below the base that begins with `/` or is empty: as
    /// it is, with a slash, and for its data.
    pub fn forms(&self, path: &str) -> [String; 3] {
        let path = format!("{}{path}", self.base);
        let [slash, data] = ["/", DATA_PATH].map(|end| format!("{path}{end}"));
        [path, slash, data]
    }

    /// The path without the base, starting with `/`; `None` for one outside of it.
    pub fn below_base<'a>(&self, path: &'a str) -> Option<&'a str> {
        // An empty box points nowhere, and glibc's comparison of no bytes there costs more
        // than all the rest: masked loads from an unmapped page take a microcode assist.
        let below = if self.base.is_empty() {
            path
        } else {
            path.strip_prefix(&*self.base)?
        };
        match below.as_bytes().first() {
            None => Some("/"),
            Some(b'/') => Some(below),
            Some(_) => None,
        }
    }
}

/// `/x/SUFFIX`, or `/x.htmlSUFFIX` where that counts too.
fn has_suffix(path: &str, suffix: &str, html: bool) -> bool {
    path.strip_suffix(suffix)
        .is_some_and(|path| path.ends_with('/') || (html && path.ends_with(".html")))
}

/// Takes the suffix away, with its slash, leaving `/` at least.
fn strip_suffix<'a>(path: &'a str, suffix: &str) -> Option<&'a str> {
    let path = path.strip_suffix(suffix)?;
    match path.strip_suffix('/') {
        Some("") => Some("/"),
        Some(path) => Some(path),
        None => Some(path),
    }
}

/// Whether `new URL` changes the path: it resolves dot segments, encoded ones too, and
/// takes a backslash for a slash.
fn is_rewritten_by_url(path: &str) -> bool {
    // most paths have none of the characters it takes
    memchr::memchr3(b'.', b'%', b'\\', path.as_bytes()).is_some()
        && (path.contains('\\') || path.split('/').any(is_dot_segment))
}

fn is_dot_segment(segment: &str) -> bool {
    // the longest is `%2e%2e`
    if segment.is_empty() || segment.len() > 6 {
        return false;
    }
    let mut rest = segment;
    let mut dots = 0;
    while !rest.is_empty() {
        let after = if let Some(after) = rest.strip_prefix('.') {
            after
        } else if rest
            .get(..3)
            .is_some_and(|escape| escape.eq_ignore_ascii_case("%2e"))
        {
            &rest[3..]
        } else {
            return false;
        };
        rest = after;
        dots += 1;
    }
    dots <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(base: &str, html_resolution: bool) -> Rules {
        let app_path = format!("{base}/_app");
        Rules::of(base, &app_path[1..], html_resolution)
    }

    #[test]
    fn suffixes() {
        for (path, expected) in [
            ("/", Some("/")),
            ("/a", Some("/a")),
            ("/a/", Some("/a/")),
            ("/__data.json", Some("/")),
            ("/a/__data.json", Some("/a")),
            ("/a.html__data.json", Some("/a.html")),
            ("/a/.html__data.json", Some("/a/.html")),
            ("/a__data.json", Some("/a__data.json")),
            ("/a//__data.json", None),
            ("/a/__data.json/", Some("/a/__data.json/")),
            ("/__route.js", Some("/")),
            ("/a/__route.js", Some("/a")),
            ("/a//__route.js", Some("/a/")),
            ("/a.html__route.js", Some("/a.html")),
            ("/a/__data.json/__route.js", Some("/a/__data.json")),
            ("/_app/remote/x/y", None),
            ("/_application", None),
            ("/x/_app", Some("/x/_app")),
        ] {
            assert_eq!(rules("", true).matched(path, path), expected, "{path}");
        }
        let kit2 = rules("", false);
        assert_eq!(
            kit2.matched("/a.html__route.js", "/a.html__route.js"),
            Some("/a.html__route.js")
        );
        assert_eq!(
            kit2.matched("/a.html__data.json", "/a.html__data.json"),
            Some("/a.html")
        );
        // decoded only after the suffix was looked for
        assert_eq!(
            kit2.matched("/a/__data%2Ejson", "/a/__data.json"),
            Some("/a/__data.json")
        );
    }

    #[test]
    fn base() {
        for (path, expected) in [
            ("/b", Some("/")),
            ("/b/", Some("/")),
            ("/b/a", Some("/a")),
            ("/b/__data.json", Some("/")),
            ("/b/b/a/", Some("/b/a/")),
            ("/ba", None),
            ("/", None),
            ("/a/b", None),
            ("/b/_app/env.js", None),
            ("/_app", None),
        ] {
            assert_eq!(rules("/b", true).matched(path, path), expected, "{path}");
        }
    }

    #[test]
    fn what_a_url_parser_rewrites_stays_open() {
        for path in [
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/%2e",
            "/a/%2E%2e/b",
            "/.%2e",
            "/%2e.",
            "/a\\b",
        ] {
            assert_eq!(rules("", true).matched(path, path), None, "{path}");
        }
        for path in [
            "/...",
            "/.a",
            "/a.",
            "/a..b",
            "/%2e%2e%2e",
            "/.well-known/x",
            "/%2f.",
        ] {
            assert_eq!(rules("", true).matched(path, path), Some(path), "{path}");
        }
    }
}
