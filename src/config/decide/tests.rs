//! Every rule of the configuration, through the front door.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::config::decided::{BodyLimit, HealthPaths};
use crate::config::handoff::FORMAT;
use crate::config::settings::SETTINGS;
use crate::telemetry::log::Level;

mod health;
mod listener;
mod mistakes;
mod origin;
mod websocket;
mod workers;

fn handoff(prefix: &str, options: Value) -> Handoff {
    let Value::Object(options) = options else {
        panic!("options are an object");
    };
    Handoff {
        format: FORMAT,
        package: "0.1.0".to_owned(),
        build: "1".to_owned(),
        kit: 3,
        base: String::new(),
        app_path: "_app".to_owned(),
        origin: None,
        env_prefix: prefix.to_owned(),
        options,
        assets: Vec::new(),
        aliases: Vec::new(),
        prerendered: Vec::new(),
        routes: Vec::new(),
        hooks_ws: false,
    }
}

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    (pairs.iter())
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn run(handoff: Handoff, pairs: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    Config::decide(handoff, PathBuf::from("build"), &env(pairs))
}

fn with(pairs: &[(&str, &str)]) -> Config {
    run(handoff("", json!({})), pairs).expect("no mistake")
}

fn with_options(options: Value) -> Config {
    run(handoff("", options), &[]).expect("no mistake")
}

/// The message of the one mistake.
fn mistake(pairs: &[(&str, &str)]) -> String {
    only(run(handoff("", json!({})), pairs))
}

fn option_mistake(options: Value) -> String {
    only(run(handoff("", options), &[]))
}

fn only(result: Result<Config, ConfigErrors>) -> String {
    let errors = result.expect_err("a mistake");
    assert_eq!(errors.mistakes().len(), 1, "{errors}");
    let mistake = &errors.mistakes()[0];
    format!("{}: {}", mistake.name, mistake.text)
}

const fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn nothing_said_is_all_defaults() {
    let config = with(&[]);
    assert_eq!(config.warnings(), &[] as &[String]);
    assert_eq!(
        config.listen,
        Listen::Tcp {
            host: "0.0.0.0".to_owned(),
            port: 3000
        }
    );
    assert_eq!(
        config.exported,
        Exported {
            path: None,
            host: "0.0.0.0".to_owned(),
            port: Some("3000".to_owned())
        }
    );
    assert_eq!(
        config.timeouts,
        Timeouts {
            keep_alive: seconds(65),
            headers: seconds(66),
            request: seconds(120),
            shutdown: Duration::from_secs(30),
        }
    );
    assert_eq!(
        config.limits,
        Limits {
            max_headers: 100,
            max_header_size: 64 * 1024,
            max_connections: 65_536,
            body: BodyLimit::Bytes(512 * 1024),
            unread_body: 1024 * 1024,
            slots: 1000,
        }
    );
    assert_eq!(config.origin, None);
    assert_eq!(config.origin_headers, OriginHeaders::default());
    assert_eq!(config.address.header, None);
    assert_eq!(config.address.xff_depth, 1);
    assert_eq!(
        config.health,
        Some(HealthPaths {
            liveness: "/health".to_owned(),
            readiness: "/readiness".to_owned()
        })
    );
    assert_eq!(config.assets.file, 128 * 1024);
    assert_eq!(config.assets.total, 64 * 1024 * 1024);
    assert_eq!(config.log_level, Level::Info);
    assert!(config.io_threads >= 1);
    assert_eq!(config.root, PathBuf::from("build"));
}

#[test]
fn environment_beats_option_beats_default() {
    let options = json!({ "bodyLimit": "1M", "keepAliveTimeout": 10 });
    let config = run(handoff("", options), &[("BODY_SIZE_LIMIT", "2M")]).expect("no mistake");
    assert_eq!(config.limits.body, BodyLimit::Bytes(2 << 20));
    assert_eq!(config.timeouts.keep_alive, seconds(10));
    assert_eq!(config.timeouts.headers, seconds(66));
}

#[test]
fn options_take_numbers_and_text() {
    let config = with_options(json!({
        "bodyLimit": 1000, "gracefulShutdownTimeout": 1500, "requestTimeout": "2m",
        "headersTimeout": 0, "maxHeaders": 50, "maxHeaderSize": "8K", "maxConnections": 10,
        "assetMemoryFileLimit": 0, "assetMemoryLimit": "1G",
    }));
    assert_eq!(config.limits.body, BodyLimit::Bytes(1000));
    assert_eq!(config.timeouts.shutdown, Duration::from_millis(1500));
    assert_eq!(config.timeouts.request, seconds(120));
    assert_eq!(config.timeouts.headers, None);
    assert_eq!(config.limits.max_headers, 50);
    assert_eq!(config.limits.max_header_size, 8192);
    assert_eq!(config.limits.max_connections, 10);
    assert_eq!(config.assets.file, 0);
    assert_eq!(config.assets.total, 1 << 30);
    let config = with_options(json!({ "bodyLimit": "Infinity" }));
    assert_eq!(config.limits.body, BodyLimit::Unlimited);
}

#[test]
fn aliases_have_their_own_units_and_come_second() {
    let config = with(&[("GRACEFUL_SHUTDOWN_TIMEOUT", "500"), ("BODY_LIMIT", "10mb")]);
    assert_eq!(config.timeouts.shutdown, Duration::from_millis(500));
    assert_eq!(config.limits.body, BodyLimit::Bytes(10 << 20));
    assert_eq!(config.warnings(), &[] as &[String]);

    let config = with(&[
        ("GRACEFUL_SHUTDOWN_TIMEOUT", "500"),
        ("SHUTDOWN_TIMEOUT", "5"),
    ]);
    assert_eq!(config.timeouts.shutdown, Duration::from_secs(5));
    assert_eq!(config.warnings().len(), 1);
    assert!(config.warnings()[0].contains("GRACEFUL_SHUTDOWN_TIMEOUT has no effect"));

    // An empty variable is none, so the alias counts.
    let config = with(&[
        ("GRACEFUL_SHUTDOWN_TIMEOUT", "500"),
        ("SHUTDOWN_TIMEOUT", ""),
    ]);
    assert_eq!(config.timeouts.shutdown, Duration::from_millis(500));
}

#[test]
fn every_variable_is_read_and_every_default_taken() {
    for setting in SETTINGS {
        let value = match setting.kind {
            Kind::Path => "/run/app.sock",
            Kind::Host => "localhost",
            Kind::Header => "x-header",
            Kind::Origin => "https://my.site",
            Kind::Level => "debug",
            Kind::Switch if setting.default == "true" => "false",
            Kind::Switch => "true",
            Kind::Balancing => "cpu-based",
            Kind::Memory { .. } => "100",
            Kind::WebObjects => "native",
            Kind::UrlPath => "/path",
            Kind::Origins => "https://my.site",
            Kind::Topics => "news",
            Kind::Rate => "7/7s",
            Kind::RedisUrl => "redis://127.0.0.1",
            Kind::Prefix => "shop",
            Kind::Overflow => "close",
            Kind::Bytes { .. } => "9000",
            // No machine has four times as many cores.
            Kind::Count { max: 1023.., .. } => "1023",
            _ => "7",
        };
        let names = std::iter::once(setting.env).chain(setting.aliases.iter().map(|a| a.name));
        // without sockets that one is the app's own
        let sockets = setting.env == "REDIS_URL";
        let build = |prefix| Handoff {
            hooks_ws: sockets,
            ..handoff(prefix, json!({}))
        };
        for name in names {
            let with = |pairs| run(build(""), pairs).expect("known");
            let plain = format!("{:?}", with(&[]));
            let given = format!("{:?}", with(&[(name, value)]));
            assert_ne!(plain, given, "{name} has no effect");
            let name = format!("MY_{name}");
            let prefixed = run(build("MY_"), &[(&name, value)]).expect("known");
            let plain = run(build("MY_"), &[]).expect("no mistake");
            assert_ne!(format!("{plain:?}"), format!("{prefixed:?}"), "{name}");
        }
        // As written in the table, a default changes nothing.
        if !setting.default.is_empty() && setting.env != "HEALTH_CHECK" {
            let config = with(&[(setting.env, setting.default)]);
            assert_eq!(config.timeouts, with(&[]).timeouts);
            assert_eq!(config.limits, with(&[]).limits);
            assert_eq!(config.listen, with(&[]).listen);
            assert_eq!(config.workers, with(&[]).workers);
        }
    }
}

#[test]
fn zero_switches_timeouts_off_but_cuts_a_drain_at_once() {
    let config = with(&[
        ("KEEP_ALIVE_TIMEOUT", "0"),
        ("HEADERS_TIMEOUT", "0"),
        ("REQUEST_TIMEOUT", "0s"),
        ("SHUTDOWN_TIMEOUT", "0"),
    ]);
    assert_eq!(
        config.timeouts,
        Timeouts {
            keep_alive: None,
            headers: None,
            request: None,
            shutdown: Duration::ZERO
        }
    );
}

#[test]
fn a_prefix_hides_the_plain_names() {
    let config = run(
        handoff("MY_", json!({})),
        &[("PORT", "1"), ("MY_PORT", "2")],
    );
    let config = config.expect("no mistake");
    assert_eq!(config.exported.port.as_deref(), Some("2"));
    assert_eq!(config.address.header_variable, "MY_ADDRESS_HEADER");
    assert_eq!(config.address.xff_depth_variable, "MY_XFF_DEPTH");
    let result = run(handoff("MY_", json!({})), &[("MY_PORT", "x")]);
    assert!(only(result).starts_with("MY_PORT: "));
}

#[test]
fn body_limits() {
    let limit = |text| with(&[("BODY_SIZE_LIMIT", text)]).limits.body;
    assert_eq!(limit("0"), BodyLimit::Bytes(0));
    assert_eq!(limit("Infinity"), BodyLimit::Unlimited);
    assert!(BodyLimit::Unlimited.allows(u64::MAX));
    assert!(BodyLimit::Bytes(2).allows(2) && !BodyLimit::Bytes(2).allows(3));
    mistake(&[("BODY_SIZE_LIMIT", "lots")]);
    mistake(&[("BODY_SIZE_LIMIT", "-1")]);

    let empty = with(&[("BODY_SIZE_LIMIT", "")]);
    assert_eq!(empty.limits.body, BodyLimit::Bytes(0));
    assert_eq!(empty.warnings().len(), 1);
}

#[test]
fn threads_follow_the_cores() {
    for (cores, threads) in [(1, 1), (2, 1), (4, 1), (7, 1), (8, 2), (64, 16)] {
        assert_eq!(io_threads_for(cores), threads);
    }
    assert_eq!(with(&[("IO_THREADS", "3")]).io_threads, 3);
    mistake(&[("IO_THREADS", "0")]);
}
