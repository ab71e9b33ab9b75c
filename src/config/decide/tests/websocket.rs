//! Whether there are WebSockets, who may open one and what bounds them.

use super::*;
use crate::config::{Rate, WebSocket};
use crate::ws::Overflow;

fn with_hooks(options: Value) -> Handoff {
    Handoff {
        hooks_ws: true,
        ..handoff("", options)
    }
}

fn decided(options: Value, pairs: &[(&str, &str)]) -> WebSocket {
    let config = run(with_hooks(options), pairs).expect("no mistake");
    assert_eq!(config.warnings(), &[] as &[String]);
    config.websocket.expect("they are on")
}

#[test]
fn they_are_on_when_the_app_has_hooks_or_somebody_says_so() {
    let on = |handoff: Handoff, pairs: &[(&str, &str)]| {
        let config = run(handoff, pairs).expect("no mistake");
        config.websocket.is_some()
    };
    assert!(!on(handoff("", json!({})), &[]));
    assert!(on(with_hooks(json!({})), &[]));
    assert!(on(handoff("", json!({ "websocket": true })), &[]));
    assert!(on(handoff("", json!({ "websocket": {} })), &[]));
    assert!(on(handoff("", json!({})), &[("WEBSOCKET_ENABLED", "1")]));
    assert!(!on(with_hooks(json!({ "websocket": false })), &[]));
    assert!(!on(
        with_hooks(json!({ "websocket": { "path": "/x" } })),
        &[("WEBSOCKET_ENABLED", "off")]
    ));
    assert!(on(
        with_hooks(json!({ "websocket": false })),
        &[("WEBSOCKET_ENABLED", "on")]
    ));
}

#[test]
fn defaults_are_those_of_the_hub() {
    let websocket = decided(json!({}), &[]);
    assert_eq!(websocket.path, "/ws");
    assert_eq!(websocket.allowed_origins, [] as [String; 0]);
    assert!(!websocket.require_origin);
    let rate = Rate {
        count: 20,
        period: Duration::from_secs(10),
    };
    assert_eq!(websocket.upgrade_rate, Some(rate));
    assert_eq!(websocket.public_topics, [] as [String; 0]);
    let mut hub = crate::ws::Limits::default();
    hub.replay.ttl = Duration::from_secs(60);
    assert_eq!(format!("{:?}", websocket.limits), format!("{hub:?}"));
}

#[test]
fn every_option_is_taken() {
    let websocket = decided(
        json!({ "websocket": {
            "path": "/live", "allowedOrigins": ["https://A.com:443", "App://Local"],
            "requireOrigin": true, "upgradeRateLimit": "5/1m", "maxPeers": 10,
            "maxPeersPerAddress": 2, "maxSubscriptions": 3, "maxTopics": 4,
            "maxMessageSize": "32mb", "maxQueuedBytes": 4096, "overflow": "coalesce",
            "heartbeat": 5, "idleTimeout": "10m", "replay": { "size": 50, "ttl": "2m" },
            "publicTopics": ["news", "room, one", "public:*"],
        } }),
        &[],
    );
    assert_eq!(websocket.path, "/live");
    assert_eq!(websocket.allowed_origins, ["https://a.com", "app://local"]);
    assert!(websocket.require_origin);
    let rate = Rate {
        count: 5,
        period: Duration::from_secs(60),
    };
    assert_eq!(websocket.upgrade_rate, Some(rate));
    assert_eq!(websocket.public_topics, ["news", "room, one", "public:*"]);
    let limits = websocket.limits;
    assert_eq!((limits.peers, limits.peers_per_address), (10, 2));
    assert_eq!((limits.subscriptions, limits.topics), (3, 4));
    assert_eq!(limits.message_bytes, 32 << 20);
    assert_eq!(limits.frame_bytes, 32 << 20);
    assert_eq!(limits.outgoing_bytes, 32 << 20);
    assert_eq!(limits.queued_bytes, 4096);
    assert_eq!(limits.overflow, Overflow::Coalesce);
    assert_eq!(limits.heartbeat, Duration::from_secs(5));
    assert_eq!(limits.idle, seconds(600));
    assert_eq!(limits.replay.size, 50);
    assert_eq!(limits.replay.ttl, Duration::from_secs(120));
}

#[test]
fn variables_come_before_options() {
    let options = json!({ "websocket": {
        "path": "/a", "allowedOrigins": ["https://a.com"], "publicTopics": ["a"],
        "upgradeRateLimit": 0, "maxPeers": 5, "replay": { "size": 1 },
    } });
    let websocket = decided(
        options.clone(),
        &[
            ("WEBSOCKET_PATH", "/b"),
            ("WEBSOCKET_ALLOWED_ORIGINS", "https://b.com, https://c.com,"),
            ("WEBSOCKET_PUBLIC_TOPICS", "b,c*"),
            ("WEBSOCKET_UPGRADE_RATE_LIMIT", "1/1s"),
            ("WEBSOCKET_MAX_PEERS", "6"),
            ("WEBSOCKET_REPLAY_SIZE", "2"),
        ],
    );
    assert_eq!(websocket.path, "/b");
    assert_eq!(
        websocket.allowed_origins,
        ["https://b.com", "https://c.com"]
    );
    assert_eq!(websocket.public_topics, ["b", "c*"]);
    assert_eq!(websocket.upgrade_rate.map(|rate| rate.count), Some(1));
    assert_eq!(
        (websocket.limits.peers, websocket.limits.replay.size),
        (6, 2)
    );
    let websocket = decided(options, &[("WEBSOCKET_ALLOWED_ORIGINS", "*")]);
    assert_eq!(websocket.allowed_origins, ["*"]);
    assert_eq!(websocket.upgrade_rate, None);
}

#[test]
fn the_path_stands_below_the_base() {
    let build = Handoff {
        base: "/app".to_owned(),
        ..with_hooks(json!({}))
    };
    let config = run(build, &[]).expect("no mistake");
    let path = config.websocket.map(|websocket| websocket.path);
    assert_eq!(path.as_deref(), Some("/app/ws"));
}

#[test]
fn mistakes_name_the_option_within() {
    for (option, part) in [
        (
            json!("yes"),
            "option websocket: got \"yes\", takes true, false or an object",
        ),
        (json!([]), "option websocket: got a list"),
        (
            json!({ "paht": "/x" }),
            "option websocket.paht: no such option",
        ),
        (
            json!({ "replay": { "sise": 1 } }),
            "option websocket.replay.sise: no such",
        ),
        (
            json!({ "replay": 5 }),
            "option websocket.replay: got 5, takes an object",
        ),
        (
            json!({ "path": "ws" }),
            "option websocket.path: got \"ws\", takes a path that",
        ),
        (
            json!({ "allowedOrigins": "*" }),
            "option websocket.allowedOrigins: got \"*\", takes a list of",
        ),
        (
            json!({ "allowedOrigins": ["a.com"] }),
            "option websocket.allowedOrigins: got \"a.com\", takes origins",
        ),
        (
            json!({ "allowedOrigins": [1] }),
            "option websocket.allowedOrigins: got 1",
        ),
        (
            json!({ "publicTopics": ["a*b"] }),
            "option websocket.publicTopics: got \"a*b\"",
        ),
        (
            json!({ "publicTopics": ["__x"] }),
            "option websocket.publicTopics: got \"__x\"",
        ),
        (
            json!({ "upgradeRateLimit": 5 }),
            "option websocket.upgradeRateLimit: got 5, takes a whole number in a time",
        ),
        (
            json!({ "overflow": "drop" }),
            "option websocket.overflow: got \"drop\", takes skip,",
        ),
        (
            json!({ "heartbeat": 0 }),
            "option websocket.heartbeat: got 0",
        ),
    ] {
        let message = option_mistake(json!({ "websocket": option }));
        assert!(message.starts_with(part), "{message}");
    }
    assert_eq!(
        mistake(&[("WEBSOCKET_ALLOWED_ORIGINS", "https://a.com,b.com")]),
        "WEBSOCKET_ALLOWED_ORIGINS: got \"b.com\", takes origins like https://my.site, or *"
    );
}

#[test]
fn what_is_set_in_vain_is_told() {
    let config = with(&[("WEBSOCKET_PATH", "/live")]);
    assert_eq!(config.warnings().len(), 1);
    assert!(config.warnings()[0].starts_with("WEBSOCKET_PATH has no effect"));

    let embedded = |options, pairs: &[(&str, &str)]| {
        let build = with_hooks(options);
        Config::decide_embedded(build, PathBuf::from("build"), &env(pairs)).expect("no mistake")
    };
    let quiet = embedded(json!({}), &[]);
    assert!(quiet.websocket.is_none() && quiet.warnings().is_empty());
    let config = embedded(json!({ "websocket": true }), &[("WEBSOCKET_PATH", "/live")]);
    assert!(config.websocket.is_none());
    for name in ["option websocket has", "WEBSOCKET_PATH has"] {
        let told = config.warnings().iter().any(|line| line.starts_with(name));
        assert!(told, "{:?}", config.warnings());
    }
}

#[test]
fn redis_joins_hubs() {
    assert_eq!(decided(json!({}), &[]).redis, None);
    let url = "rediss://someone:secret@redis.internal:6380";
    let redis = decided(json!({}), &[("REDIS_URL", url)])
        .redis
        .expect("a URL");
    assert_eq!((&*redis.url, &*redis.prefix), (url, "oxide"));
    assert!(!format!("{redis:?}").contains("secret"));
    let options = json!({ "websocket": { "redis": { "url": url, "prefix": "shop:staging" } } });
    let redis = decided(options.clone(), &[]).redis.expect("a URL");
    assert_eq!((&*redis.url, &*redis.prefix), (url, "shop:staging"));
    let pairs = [
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("REDIS_PREFIX", "x"),
    ];
    let redis = decided(options, &pairs).redis.expect("a URL");
    assert_eq!(
        (&*redis.url, &*redis.prefix),
        ("unix:///run/redis.sock", "x")
    );
}

#[test]
fn a_url_that_is_none_is_a_mistake_without_its_password() {
    for url in ["redis//x:secret@host", "http://x:secret@host", "secret"] {
        let errors = run(with_hooks(json!({})), &[("REDIS_URL", url)]).expect_err(url);
        let text = errors.to_string();
        assert!(text.contains("REDIS_URL"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    for prefix in ["a b", "{x}", "é"] {
        run(with_hooks(json!({})), &[("REDIS_PREFIX", prefix)]).expect_err(prefix);
    }
    // without sockets it is the app's own
    let config = run(
        handoff("", json!({})),
        &[("REDIS_URL", "redis-sentinel://x")],
    );
    assert_eq!(config.expect("no mistake").warnings(), &[] as &[String]);
}
