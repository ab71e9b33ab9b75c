//! What it costs to name the route of a request: known paths, and the routes of an app of
//! ordinary size. `cargo bench --no-default-features --bench router -- --quick`

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use http::Method;
use serde_json::{Value, json};
use svelte_adapter_oxide::config::Handoff;
use svelte_adapter_oxide::config::handoff::FORMAT;
use svelte_adapter_oxide::http::id::{AssetId, Target};
use svelte_adapter_oxide::router::{Route, Router};

const FILES: u32 = 1_000;

fn routes() -> Vec<Value> {
    let entry = |id: String, pattern: String| {
        json!({
            "id": id, "pattern": pattern, "methods": ["GET"], "page": true, "api": false,
            "prerender": false,
        })
    };
    let mut routes = vec![entry("/".into(), r"^\/$".into())];
    for n in 0..25 {
        routes.push(entry(format!("/section{n}"), format!(r"^\/section{n}\/?$")));
        routes.push(entry(
            format!("/section{n}/[slug]"),
            format!(r"^\/section{n}\/([^/]+?)\/?$"),
        ));
        routes.push(entry(
            format!("/section{n}/[slug]/edit"),
            format!(r"^\/section{n}\/([^/]+?)\/edit\/?$"),
        ));
    }
    routes.push(entry(
        "/[[lang]]/page/[id]".into(),
        r"^(?:\/([^/]+))?\/page\/([^/]+?)\/?$".into(),
    ));
    routes.push(entry("/[...rest]".into(), r"^(?:\/([^]*))?\/?$".into()));
    routes
}

fn router() -> Router {
    let handoff: Handoff = serde_json::from_value(json!({
        "format": FORMAT, "package": "0.0.0", "kit": 3, "base": "", "appPath": "_app",
        "origin": null, "envPrefix": "", "options": {},
        "assets": [], "aliases": [], "prerendered": [], "routes": routes(),
    }))
    .expect("a hand-off");
    let paths: Vec<String> = (0..FILES)
        .map(|n| format!("/_app/immutable/chunks/C{n:05}x.js"))
        .chain(["/a b.txt".to_owned()])
        .collect();
    let targets = (0..).map(|n| Target::Asset(AssetId(n)));
    Router::new(
        &handoff,
        paths.iter().map(String::as_str).zip(targets),
        None,
    )
}

fn bench(c: &mut Criterion) {
    let router = router();
    let mut group = c.benchmark_group("router");
    for (name, path, id) in [
        ("asset", "/_app/immutable/chunks/C00500x.js", None),
        ("asset, escaped", "/a%20b.txt", None),
        ("root", "/", Some("/")),
        ("static", "/section20", Some("/section20")),
        ("param", "/section20/hello-world", Some("/section20/[slug]")),
        (
            "param, static",
            "/section20/hello-world/edit",
            Some("/section20/[slug]/edit"),
        ),
        (
            "data",
            "/section20/hello-world/__data.json",
            Some("/section20/[slug]"),
        ),
        ("optional", "/en/page/1", Some("/[[lang]]/page/[id]")),
        ("rest", "/some/where/else/at/all", Some("/[...rest]")),
    ] {
        let found = match router.route(&Method::GET, path) {
            Route::Render(Some(route)) => router.route_id(route),
            Route::Asset(_) => None,
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(found, id, "{path}");
        group.bench_function(name, |b| {
            b.iter(|| router.route(&Method::GET, black_box(path)))
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
