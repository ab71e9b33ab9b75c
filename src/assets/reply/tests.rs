//! The order of decisions and what each answer holds.

use super::super::fixture::{body_text, build};
use super::*;

const APP: &str = "/_app/immutable/app.js";

fn header<'a>(reply: &'a AssetReply, name: &str) -> Option<&'a str> {
    reply
        .headers
        .get(name)
        .map(|value| value.to_str().expect("ASCII"))
}

#[test]
fn variants_by_preference() {
    let build = build(3);
    for (accept, body, encoding, etag, length) in [
        ("", "let app = 1;", None, "\"app\"", "12"),
        ("gzip, br, zstd", "<br>", Some("br"), "\"app.br\"", "4"),
        ("gzip, zstd", "<zst>", Some("zstd"), "\"app.zst\"", "5"),
        ("gzip", "<gzip>", Some("gzip"), "\"app.gz\"", "6"),
    ] {
        let reply = build.ask(Method::GET, APP, &[("accept-encoding", accept)]);
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(header(&reply, "content-encoding"), encoding);
        assert_eq!(header(&reply, "etag"), Some(etag));
        assert_eq!(header(&reply, "content-length"), Some(length));
        assert_eq!(header(&reply, "vary"), Some("Accept-Encoding"));
        assert_eq!(header(&reply, "content-type"), Some("text/javascript"));
        assert_eq!(header(&reply, "x-content-type-options"), Some("nosniff"));
        assert_eq!(body_text(reply.body), body);
    }
}

#[test]
fn small_bodies_come_from_memory_and_large_ones_from_the_file() {
    let build = build(3);
    assert!(matches!(
        build.ask(Method::GET, "/page", &[]).body,
        AssetBody::Memory(_)
    ));
    match build
        .ask(Method::GET, "/large.bin", &[("range", "bytes=10-15")])
        .body
    {
        AssetBody::File {
            file,
            start: 10,
            len: 6,
        } => {
            assert_eq!(file.path(), build.root.path().join("client/large.bin"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn head_is_get_without_a_body() {
    let build = build(3);
    for (path, headers) in [
        (APP, vec![("accept-encoding", "br")]),
        ("/large.bin", vec![]),
        ("/large.bin", vec![("range", "bytes=0-1")]),
        ("/large.bin", vec![("range", "bytes=99-")]),
        ("/page", vec![("if-none-match", "*")]),
        ("/about/", vec![]),
    ] {
        let get = build.ask(Method::GET, path, &headers);
        let head = build.ask(Method::HEAD, path, &headers);
        assert_eq!(get.status, head.status);
        assert_eq!(get.headers, head.headers);
        assert!(matches!(head.body, AssetBody::Empty));
    }
}

#[test]
fn other_methods_are_refused_first() {
    let build = build(3);
    for path in [APP, "/about/", "/large.bin"] {
        for method in [Method::POST, Method::PUT, Method::OPTIONS, Method::DELETE] {
            let reply = build.ask(
                method,
                path,
                &[("if-none-match", "*"), ("range", "bytes=99-")],
            );
            assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(header(&reply, "allow"), Some("GET, HEAD"));
            assert_eq!(reply.headers.len(), 1);
            assert!(matches!(reply.body, AssetBody::Empty));
        }
    }
}

#[test]
fn conditions_hold_for_the_chosen_variant() {
    let build = build(3);
    let ask = |etag, accept| {
        let headers = [
            ("if-none-match", etag),
            ("accept-encoding", accept),
            ("range", "bytes=0-0"),
        ];
        build.ask(Method::GET, APP, &headers)
    };
    let reply = ask("W/\"app.br\"", "br");
    assert_eq!(reply.status, StatusCode::NOT_MODIFIED);
    assert_eq!(reply.headers.len(), 3);
    assert_eq!(header(&reply, "etag"), Some("\"app.br\""));
    assert!(matches!(reply.body, AssetBody::Empty));
    assert_eq!(
        ask("\"app.br\"", "gzip").status,
        StatusCode::PARTIAL_CONTENT
    );
    assert_eq!(ask("\"app\"", "").status, StatusCode::NOT_MODIFIED);
}

#[test]
fn ranges() {
    let build = build(3);
    let reply = build.ask(Method::GET, "/large.bin", &[("range", "bytes=10-")]);
    assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(header(&reply, "content-range"), Some("bytes 10-35/36"));
    assert_eq!(header(&reply, "content-length"), Some("26"));
    assert_eq!(header(&reply, "accept-ranges"), Some("bytes"));
    assert_eq!(header(&reply, "x-content-type-options"), Some("nosniff"));
    assert_eq!(body_text(reply.body), "abcdefghijklmnopqrstuvwxyz");

    let get = |headers: &[(&str, &str)]| build.get("/large.bin", headers);
    let whole = "0123456789abcdefghijklmnopqrstuvwxyz";
    assert_eq!(
        get(&[("range", "bytes=-3")]),
        (StatusCode::PARTIAL_CONTENT, "xyz".into())
    );
    assert_eq!(
        get(&[("range", "bytes=0-1,3-4")]),
        (StatusCode::OK, whole.into())
    );
    assert_eq!(
        get(&[("range", "bytes=0-1"), ("if-range", "\"large\"")]),
        (StatusCode::PARTIAL_CONTENT, "01".into())
    );
    for stale in ["\"old\"", "W/\"large\""] {
        assert_eq!(
            get(&[("range", "bytes=0-1"), ("if-range", stale)]),
            (StatusCode::OK, whole.into())
        );
    }

    // on the variant that was chosen
    let reply = build.ask(
        Method::GET,
        APP,
        &[("range", "bytes=1-2"), ("accept-encoding", "br")],
    );
    assert_eq!(header(&reply, "content-range"), Some("bytes 1-2/4"));
    assert_eq!(header(&reply, "content-encoding"), Some("br"));
    assert_eq!(body_text(reply.body), "br");
}

#[test]
fn unsatisfiable_ranges() {
    let build = build(3);
    for (path, range, expected) in [
        ("/large.bin", "bytes=36-", "bytes */36"),
        ("/large.bin", "bytes=5-4", "bytes */36"),
        ("/empty.txt", "bytes=0-", "bytes */0"),
    ] {
        let reply = build.ask(Method::GET, path, &[("range", range)]);
        assert_eq!(reply.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&reply, "content-range"), Some(expected));
        assert_eq!(reply.headers.len(), 1);
    }
    let reply = build.ask(Method::GET, "/empty.txt", &[]);
    assert_eq!(header(&reply, "content-length"), Some("0"));
    assert!(matches!(reply.body, AssetBody::Empty));
}
