//! One route's regular expression, read back into segments. SvelteKit makes these
//! expressions from route ids in a handful of fixed forms; reading them instead of the ids
//! leaves its rules about escapes and normalisation where they belong. Any other form
//! makes the route opaque: nothing is claimed about paths that it could match.

/// One segment of a route, with the slash before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// `/name`.
    Static(Box<str>),
    /// `/[param]`: one segment that is not empty.
    Param,
    /// `/a-[b]`: one segment of that form.
    Mixed(Vec<Part>),
    /// `/[[param]]`: a segment or none.
    Optional,
    /// `/[...param]`: any number of segments.
    Rest,
}

/// A piece of text to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// This text.
    Text(String),
    /// `F` or `f`, the one letter of an escape that may be written both ways.
    HexF,
    /// `[param]` inside a segment: at least one character but no slash.
    Some,
    /// `[[param]]` inside a segment: any characters but no slash.
    Any,
    /// `[...param]` inside a segment: anything, slashes too.
    Across,
    /// A whole segment that may be left out.
    Optional,
    /// Any number of whole segments.
    Rest,
}

/// A route's segments, each with whether a matcher decides about it too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub segments: Vec<(Segment, bool)>,
    /// What follows the segments where a parameter inside one spans slashes: from there on
    /// the path has to be matched as one text.
    pub tail: Option<(Vec<Part>, bool)>,
}

impl Pattern {
    /// Reads the expression of the route with this id; `None` when it has another form than
    /// those SvelteKit writes.
    pub fn parse(id: &str, source: &str) -> Option<Pattern> {
        let matched: Vec<bool> = id_segments(id).map(has_matcher).collect();
        let mut pieces = if source == r"^\/$" {
            Vec::new()
        } else {
            read_pieces(source.strip_prefix('^')?.strip_suffix(r"\/?$")?)?
        };
        if pieces.len() != matched.len() {
            return None;
        }

        let tail = pieces.iter().position(spans_slashes).map(|from| {
            let parts = pieces.drain(from..).flat_map(as_text).collect();
            (parts, matched[from..].contains(&true))
        });
        let segments = pieces.into_iter().map(Segment::from).zip(matched).collect();
        Some(Pattern { segments, tail })
    }
}

/// A segment as it stands in the expression.
enum Piece {
    Optional,
    Rest,
    Parts(Vec<Part>),
}

impl From<Piece> for Segment {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Optional => Segment::Optional,
            Piece::Rest => Segment::Rest,
            Piece::Parts(mut parts) => match parts.as_mut_slice() {
                [Part::Text(text)] => Segment::Static(std::mem::take(text).into()),
                [Part::Some] => Segment::Param,
                _ => Segment::Mixed(parts),
            },
        }
    }
}

fn spans_slashes(piece: &Piece) -> bool {
    matches!(piece, Piece::Parts(parts) if parts.contains(&Part::Across))
}

fn as_text(piece: Piece) -> Vec<Part> {
    match piece {
        Piece::Optional => vec![Part::Optional],
        Piece::Rest => vec![Part::Rest],
        Piece::Parts(mut parts) => {
            parts.insert(0, Part::Text("/".to_owned()));
            parts
        }
    }
}

fn read_pieces(mut source: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    while !source.is_empty() {
        if let Some(rest) = source.strip_prefix(r"(?:\/([^]*))?") {
            pieces.push(Piece::Rest);
            source = rest;
        } else if let Some(rest) = source.strip_prefix(r"(?:\/([^/]+))?") {
            pieces.push(Piece::Optional);
            source = rest;
        } else {
            let (parts, rest) = read_parts(source.strip_prefix(r"\/")?)?;
            pieces.push(Piece::Parts(parts));
            source = rest;
        }
    }
    Some(pieces)
}

/// Reads the parts of one segment, up to where the next begins.
fn read_parts(mut source: &str) -> Option<(Vec<Part>, &str)> {
    let mut parts: Vec<Part> = Vec::new();
    let push_char = |parts: &mut Vec<Part>, character: char| match parts.last_mut() {
        Some(Part::Text(text)) => text.push(character),
        _ => parts.push(Part::Text(character.to_string())),
    };
    loop {
        if source.is_empty() || source.starts_with(r"\/") || source.starts_with("(?:") {
            return (!parts.is_empty()).then_some((parts, source));
        }
        let forms = [
            ("([^]*?)", Part::Across),
            ("([^/]*)?", Part::Any),
            ("([^/]+?)", Part::Some),
            ("[Ff]", Part::HexF),
        ];
        if let Some((form, part)) = forms.into_iter().find(|(form, _)| source.starts_with(form)) {
            source = &source[form.len()..];
            parts.push(part);
            continue;
        }

        let mut characters = source.chars();
        match characters.next()? {
            '\\' => match characters.next()? {
                escaped if escaped.is_ascii_punctuation() => push_char(&mut parts, escaped),
                // `\n`, `\d`: not a character that stands for itself
                _ => return None,
            },
            '.' | '*' | '+' | '?' | '^' | '$' | '{' | '}' | '(' | ')' | '|' | '[' | ']' => {
                return None;
            }
            plain => push_char(&mut parts, plain),
        }
        source = characters.as_str();
    }
}

/// The segments of a route id that take part in matching: groups do not.
fn id_segments(id: &str) -> impl Iterator<Item = &str> {
    id.split('/').filter(|segment| {
        let group = segment
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'))
            .is_some_and(|inner| !inner.is_empty() && !inner.contains(')'));
        !segment.is_empty() && !group
    })
}

/// Whether a parameter of the segment has a matcher: an `=` inside brackets.
fn has_matcher(segment: &str) -> bool {
    segment.split('[').skip(1).any(|param| {
        let name = param.split(']').next().unwrap_or(param);
        name.contains('=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segments(id: &str, source: &str) -> Vec<(Segment, bool)> {
        let pattern = Pattern::parse(id, source).expect("a form of SvelteKit");
        assert_eq!(pattern.tail, None);
        pattern.segments
    }

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    #[test]
    fn the_forms_of_sveltekit() {
        assert_eq!(segments("/", r"^\/$"), []);
        assert_eq!(segments("/(app)", r"^\/$"), []);
        assert_eq!(segments("/(app)/(inner)", r"^\/?$"), []);
        assert_eq!(
            segments("/(app)/blog/[slug]", r"^\/blog\/([^/]+?)\/?$"),
            [
                (Segment::Static("blog".into()), false),
                (Segment::Param, false)
            ]
        );
        assert_eq!(
            segments(
                "/[[lang=lang]]/[...rest]",
                r"^(?:\/([^/]+))?(?:\/([^]*))?\/?$"
            ),
            [(Segment::Optional, true), (Segment::Rest, false)]
        );
        assert_eq!(
            segments("/sitemap.xml", r"^\/sitemap\.xml\/?$"),
            [(Segment::Static("sitemap.xml".into()), false)]
        );
        assert_eq!(
            segments("/a-[b=int]-[[c]]", r"^\/a-([^/]+?)-([^/]*)?\/?$"),
            [(
                Segment::Mixed(vec![text("a-"), Part::Some, text("-"), Part::Any]),
                true
            )]
        );
        assert_eq!(
            segments("/[x+2f]é", r"^\/%2[Ff]é\/?$"),
            [(
                Segment::Mixed(vec![text("%2"), Part::HexF, text("é")]),
                false
            )]
        );
    }

    #[test]
    fn a_parameter_that_spans_slashes_makes_a_tail() {
        let source = r"^\/a\/b-([^]*?)\.xml(?:\/([^/]+))?\/?$";
        let pattern =
            Pattern::parse("/a/b-[...c].xml/[[d=e]]", source).expect("a form of SvelteKit");
        assert_eq!(pattern.segments, [(Segment::Static("a".into()), false)]);
        let parts = vec![
            text("/"),
            text("b-"),
            Part::Across,
            text(".xml"),
            Part::Optional,
        ];
        assert_eq!(pattern.tail, Some((parts, true)));
    }

    #[test]
    fn matchers_are_found_in_brackets_only() {
        assert!(has_matcher("[a=b]") && has_matcher("[[a=b]]") && has_matcher("x-[a]-[...b=c]"));
        assert!(!has_matcher("a=b") && !has_matcher("[a]=[b]") && !has_matcher("[a]"));
    }

    #[test]
    fn other_forms_are_opaque() {
        for (id, source) in [
            ("/a", r"\/a\/?$"),
            ("/a", r"^\/a$"),
            ("/a", r"^\/a.\/?$"),
            ("/a", r"^\/[ab]\/?$"),
            ("/a", r"^\/a\n\/?$"),
            ("/a", r"^\/a|b\/?$"),
            ("/a", r"^\/a\/b\/?$"),
            ("/a", r"^\/\/?$"),
            ("/a", r"^(?:\/a)?\/?$"),
            ("/a", ""),
        ] {
            assert_eq!(Pattern::parse(id, source), None, "{source}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(id: String, source: String, form in r"\^(\\/|\(\[\^/\]\+\?\)|[a\[\]()?.é])*\\/\?\$") {
            let _ = (Pattern::parse(&id, &source), Pattern::parse(&id, &form));
        }
    }
}
