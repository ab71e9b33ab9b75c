//! The tree against tables that SvelteKit's own functions wrote (`testdata/generate.mjs`).

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

mod expressions;

#[derive(Deserialize)]
struct Tables {
    kit: String,
    apps: Vec<App>,
}

#[derive(Deserialize)]
struct App {
    routes: Vec<(String, String)>,
    paths: Vec<(String, Value)>,
}

fn entry(id: &str, pattern: &str) -> RouteEntry {
    RouteEntry {
        id: id.to_owned(),
        pattern: pattern.to_owned(),
        methods: vec!["GET".to_owned()],
        page: true,
        api: false,
        prerender: false,
        config: Value::Null,
    }
}

fn tree(routes: &[(&str, &str)]) -> Tree {
    let routes: Vec<_> = routes
        .iter()
        .map(|(id, pattern)| entry(id, pattern))
        .collect();
    Tree::new(&routes)
}

#[test]
fn finds_what_sveltekit_finds() {
    for text in [
        include_str!("../testdata/kit2.json"),
        include_str!("../testdata/kit3.json"),
    ] {
        let tables: Tables = serde_json::from_str(text).expect("tables");
        let mut compared = 0;
        for app in &tables.apps {
            let routes: Vec<_> = app
                .routes
                .iter()
                .map(|(id, pattern)| entry(id, pattern))
                .collect();
            let tree = Tree::new(&routes);
            assert_eq!(tree.first_opaque, u32::MAX, "every pattern is understood");
            for (path, expected) in &app.paths {
                let found = tree.find(path).map_or(json!(null), |route| json!(route));
                // where a matcher is asked, nothing is claimed
                let expected = if *expected == json!("open") {
                    &json!(null)
                } else {
                    expected
                };
                let ids = || {
                    app.routes
                        .iter()
                        .map(|(id, _)| id)
                        .enumerate()
                        .collect::<Vec<_>>()
                };
                assert_eq!(
                    found,
                    *expected,
                    "kit {}: {path} in {:?}",
                    tables.kit,
                    ids()
                );
                compared += 1;
            }
        }
        assert!(compared > 1_000);
    }
}

#[test]
fn an_opaque_route_hides_those_after_it() {
    let tree = tree(&[
        ("/a", r"^\/a\/?$"),
        ("/odd", r"^\/[oO]dd\/?$"),
        ("/b", r"^\/b\/?$"),
    ]);
    assert_eq!(tree.find("/a"), Some(0));
    assert_eq!(tree.find("/b"), None);
}

#[test]
fn routes_that_are_never_rendered_do_not_match() {
    let prerendered = RouteEntry {
        prerender: true,
        ..entry("/a", r"^\/a\/?$")
    };
    let layout = RouteEntry {
        page: false,
        ..entry("/a", r"^\/a\/?$")
    };
    let tree = Tree::new(&[prerendered, layout, entry("/[p]", r"^\/([^/]+?)\/?$")]);
    assert_eq!(tree.find("/a"), Some(2));
}

#[test]
fn a_route_spells_a_path_without_parameters() {
    let tree = tree(&[
        ("/health", r"^\/health\/?$"),
        ("/[[lang]]/ready", r"^(?:\/([^/]+))?\/ready\/?$"),
        ("/[p]", r"^\/([^/]+?)\/?$"),
        ("/[...rest]", r"^(?:\/([^]*))?\/?$"),
    ]);
    for (path, expected) in [
        ("/health", true),
        ("/health/", true),
        ("/ready", true),
        ("/", true),
        ("/live", false),
        ("/en/ready", false),
        ("/health/x", false),
    ] {
        assert_eq!(tree.spells(path), expected, "{path}");
    }
}

#[test]
fn a_costly_search_ends_undecided() {
    let tree = tree(&[(
        "/[...a]/x/[...b]/x/[...c]/y",
        r"^(?:\/([^]*))?\/x(?:\/([^]*))?\/x(?:\/([^]*))?\/y\/?$",
    )]);
    assert_eq!(tree.find("/a/x/x/b/y"), Some(0));
    assert_eq!(tree.find(&"/x".repeat(4_000)), None);

    let tree = self::tree(&[("/[...a]b[...c]b[...d]e", r"^\/([^]*?)b([^]*?)b([^]*?)e\/?$")]);
    assert_eq!(tree.find("/b/b/e"), Some(0));
    assert_eq!(tree.find(&format!("/{}", "b".repeat(8_000))), None);
}

#[test]
fn long_segments_are_decided() {
    let tree = tree(&[
        ("/a-[b]", r"^\/a-([^/]+?)\/?$"),
        ("/[...rest]", r"^(?:\/([^]*))?\/?$"),
    ]);
    assert_eq!(tree.find(&format!("/a-{}", "b".repeat(8_000))), Some(0));
    assert_eq!(tree.find(&"/b".repeat(1_500)), Some(1));
}

proptest! {
    #[test]
    fn never_panics(path in "(/[a-bé%.]{0,3}){0,12}/?") {
        let text = include_str!("../testdata/kit3.json");
        let tables: Tables = serde_json::from_str(text).expect("tables");
        for app in tables.apps.iter().take(3) {
            let routes: Vec<_> = app.routes.iter().map(|(id, pattern)| entry(id, pattern)).collect();
            let tree = Tree::new(&routes);
            let _ = (tree.find(&path), tree.spells(&path));
        }
    }
}
