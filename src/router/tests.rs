//! The router as the server meets it.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::config::handoff::FORMAT;

const ASSET: Target = Target::Asset(AssetId(1));
const REDIRECT: Target = Target::Redirect(RedirectId(2));

fn handoff(base: &str) -> Handoff {
    let route = |id: &str, pattern: &str| {
        json!({
            "id": id, "pattern": pattern, "methods": ["GET"], "page": true, "api": false,
            "prerender": false,
        })
    };
    serde_json::from_value(json!({
        "format": FORMAT, "package": "0.0.0", "build": "1", "kit": 3, "base": base,
        "appPath": format!("{base}/_app").trim_start_matches('/'),
        "origin": null, "envPrefix": "", "options": {},
        "assets": [], "aliases": [], "prerendered": [],
        "routes": [
            route("/", r"^\/$"),
            route("/status", r"^\/status\/?$"),
            route("/blog/[slug]", r"^\/blog\/([^/]+?)\/?$"),
            route("/[name=word]", r"^\/([^/]+?)\/?$"),
            route("/[...rest]", r"^(?:\/([^]*))?\/?$"),
        ],
    }))
    .expect("a hand-off")
}

fn router(base: &str, health: Option<(&str, &str)>) -> Router {
    let health = health.map(|(liveness, readiness)| HealthPaths {
        liveness: liveness.to_owned(),
        readiness: readiness.to_owned(),
    });
    let paths = ["/a.js", "/é b", "/x%2Fy", "/100%25"].map(|path| (path, ASSET));
    let paths = paths.into_iter().chain([("/about/", REDIRECT)]);
    Router::new(&handoff(base), paths, health.as_ref())
}

fn render(route: Route, router: &Router) -> Option<&str> {
    match route {
        Route::Render(route) => route.and_then(|route| router.route_id(route)),
        other => panic!("{other:?} is not rendered"),
    }
}

#[test]
fn known_paths() {
    let router = router("", None);
    let route = |path| router.route(&Method::GET, path);
    for path in ["/a.js", "/%61.js", "/%C3%A9%20b", "/x%2Fy", "/100%25"] {
        assert_eq!(route(path), Route::Asset(AssetId(1)), "{path}");
    }
    assert_eq!(route("/about/"), Route::Redirect(RedirectId(2)));
    // whatever the method: the table answers 405
    assert_eq!(
        router.route(&Method::POST, "/a.js"),
        Route::Asset(AssetId(1))
    );
}

#[test]
fn other_paths_are_rendered_with_their_route() {
    let router = router("", None);
    for (path, expected) in [
        ("/", Some("/")),
        ("/__data.json", Some("/")),
        ("/blog/x", Some("/blog/[slug]")),
        ("/blog/x/", Some("/blog/[slug]")),
        ("/blog/x/__data.json", Some("/blog/[slug]")),
        ("/blog/x/__route.js", Some("/blog/[slug]")),
        ("/blog/%C3%A9", Some("/blog/[slug]")),
        ("/blog/x%2Fy", Some("/blog/[slug]")),
        ("/x/y/z", Some("/[...rest]")),
        ("/about", None),
        ("/x%2fy", None),
        ("/_app/env.js", None),
        ("/blog/../x", None),
        ("/blog/%", None),
        ("/blog/é", None),
        ("/é b", None),
        ("*", None),
    ] {
        assert_eq!(
            render(router.route(&Method::GET, path), &router),
            expected,
            "{path}"
        );
    }
    let ids: Vec<_> = router
        .routes()
        .map(|(route, id)| (route.index(), id))
        .collect();
    assert_eq!(ids[2], (2, "/blog/[slug]"));
    assert_eq!(ids.len(), 5);
}

#[test]
fn the_base_is_no_part_of_a_route() {
    let router = router("/base", None);
    for (path, expected) in [
        ("/base", Some("/")),
        ("/base/", Some("/")),
        ("/base/blog/x", Some("/blog/[slug]")),
        ("/base/_app/x", None),
        ("/blog/x", None),
        ("/basement", None),
    ] {
        assert_eq!(
            render(router.route(&Method::GET, path), &router),
            expected,
            "{path}"
        );
    }
}

#[test]
fn endpoints_yield_to_what_the_app_spells_out() {
    let router = self::router("", Some(("/health", "/status")));
    assert_eq!(
        router.route(&Method::GET, "/health"),
        Route::Endpoint(Endpoint::Health)
    );
    assert_eq!(
        router.route(&Method::HEAD, "/health"),
        Route::Endpoint(Endpoint::Health)
    );
    // a POST is the app's to answer
    assert_eq!(router.route(&Method::POST, "/health"), Route::Render(None));
    assert_eq!(
        render(router.route(&Method::GET, "/status"), &router),
        Some("/status")
    );

    let router = self::router("", Some(("/a.js", "/about/")));
    assert_eq!(
        router.route(&Method::GET, "/a.js"),
        Route::Asset(AssetId(1))
    );
    assert_eq!(
        router.route(&Method::GET, "/about/"),
        Route::Redirect(RedirectId(2))
    );

    let router = self::router("/base", Some(("/status", "/base/status")));
    assert_eq!(
        router.route(&Method::GET, "/status"),
        Route::Endpoint(Endpoint::Health)
    );
    assert_eq!(
        render(router.route(&Method::GET, "/base/status"), &router),
        Some("/status")
    );
}

proptest! {
    /// The lookup of a raw path is a short cut of the search, never another answer.
    #[test]
    fn what_is_known_in_advance_is_what_a_search_finds(
        segments in proptest::collection::vec(select(vec![
            "", "/", "/status", "/blog", "/x", "/a.js", "/%61.js", "/about/", "/x%2Fy", "/100%25",
            "/100%", "/\u{e9} b", "/%C3%A9%20b", "/_app", "/base", "/health", "/..", "/%2e", "/a\\b",
            "/__data.json", ".html__route.js", "/__route.js", "/a-long-segment",
        ]), 0..5),
        base in select(vec!["", "/base"]),
        method in select(vec![Method::GET, Method::HEAD, Method::POST]),
    ) {
        let router = router(base, Some(("/health", "/x/health")));
        let path = segments.concat();
        prop_assert_eq!(router.route(&method, &path), router.search(&method, &path), "{}", path);
    }
}
