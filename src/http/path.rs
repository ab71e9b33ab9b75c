//! The request target: where its path ends, and how the path is decoded for a lookup.
//! Decoding follows SvelteKit's router, so that one table serves assets and pages.

use std::borrow::Cow;

use super::js::{Keep, decode_escapes};

/// Splits a request target into its path and its query, which keeps its `?`.
pub fn split_target(target: &str) -> (&str, &str) {
    match memchr::memchr(b'?', target.as_bytes()) {
        Some(at) => target.split_at(at),
        None => (target, ""),
    }
}

/// Decodes a path for a lookup. Escapes of reserved characters (`%2F`, `%3f`, `%25`)
/// stay as they were written, for decoding them would change which resource the URL
/// names (RFC 3986 section 2.2). A path that is not decodable is returned as it is:
/// its bare `%` misses every table, and SvelteKit answers it.
pub fn decode(path: &str) -> Cow<'_, str> {
    try_decode(path).unwrap_or(Cow::Borrowed(path))
}

/// [`decode`], with `None` for a path that is not decodable.
pub fn try_decode(path: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'%', path.as_bytes()).is_none() {
        return Some(Cow::Borrowed(path));
    }
    decode_escapes(path, Keep::Reserved).map(Cow::Owned)
}

/// Appends `text` as it may stand in a `location` header: what RFC 3986 does not allow
/// in a URL is escaped as UTF-8, what is already an escape stays.
pub fn push_encoded(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for character in text.chars() {
        let unsafe_here = !character.is_ascii_graphic()
            || matches!(
                character,
                '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}'
            );
        if !unsafe_here {
            out.push(character);
            continue;
        }
        let mut bytes = [0; 4];
        for byte in character.encode_utf8(&mut bytes).bytes() {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_at_the_first_question_mark() {
        assert_eq!(split_target("/a?b?c"), ("/a", "?b?c"));
        assert_eq!(split_target("/a?"), ("/a", "?"));
        assert_eq!(split_target("/a"), ("/a", ""));
        assert_eq!(split_target(""), ("", ""));
    }

    #[test]
    fn decodes_like_decode_uri_with_percent_kept() {
        // (path, what `path.split('%25').map(decodeURI).join('%25')` gives; None: it throws)
        let cases = [
            ("/a", Some("/a")),
            ("/a%20b", Some("/a b")),
            ("/%C3%A9", Some("/é")),
            ("/%f0%9f%98%80", Some("/😀")),
            ("/a%2Fb%2fc", Some("/a%2Fb%2fc")),
            (
                "/%3b%3F%3a%40%26%3d%2b%24%2C%23",
                Some("/%3b%3F%3a%40%26%3d%2b%24%2C%23"),
            ),
            ("/%25", Some("/%25")),
            ("/%2520", Some("/%2520")),
            ("/100%25%20sure", Some("/100%25 sure")),
            ("/%41%5B%7e", Some("/A[~")),
            ("/%00", Some("/\0")),
            ("/%", None),
            ("/%2", None),
            ("/%zz", None),
            ("/%2%25", None),
            ("/%%2525", None),
            ("/%E4", None),
            ("/%E4%25", None),
            ("/%80", None),
            ("/%C0%80", None),
            ("/%ED%A0%80", None),
            ("/%F4%90%80%80", None),
            ("/%C3é", None),
        ];
        for (path, expected) in cases {
            assert_eq!(try_decode(path).as_deref(), expected, "{path}");
            assert_eq!(decode(path), expected.unwrap_or(path), "{path}");
        }
    }

    #[test]
    fn borrows_without_escapes() {
        assert!(matches!(decode("/blog/é"), Cow::Borrowed(_)));
    }

    #[test]
    fn encodes_for_a_header() {
        let mut out = String::new();
        push_encoded(&mut out, "/é a%2F\"{x}?q=[1]&b='\r\n");
        assert_eq!(out, "/%C3%A9%20a%2F%22%7Bx%7D?q=[1]&b='%0D%0A");
    }

    proptest! {
        #[test]
        fn encoded_text_is_a_header_value(text: String) {
            let mut out = String::new();
            push_encoded(&mut out, &text);
            prop_assert!(http::HeaderValue::try_from(out).is_ok());
        }

        #[test]
        fn decode_never_panics(path in "[/%a-fA-F0-9é]{0,40}") {
            let _ = decode(&path);
        }
    }
}
