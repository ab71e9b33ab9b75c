//! What it costs to read the headers that decide an answer.
//! `cargo bench --no-default-features --bench negotiation -- --quick`

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use http::header::{
    ACCEPT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, RANGE,
};
use svelte_adapter_oxide::http::encoding::{Available, Encoding, negotiate};
use svelte_adapter_oxide::http::origin::{OriginHeaders, is_plain};
use svelte_adapter_oxide::http::{etag, path, range};

fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
    let value = |value| HeaderValue::from_static(value);
    pairs
        .iter()
        .map(|(name, text)| (name.clone(), value(text)))
        .collect()
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("negotiation");

    let all = Available {
        brotli: true,
        zstd: true,
        gzip: true,
    };
    for (name, value, expected) in [
        (
            "encoding, browser",
            "gzip, deflate, br, zstd",
            Some(Encoding::Brotli),
        ),
        (
            "encoding, weights",
            "br;q=0.5, gzip;q=0.8, *;q=0.1",
            Some(Encoding::Gzip),
        ),
    ] {
        let headers = headers(&[(ACCEPT_ENCODING, value)]);
        assert_eq!(negotiate(&headers, all), expected);
        group.bench_function(name, |b| b.iter(|| negotiate(black_box(&headers), all)));
    }

    let tags = headers(&[(IF_NONE_MATCH, "\"one\", W/\"two\", \"three\"")]);
    assert!(etag::none_match(&tags, b"\"three\""));
    group.bench_function("if-none-match", |b| {
        b.iter(|| etag::none_match(black_box(&tags), b"\"three\""));
    });

    let part = headers(&[(RANGE, "bytes=1000-1999")]);
    assert_eq!(
        range::requested(&part, 5_000),
        range::Range::Part {
            start: 1_000,
            end: 1_999
        }
    );
    group.bench_function("range", |b| {
        b.iter(|| range::requested(black_box(&part), 5_000))
    });

    let host = headers(&[(HOST, "example.com")]);
    let rules = OriginHeaders::default();
    let mut out = String::with_capacity(64);
    group.bench_function("origin", |b| {
        b.iter(|| {
            out.clear();
            rules.write_origin(black_box(&host), &mut out).is_ok() && is_plain(&out)
        });
    });
    assert_eq!(out, "https://example.com");

    group.bench_function("decode", |b| {
        b.iter(|| path::decode(black_box("/caf%C3%A9/a%20b")))
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
