//! Header values as JavaScript sees them on Node's `req.headers`: one string a name,
//! whatever the client sent. Nothing here judges a value.

use std::borrow::Cow;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Headers of which Node keeps the first line and drops the others, since a list of
/// them has no meaning (RFC 9110 section 5.3).
fn keeps_first(name: &HeaderName) -> bool {
    static SINGLE: [HeaderName; 18] = [
        header::AGE,
        header::AUTHORIZATION,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::ETAG,
        header::EXPIRES,
        header::FROM,
        header::HOST,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
        header::LAST_MODIFIED,
        header::LOCATION,
        header::MAX_FORWARDS,
        header::PROXY_AUTHORIZATION,
        header::REFERER,
        header::RETRY_AFTER,
        header::SERVER,
        header::USER_AGENT,
    ];
    SINGLE.contains(name)
}

/// The value of `name`: several lines are joined with `, ` (`; ` for cookies), and
/// borrowed when there is one. `None` when the header is absent.
pub fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, [u8]>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.as_bytes();
    let Some(second) = values.next() else {
        return Some(Cow::Borrowed(first));
    };
    if keeps_first(name) {
        return Some(Cow::Borrowed(first));
    }

    let separator: &[u8] = if *name == header::COOKIE {
        b"; "
    } else {
        b", "
    };
    let mut all = first.to_vec();
    for value in std::iter::once(second).chain(values) {
        all.extend_from_slice(separator);
        all.extend_from_slice(value.as_bytes());
    }
    Some(Cow::Owned(all))
}

/// The bytes of every line of `name`, in order: a list read without joining it.
pub fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().map(HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_as_node_does() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::HOST, "a"),
            (header::HOST, "b"),
            (header::IF_NONE_MATCH, "\"1\""),
            (header::IF_NONE_MATCH, "\"2\""),
            (header::COOKIE, "a=1"),
            (header::COOKIE, "b=2"),
            (header::RANGE, "bytes=0-1"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let value = |name| joined(&headers, &name).map(Cow::into_owned);
        assert_eq!(value(header::HOST).as_deref(), Some(&b"a"[..]));
        assert_eq!(
            value(header::IF_NONE_MATCH).as_deref(),
            Some(&b"\"1\", \"2\""[..])
        );
        assert_eq!(value(header::COOKIE).as_deref(), Some(&b"a=1; b=2"[..]));
        assert_eq!(value(header::ACCEPT), None);
        assert!(matches!(
            joined(&headers, &header::RANGE),
            Some(Cow::Borrowed(b"bytes=0-1"))
        ));
    }
}
