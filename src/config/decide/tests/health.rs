//! Where the health endpoints are.

use super::*;
use crate::config::handoff::RouteEntry;

#[test]
fn health_paths() {
    let health = |options, pairs: &[(&str, &str)]| {
        let config = run(handoff("", options), pairs).expect("no mistake");
        config.health.map(|paths| (paths.liveness, paths.readiness))
    };
    let paths = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
    let standard = || paths("/health", "/readiness");
    assert_eq!(health(json!({ "healthCheck": true }), &[]), standard());
    assert_eq!(health(json!({ "healthCheck": false }), &[]), None);
    assert_eq!(health(json!({}), &[("HEALTH_CHECK", "off")]), None);
    assert_eq!(
        health(json!({ "healthCheck": false }), &[("HEALTH_CHECK", "1")]),
        standard()
    );
    let live = json!({ "healthCheck": { "liveness": "/livez" } });
    assert_eq!(health(live.clone(), &[]), paths("/livez", "/readiness"));
    assert_eq!(
        health(live.clone(), &[("HEALTH_CHECK", "true")]),
        paths("/livez", "/readiness")
    );
    assert_eq!(health(live, &[("HEALTH_CHECK", "false")]), None);

    for (option, part) in [
        (
            json!("yes"),
            "option healthCheck: got \"yes\", takes true, false or",
        ),
        (
            json!({ "liveness": "health" }),
            "option healthCheck.liveness: got \"health\"",
        ),
        (
            json!({ "readiness": "/a?b" }),
            "option healthCheck.readiness: got \"/a?b\"",
        ),
        (
            json!({ "readiness": 1 }),
            "option healthCheck.readiness: got 1",
        ),
        (
            json!({ "path": "/x" }),
            "option healthCheck.path: got \"/x\"",
        ),
        (
            json!({ "liveness": "/readiness" }),
            "takes two different paths",
        ),
    ] {
        let message = option_mistake(json!({ "healthCheck": option }));
        assert!(message.contains(part), "{message}");
    }
    mistake(&[("HEALTH_CHECK", "maybe")]);
}

#[test]
fn health_steps_back_behind_the_app() {
    let app = |options| Handoff {
        base: "/shop".to_owned(),
        routes: vec![RouteEntry {
            id: "/(ops)/health".to_owned(),
            pattern: String::new(),
            methods: Vec::new(),
            page: false,
            api: true,
            prerender: false,
            config: Value::Null,
        }],
        ..handoff("", options)
    };
    // The app's is at /shop/health.
    let config = run(app(json!({})), &[]).expect("no mistake");
    assert!(config.health.is_some() && config.warnings().is_empty());

    let root = |options| Handoff {
        base: String::new(),
        ..app(options)
    };
    let config = run(root(json!({})), &[]).expect("no mistake");
    assert_eq!(config.health, None);
    assert!(config.warnings()[0].starts_with("the app answers /health itself"));

    for (options, pairs) in [
        (json!({ "healthCheck": true }), &[][..]),
        (json!({}), &[("HEALTH_CHECK", "true")][..]),
    ] {
        let config = run(root(options), pairs).expect("no mistake");
        assert!(config.health.is_some());
        assert!(config.warnings()[0].starts_with("the app's own /health"));
    }
    let elsewhere = json!({ "healthCheck": { "liveness": "/livez" } });
    let config = run(root(elsewhere), &[]).expect("no mistake");
    assert!(config.health.is_some() && config.warnings().is_empty());
}
