//! Validators: `If-None-Match` (RFC 9110 section 13.1.2, weak comparison) and `If-Range`
//! (section 13.1.5, strong comparison). Entity tags are compared with their quotes.

use http::header::{self, HeaderMap};

use super::header::{joined, lines};
use super::js::trim;

/// Whether `If-None-Match` names `etag`: alone, in a list, weak, or as `*`. An absent or
/// empty header names nothing.
pub fn none_match(headers: &HeaderMap, etag: &[u8]) -> bool {
    let mut values = lines(headers, &header::IF_NONE_MATCH);
    let Some(first) = values.next() else {
        return false;
    };
    // `*` stands alone; in a list it is no entity tag at all.
    let Some(second) = values.next() else {
        return trim(first) == b"*" || list_names(first, etag);
    };
    [first, second]
        .into_iter()
        .chain(values)
        .any(|value| list_names(value, etag))
}

fn list_names(list: &[u8], etag: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|tag| {
        let tag = trim(tag);
        tag.strip_prefix(b"W/").unwrap_or(tag) == etag
    })
}

/// Whether a range may be answered in part: without `If-Range`, or when it holds this
/// very `etag`. Otherwise the client's copy is of another representation and it gets the
/// whole current one. A date never matches, for no `last-modified` is ever sent.
pub fn if_range(headers: &HeaderMap, etag: &[u8]) -> bool {
    match joined(headers, &header::IF_RANGE) {
        None => true,
        Some(value) => value.is_empty() || *value == *etag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn headers(name: header::HeaderName, values: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(&name, HeaderValue::from_str(value).expect("a header value"));
        }
        map
    }

    #[test]
    fn none_match_compares_weakly() {
        let matches =
            |values: &[&str]| none_match(&headers(header::IF_NONE_MATCH, values), b"\"h.br\"");
        for yes in [
            &["\"h.br\""][..],
            &["W/\"h.br\""],
            &["\"x\", W/\"h.br\""],
            &["\"x\",\"h.br\",\"y\""],
            &["*"],
            &[" * "],
            &["\"x\"", "\"h.br\""],
        ] {
            assert!(matches(yes), "{yes:?}");
        }
        for no in [
            &[][..],
            &[""],
            &["\"h\""],
            &["h.br"],
            &["w/\"h.br\""],
            &["W/W/\"h.br\""],
            &["*, \"x\""],
            &["*", "\"x\""],
            &["\"h.gz\""],
        ] {
            assert!(!matches(no), "{no:?}");
        }
    }

    #[test]
    fn if_range_compares_strongly() {
        let matches = |values: &[&str]| if_range(&headers(header::IF_RANGE, values), b"\"h\"");
        assert!(matches(&[]));
        assert!(matches(&[""]));
        assert!(matches(&["\"h\""]));
        for no in [
            &["W/\"h\""][..],
            &["\"h\", \"x\""],
            &["\"h\"", "\"h\""],
            &["*"],
            &["Tue, 01 Jan 2030 00:00:00 GMT"],
        ] {
            assert!(!matches(no), "{no:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut map = HeaderMap::new();
                map.insert(header::IF_NONE_MATCH, value.clone());
                map.insert(header::IF_RANGE, value);
                let _ = (none_match(&map, b"\"h\""), if_range(&map, b"\"h\""));
            }
        }
    }
}
