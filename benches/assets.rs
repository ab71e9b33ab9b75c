//! What an answer from the asset table costs, from head to head, and what it costs to make
//! the table. `cargo bench --no-default-features --bench assets -- --quick`

use std::fs;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_NONE_MATCH, RANGE};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use svelte_adapter_oxide::assets::{AssetLimits, AssetRequest, Table, Target};
use svelte_adapter_oxide::config::Handoff;
use svelte_adapter_oxide::config::handoff::FORMAT;
use tempfile::TempDir;

const FILES: usize = 500;
const LIMITS: AssetLimits = AssetLimits {
    file: 128 << 10,
    total: 64 << 20,
};

/// A build of many chunks, each with a brotli and a gzip variant.
fn build() -> (TempDir, Handoff) {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join("client")).expect("made");
    let assets: Vec<Value> = (0..FILES)
        .map(|n| {
            let file = format!("client/{n}.js");
            for (suffix, size) in [("", 8_000), (".br", 2_500), (".gz", 3_000)] {
                let path = root.path().join(format!("{file}{suffix}"));
                fs::write(path, vec![b'x'; size]).expect("written");
            }
            let entry = json!({
                "file": file, "size": 8_000, "etag": "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
                "type": "text/javascript", "br": 2_500, "gz": 3_000, "immutable": true,
            });
            json!([format!("/_app/immutable/{n}.js"), entry])
        })
        .collect();
    let handoff = serde_json::from_value(json!({
        "format": FORMAT, "package": "0.0.0", "build": "1", "kit": 3, "base": "", "appPath": "_app",
        "origin": null, "envPrefix": "", "options": {},
        "assets": assets, "aliases": [], "prerendered": [], "routes": [],
    }))
    .expect("a hand-off");
    (root, handoff)
}

fn bench(c: &mut Criterion) {
    let (root, handoff) = build();
    let (table, missing) = Table::load(root.path(), &handoff, LIMITS);
    assert!(missing.is_empty());
    let (_, target) = table.paths().next().expect("a path");
    let Target::Asset(id) = target else {
        panic!("not an asset");
    };

    let mut group = c.benchmark_group("assets");
    let browser = (ACCEPT_ENCODING, "gzip, deflate, br, zstd");
    let tag = (
        IF_NONE_MATCH,
        "\"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0.br\"",
    );
    let cases = [
        ("identity", vec![], StatusCode::OK),
        ("brotli", vec![browser.clone()], StatusCode::OK),
        ("not modified", vec![browser, tag], StatusCode::NOT_MODIFIED),
        (
            "range",
            vec![(RANGE, "bytes=100-199")],
            StatusCode::PARTIAL_CONTENT,
        ),
    ];
    for (name, pairs, status) in cases {
        let headers: HeaderMap = pairs
            .into_iter()
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect();
        let request = AssetRequest {
            method: &Method::GET,
            headers: &headers,
        };
        assert_eq!(table.reply(id, &request).status, status);
        group.bench_function(name, |b| b.iter(|| table.reply(id, black_box(&request))));
    }
    group.sample_size(10);
    group.bench_function(format!("load {FILES} files"), |b| {
        b.iter(|| Table::load(root.path(), &handoff, LIMITS));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
