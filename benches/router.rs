//! What it costs to name the route of a request, in the routes of an application of
//! ordinary size (`routes.json`) and among the files of its build. Beside it, on the same
//! routes: the crate `matchit`, and the scan that SvelteKit makes, one expression after the
//! other. Neither decodes a path or knows suffixes and bases, which ours does.
//! `benches/router.js` is the same for JavaScript.
//!
//! `cargo bench --no-default-features --bench router`

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use http::Method;
use regex::Regex;
use serde::Deserialize;
use serde_json::json;
use svelte_adapter_oxide::config::Handoff;
use svelte_adapter_oxide::config::handoff::FORMAT;
use svelte_adapter_oxide::http::id::{AssetId, Target};
use svelte_adapter_oxide::router::{Route, Router};

const FILES: u32 = 1_000;

/// `matchit` knows neither two parameters in a segment nor a parameter beside a wildcard.
const MATCHIT_CANNOT: [&str; 2] = ["/files/[name].[extension]", "/docs/[[version]]/changelog"];

#[derive(Deserialize)]
struct Table {
    routes: Vec<(String, String)>,
    /// Name, path and the id that SvelteKit finds.
    paths: Vec<(String, String, Option<String>)>,
}

fn table() -> Table {
    serde_json::from_str(include_str!("routes.json")).expect("a table")
}

fn ours(table: &Table) -> Router {
    let routes: Vec<_> = table
        .routes
        .iter()
        .map(|(id, pattern)| {
            json!({
                "id": id, "pattern": pattern, "methods": ["GET"], "page": true, "api": false,
                "prerender": false,
            })
        })
        .collect();
    let handoff: Handoff = serde_json::from_value(json!({
        "format": FORMAT, "package": "0.0.0", "build": "1", "kit": 3, "base": "", "appPath": "_app",
        "origin": null, "envPrefix": "", "options": {},
        "assets": [], "aliases": [], "prerendered": [], "routes": routes,
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

fn found(router: &Router, path: &str) -> Option<String> {
    match router.route(&Method::GET, path) {
        Route::Render(route) => Some(router.route_id(route?)?.to_owned()),
        other => panic!("{path}: {other:?}"),
    }
}

/// An id as `matchit` writes it: without groups.
fn matchit_path(id: &str) -> String {
    let segments = id.split('/').filter(|segment| !segment.starts_with('('));
    let path = segments.collect::<Vec<_>>().join("/");
    path.replace("=integer", "")
        .replace("...", "*")
        .replace('[', "{")
        .replace(']', "}")
}

fn of_matchit(table: &Table) -> matchit::Router<usize> {
    let mut router = matchit::Router::new();
    for (index, (id, _)) in table.routes.iter().enumerate() {
        if MATCHIT_CANNOT.contains(&id.as_str()) {
            continue;
        }
        let path = matchit_path(id);
        router.insert(path, index).expect("no two routes are alike");
    }
    router
}

/// SvelteKit's search: the first expression that matches, and what its groups hold.
fn scan<'a>(routes: &[Regex], path: &'a str) -> Option<(usize, Vec<Option<&'a str>>)> {
    routes.iter().enumerate().find_map(|(index, route)| {
        let groups = route.captures(path)?;
        let values = groups.iter().skip(1);
        Some((index, values.map(|value| Some(value?.as_str())).collect()))
    })
}

fn expressions(table: &Table) -> Vec<Regex> {
    let rust = |source: &String| source.replace("[^]", "(?s:.)");
    table
        .routes
        .iter()
        .map(|(_, source)| Regex::new(&rust(source)).expect("an expression"))
        .collect()
}

fn known(group: &mut BenchmarkGroup<'_, WallTime>, router: &Router) {
    for (name, path) in [
        ("asset", "/_app/immutable/chunks/C00500x.js"),
        ("asset, escaped", "/a%20b.txt"),
    ] {
        assert!(matches!(router.route(&Method::GET, path), Route::Asset(_)));
        group.bench_function(name, |b| {
            b.iter(|| router.route(&Method::GET, black_box(path)));
        });
    }
}

fn bench(c: &mut Criterion) {
    let table = table();
    let router = ours(&table);
    let mut group = c.benchmark_group("router");
    group.throughput(Throughput::Elements(1));
    known(&mut group, &router);
    let more = [
        ("static, slash", "/account/settings/", "/account/settings"),
        (
            "data, static",
            "/account/settings/__data.json",
            "/account/settings",
        ),
        (
            "data, param",
            "/blog/how-we-ship/__data.json",
            "/blog/[slug]",
        ),
        ("param, escaped", "/blog/how%20we%20ship", "/blog/[slug]"),
    ]
    .map(|(name, path, id)| (name.to_owned(), path.to_owned(), Some(id.to_owned())));
    for (name, path, id) in table.paths.iter().chain(&more) {
        assert_eq!(found(&router, path), *id, "{path}");
        group.bench_function(name, |b| {
            b.iter(|| router.route(&Method::GET, black_box(path)));
        });
    }
    // one after the other, so that no branch is foreseen
    group.throughput(Throughput::Elements(table.paths.len() as u64));
    group.bench_function("all of these in turn", |b| {
        b.iter(|| {
            for (_, path, _) in &table.paths {
                black_box(router.route(&Method::GET, black_box(path)));
            }
        });
    });
    group.finish();

    let matchit = of_matchit(&table);
    let mut group = c.benchmark_group("matchit");
    group.throughput(Throughput::Elements(1));
    for (name, path, id) in &table.paths {
        if id.as_deref().is_some_and(|id| MATCHIT_CANNOT.contains(&id)) {
            continue;
        }
        let index = matchit.at(path).ok().map(|found| *found.value);
        assert_eq!(index.map(|index| &table.routes[index].0), id.as_ref());
        group.bench_function(name, |b| b.iter(|| matchit.at(black_box(path))));
    }
    group.finish();

    let expressions = expressions(&table);
    let mut group = c.benchmark_group("regex scan");
    group.throughput(Throughput::Elements(1));
    for (name, path, id) in &table.paths {
        let index = scan(&expressions, path).map(|(index, _)| index);
        assert_eq!(index.map(|index| &table.routes[index].0), id.as_ref());
        group.bench_function(name, |b| b.iter(|| scan(&expressions, black_box(path))));
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
