//! The hand-off: what the adapter knew at build time, as it stands in
//! `build/oxide.json`. Raw values only; `config` decides them. The writer is
//! `adapter/handoff.js`, and `FORMAT` changes whenever the two would misread each other.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// The layout version this binary reads. A build written for another one is refused.
pub const FORMAT: u32 = 1;

/// One `vite build`, described for the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Handoff {
    /// Must equal [`FORMAT`].
    pub format: u32,
    /// Version of the npm package that wrote it.
    pub package: String,
    /// Names the run of `vite build` that wrote it: no two are the same.
    pub build: String,
    /// SvelteKit's major version, decided by feature: 2 or 3.
    pub kit: u32,
    /// `paths.base`, empty or starting with `/`.
    pub base: String,
    /// Where SvelteKit's own files live, with base, without a leading slash: `_app`.
    pub app_path: String,
    /// `paths.origin` where it was set at build time.
    pub origin: Option<String>,
    /// The adapter's `envPrefix`.
    pub env_prefix: String,
    /// Options that only matter at run time, exactly as the user wrote them.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Client files by URL path (decoded, with base).
    pub assets: Vec<(String, AssetEntry)>,
    /// Further paths of a file in `assets`: `/foo` for `/foo.html`.
    pub aliases: Vec<(String, String)>,
    /// Prerendered pages by URL path.
    pub prerendered: Vec<(String, AssetEntry)>,
    /// The app's routes in SvelteKit's own order of matching.
    pub routes: Vec<RouteEntry>,
    /// The app has hooks for WebSockets: `src/hooks.ws.js` or `.ts`.
    #[serde(default)]
    pub hooks_ws: bool,
}

/// Why a hand-off cannot be used, in words for whoever starts the server.
#[derive(Debug, Error)]
pub enum HandoffError {
    /// There is no such file.
    #[error("{} does not exist: run `vite build` again, and deploy the whole build folder", .0.display())]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It was written for another version of the server.
    #[error(
        "{} has format {found}, written by svelte-adapter-oxide {package}; this server is \
         svelte-adapter-oxide {} and reads format {FORMAT}: run `vite build` again with the \
         version that is to serve the build",
        path.display(), env!("CARGO_PKG_VERSION")
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The package that wrote it.
        package: String,
    },
    /// It is no hand-off: cut short, or changed by hand.
    #[error("{} is damaged ({source}): run `vite build` again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

/// What every format has in common, read first: of another format the rest means nothing.
#[derive(Deserialize)]
struct Envelope {
    format: u64,
    #[serde(default)]
    package: Option<String>,
}

impl Handoff {
    /// Reads the hand-off of a build.
    ///
    /// # Errors
    /// When the file is missing, unreadable, damaged or of another [`FORMAT`].
    pub fn load(path: &Path) -> Result<Handoff, HandoffError> {
        let text = std::fs::read(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => HandoffError::Missing(path.to_owned()),
            _ => HandoffError::Unreadable {
                path: path.to_owned(),
                source,
            },
        })?;
        Handoff::parse(&text, path)
    }

    /// Reads a hand-off from memory; `path` is for messages.
    ///
    /// # Errors
    /// As [`Handoff::load`].
    pub fn parse(text: &[u8], path: &Path) -> Result<Handoff, HandoffError> {
        let malformed = |source| HandoffError::Malformed {
            path: path.to_owned(),
            source,
        };
        let envelope: Envelope = serde_json::from_slice(text).map_err(malformed)?;
        if envelope.format != u64::from(FORMAT) {
            return Err(HandoffError::Format {
                path: path.to_owned(),
                found: envelope.format,
                package: envelope.package.unwrap_or_else(|| "(unknown)".to_owned()),
            });
        }
        serde_json::from_slice(text).map_err(malformed)
    }
}

/// One file of the build and the variants written next to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetEntry {
    /// Relative to the build directory, with `/`: `client/favicon.png`.
    pub file: String,
    /// Bytes of the identity variant.
    pub size: u64,
    /// SHA-256 of the identity variant, base64url without padding, unquoted.
    pub etag: String,
    /// `content-type`, when the extension is known.
    #[serde(rename = "type")]
    pub content_type: Option<String>,
    /// Bytes of `file.br`, where it exists.
    pub br: Option<u64>,
    /// Bytes of `file.gz`, where it exists.
    pub gz: Option<u64>,
    /// Bytes of `file.zst`, where it exists.
    pub zst: Option<u64>,
    /// Content-hashed name: cached by clients for a year.
    #[serde(default)]
    pub immutable: bool,
}

/// One SvelteKit route.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteEntry {
    /// `/blog/[slug]`; groups included, as `event.route.id` shows it.
    pub id: String,
    /// SvelteKit's own regular expression source, kept for tests and tools.
    pub pattern: String,
    /// Methods the route answers; `*` when it has a fallback handler.
    pub methods: Vec<String>,
    /// Has a `+page`.
    pub page: bool,
    /// Has a `+server`.
    pub api: bool,
    /// Wholly prerendered: never rendered at run time.
    pub prerender: bool,
    /// `export const config` of the route.
    #[serde(default)]
    pub config: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{
        "format": 1, "package": "0.1.0", "build": "1", "kit": 3, "base": "/app", "appPath": "app/_app",
        "origin": null, "envPrefix": "", "options": { "bodyLimit": "1M" },
        "assets": [["/app/a.txt", {
            "file": "client/app/a.txt", "size": 3, "etag": "x", "type": "text/plain",
            "br": null, "gz": 2, "zst": null
        }]],
        "aliases": [], "prerendered": [],
        "routes": [{
            "id": "/", "pattern": "^/$", "methods": ["GET"], "page": true, "api": false,
            "prerender": false
        }]
    }"#;

    fn parse(text: &str) -> Result<Handoff, String> {
        Handoff::parse(text.as_bytes(), Path::new("build/oxide.json")).map_err(|e| e.to_string())
    }

    #[test]
    fn a_whole_one_is_read() {
        let handoff = parse(WHOLE).expect("whole");
        assert_eq!(handoff.app_path, "app/_app");
        assert_eq!(handoff.assets[0].1.gz, Some(2));
        assert!(!handoff.assets[0].1.immutable);
        assert!(!handoff.hooks_ws);
        assert_eq!(handoff.routes[0].config, serde_json::Value::Null);
    }

    #[test]
    fn another_format_names_both_sides() {
        let other = r#"{ "format": 2, "package": "9.8.7", "news": [] }"#;
        let message = parse(other).expect_err("format 2");
        for part in [
            "build/oxide.json",
            "format 2",
            "svelte-adapter-oxide 9.8.7",
            "reads format 1",
            env!("CARGO_PKG_VERSION"),
            "vite build",
        ] {
            assert!(message.contains(part), "{message}");
        }
        let nameless = parse(r#"{ "format": 7 }"#).expect_err("format 7");
        assert!(nameless.contains("(unknown)"), "{nameless}");
    }

    #[test]
    fn damage_is_told_with_its_place() {
        for text in [
            "",
            "{",
            "[]",
            "{}",
            r#"{ "format": -1 }"#,
            &WHOLE[..WHOLE.len() - 9],
        ] {
            let message = parse(text).expect_err("damaged");
            assert!(message.contains("build/oxide.json is damaged"), "{message}");
            assert!(message.contains("line"), "{message}");
        }
        let unknown = WHOLE.replace("\"kit\"", "\"tik\"");
        let message = parse(&unknown).expect_err("unknown field");
        assert!(message.contains("tik"), "{message}");
    }

    #[test]
    fn files_that_cannot_be_read_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("oxide.json");
        let error = Handoff::load(&missing).expect_err("missing");
        assert!(matches!(&error, HandoffError::Missing(path) if *path == missing));
        assert!(error.to_string().contains("vite build"), "{error}");

        let error = Handoff::load(folder.path()).expect_err("a folder");
        assert!(matches!(error, HandoffError::Unreadable { .. }), "{error}");

        std::fs::write(&missing, WHOLE).expect("written");
        assert_eq!(Handoff::load(&missing).expect("whole").package, "0.1.0");
    }
}
