//! Every odd value of the proxies' headers, and what it becomes.

use super::*;
use http::HeaderValue;
use proptest::prelude::*;

#[test]
fn the_same_origin_is_host_port_and_known_scheme() {
    for (origin, own, known) in [
        ("https://a.com", "https://a.com", true),
        ("https://a.com", "https://A.com:443", true),
        ("http://a.com", "https://a.com", false),
        ("http://a.com", "https://a.com:80", false),
        ("http://127.0.0.1:3000", "https://127.0.0.1:3000", false),
        ("http://[::1]:80", "http://[::1]", true),
    ] {
        assert!(is_same(origin, own, known), "{origin} {own}");
    }
    for (origin, own, known) in [
        ("http://a.com", "https://a.com", true),
        ("https://a.com", "https://b.a.com", false),
        ("https://a.com:8443", "https://a.com", false),
        ("https://a.com", "https://a.com:80", false),
        ("https://a.com.evil.com", "https://a.com", false),
        ("https://", "https://", false),
        ("null", "null", false),
        ("", "", false),
        ("file://", "https://", false),
        ("ftp://a.com", "https://a.com", false),
    ] {
        assert!(!is_same(origin, own, known), "{origin} {own}");
    }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(
            *name,
            HeaderValue::from_bytes(value.as_bytes()).expect("a header value"),
        );
    }
    map
}

fn from_proxy() -> OriginHeaders {
    OriginHeaders {
        protocol: Some(HeaderName::from_static("x-forwarded-proto")),
        host: Some(HeaderName::from_static("x-forwarded-host")),
        port: Some(HeaderName::from_static("x-forwarded-port")),
    }
}

#[test]
fn host_alone() {
    let decide = |pairs| OriginHeaders::default().origin(&headers(pairs));
    assert_eq!(
        decide(&[("host", "a.test:3000")]),
        Ok("https://a.test:3000".to_owned())
    );
    assert_eq!(
        decide(&[("host", "a"), ("host", "b")]),
        Ok("https://a".to_owned())
    );
    assert_eq!(decide(&[]), Err(OriginError::NoHost { header: None }));
    assert_eq!(
        decide(&[("host", "")]),
        Err(OriginError::NoHost { header: None })
    );
    // read only where configured
    assert_eq!(
        decide(&[("host", "a"), ("x-forwarded-proto", "http")]),
        Ok("https://a".to_owned())
    );
}

#[test]
fn proxy_headers() {
    let decide = |pairs: &[(&'static str, &str)]| {
        let mut all = vec![("host", "inner")];
        all.extend_from_slice(pairs);
        from_proxy().origin(&headers(&all))
    };
    let good: [(&[(&'static str, &str)], &str); 11] = [
        (&[], "https://inner"),
        (&[("x-forwarded-proto", "http")], "http://inner"),
        (&[("x-forwarded-proto", "ht%74p")], "http://inner"),
        (&[("x-forwarded-proto", "")], "https://inner"),
        (
            &[("x-forwarded-proto", "http, https")],
            "http, https://inner",
        ),
        (
            &[
                ("x-forwarded-proto", "http"),
                ("x-forwarded-proto", "https"),
            ],
            "http, https://inner",
        ),
        (&[("x-forwarded-host", "outer.test")], "https://outer.test"),
        (&[("x-forwarded-host", "")], "https://inner"),
        (
            &[("x-forwarded-host", "a"), ("x-forwarded-host", "b")],
            "https://a, b",
        ),
        (&[("x-forwarded-port", "8443")], "https://inner:8443"),
        (&[("x-forwarded-port", "0x50")], "https://inner:0x50"),
    ];
    for (pairs, expected) in good {
        assert_eq!(decide(pairs).as_deref(), Ok(expected), "{pairs:?}");
    }

    for (value, message) in [
        (
            "http:",
            "The x-forwarded-proto header holds http:, which includes `:`",
        ),
        (
            "https%3A",
            "The x-forwarded-proto header holds https:, which includes `:`",
        ),
        ("%", "The x-forwarded-proto header is not decodable: %"),
    ] {
        let error = decide(&[("x-forwarded-proto", value)]).expect_err("refused");
        assert!(error.to_string().starts_with(message), "{error}");
    }
    for value in ["80, 81", "http"] {
        let error = decide(&[("x-forwarded-port", value)]).expect_err("refused");
        assert!(error.to_string().contains("is not a number"), "{error}");
    }
    let error = from_proxy().origin(&headers(&[])).expect_err("refused");
    assert!(
        error
            .to_string()
            .ends_with("x-forwarded-host or host headers"),
        "{error}"
    );
}

#[test]
fn an_error_leaves_the_buffer_alone() {
    let mut out = String::from("kept");
    let map = headers(&[("host", "a"), ("x-forwarded-port", "x")]);
    assert!(from_proxy().write_origin(&map, &mut out).is_err());
    assert_eq!(out, "kept");
    assert!(
        OriginHeaders::default()
            .write_origin(&map, &mut out)
            .is_ok()
    );
    assert_eq!(out, "kepthttps://a");
}

#[test]
fn bytes_are_latin1() {
    let map = headers(&[("host", "é")]);
    assert_eq!(
        OriginHeaders::default().origin(&map),
        Ok("https://Ã©".to_owned())
    );
}

#[test]
fn plain_origins() {
    for yes in [
        "https://example.com",
        "http://localhost:3000",
        "https://a-b.c_d.test:8443",
        "http://example.com:443",
        "https://1.example.x1",
    ] {
        assert!(is_plain(yes), "{yes}");
    }
    for no in [
        "https://Example.com",
        "https://example.com:443",
        "http://example.com:80",
        "http://example.com:0",
        "http://example.com:080",
        "http://example.com:70000",
        "http://example.com:",
        "http://127.0.0.1",
        "http://[::1]:3000",
        "https://a.0x1",
        "https://xn--a.test",
        "https://a..b",
        "https://a.",
        "https://",
        "https://a b",
        "https://a/b",
        "https://u@a",
        "https://a?b",
        "https://é",
        "ftp://a",
        "http, https://a",
    ] {
        assert!(!is_plain(no), "{no}");
    }
}

proptest! {
    #[test]
    fn never_panics(protocol: Vec<u8>, host: Vec<u8>, port: Vec<u8>) {
        let mut map = HeaderMap::new();
        for (name, bytes) in [
            ("x-forwarded-proto", protocol),
            ("x-forwarded-host", host),
            ("x-forwarded-port", port),
        ] {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                map.append(name, value);
            }
        }
        if let Ok(origin) = from_proxy().origin(&map) {
            let _ = is_plain(&origin);
        }
    }
}
