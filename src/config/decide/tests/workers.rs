//! How many workers there are, where they run, and what has no effect.

use super::*;
use crate::config::decided::{AutoScale, Balancing, Recycle, Timeout, Workers};
use crate::config::setting::Group;
use crate::config::source::Source;
use crate::config::workers;

/// The workers on a machine with so many cores, and the warnings.
fn on(
    cores: usize,
    options: Value,
    pairs: &[(&str, &str)],
) -> Result<(Workers, Vec<String>), ConfigErrors> {
    let (env, Value::Object(options)) = (env(pairs), options) else {
        panic!("options are an object");
    };
    let mut source = Source::new(&env, "", &options);
    let workers = workers::decide(&mut source, cores);
    source.finish().map(|warnings| (workers, warnings))
}

/// On four cores.
fn by(pairs: &[(&str, &str)]) -> (Workers, Vec<String>) {
    on(4, json!({}), pairs).expect("no mistake")
}

fn by_options(options: Value) -> Workers {
    let (workers, warnings) = on(4, options, &[]).expect("no mistake");
    assert!(warnings.is_empty(), "{warnings:?}");
    workers
}

fn message(result: Result<(Workers, Vec<String>), ConfigErrors>) -> String {
    let errors = result.expect_err("a mistake");
    assert_eq!(errors.mistakes().len(), 1, "{errors}");
    errors
        .to_string()
        .lines()
        .nth(1)
        .expect("a line")
        .trim()
        .to_owned()
}

const MIB: u64 = 1 << 20;

#[test]
fn one_in_the_main_thread_unless_told_otherwise() {
    let (workers, warnings) = by(&[]);
    assert!(warnings.is_empty());
    assert_eq!(
        workers,
        Workers {
            count: 1,
            pooled: false,
            balancing: Balancing::LeastConnections,
            sticky: false,
            max_queue: 1024,
            queue_timeout: seconds(10),
            max_in_flight: 4096,
            // Nothing can replace the main thread.
            unresponsive_timeout: None,
            health_check_interval: Duration::from_secs(5),
            recycle: Recycle::default(),
            memory_limit: None,
            auto_scale: None,
            keep_builds: 2,
        }
    );
}

#[test]
fn a_pool_is_watched_and_recycled() {
    let (workers, warnings) = by(&[("CLUSTER_WORKERS", "2")]);
    assert!(warnings.is_empty());
    assert_eq!(
        workers,
        Workers {
            count: 2,
            pooled: true,
            unresponsive_timeout: seconds(15),
            recycle: Recycle {
                max_requests: None,
                max_memory: Some(768 * MIB),
                max_age: None,
            },
            memory_limit: Some(2 * 768 * MIB),
            ..by(&[]).0
        }
    );
}

#[test]
fn auto_is_one_for_every_core() {
    for (cores, count) in [(1, 1), (2, 2), (64, 64), (1000, 256)] {
        let (workers, _) = on(cores, json!({ "workers": "auto" }), &[]).expect("no mistake");
        assert_eq!((workers.count, workers.pooled), (count, count > 1));
    }
    assert_eq!(by(&[("CLUSTER_WORKERS", "auto")]).0.count, 4);
    assert_eq!(by(&[("CLUSTER_WORKERS", "256")]).0.count, 256);
    for wrong in ["0", "257", "-1", "two", "1.5"] {
        assert_eq!(
            message(on(4, json!({}), &[("CLUSTER_WORKERS", wrong)])),
            format!("CLUSTER_WORKERS: got {wrong:?}, takes a whole number from 1 to 256, or auto")
        );
    }
}

#[test]
fn the_environment_wins_over_the_option() {
    let options = json!({ "workers": 3, "isolated": true });
    let (workers, _) = on(4, options, &[("CLUSTER_WORKERS", "1")]).expect("no mistake");
    assert_eq!((workers.count, workers.pooled), (1, true));
}

#[test]
fn an_isolated_worker_has_a_thread_of_its_own() {
    let (workers, _) = by(&[("ISOLATED_WORKER", "true")]);
    assert_eq!((workers.count, workers.pooled), (1, true));
    assert!(workers.memory_limit.is_some());
    // More than one have theirs in any case.
    let workers = by_options(json!({ "workers": 2, "isolated": false }));
    assert!(workers.pooled);
}

#[test]
fn every_option_is_read() {
    let workers = by_options(json!({
        "workers": 3, "isolated": true, "autoScale": true, "minWorkers": 3, "maxWorkers": 5,
        "cpuThreshold": 60, "memoryThreshold": 70, "balancing": "round-robin",
        "stickySession": true, "maxQueue": 10, "queueTimeout": 2, "maxInFlight": 20,
        "unresponsiveTimeout": "500ms", "healthCheckInterval": 1, "maxRequestsPerWorker": 1000,
        "maxMemoryUsage": 100, "maxWorkerAge": "1h", "keepBuilds": 0,
    }));
    assert_eq!(
        workers,
        Workers {
            count: 3,
            pooled: true,
            balancing: Balancing::RoundRobin,
            sticky: true,
            max_queue: 10,
            queue_timeout: seconds(2),
            max_in_flight: 20,
            unresponsive_timeout: Some(Duration::from_millis(500)),
            health_check_interval: Duration::from_secs(1),
            recycle: Recycle {
                max_requests: Some(1000),
                max_memory: Some(100 * MIB),
                max_age: seconds(3600),
            },
            memory_limit: Some(200 * MIB),
            auto_scale: Some(AutoScale {
                min: 3,
                max: 5,
                cpu_percent: 60,
                memory_percent: 70,
            }),
            keep_builds: 0,
        }
    );
}

#[test]
fn zero_is_never() {
    let (workers, warnings) = by(&[
        ("CLUSTER_WORKERS", "2"),
        ("UNRESPONSIVE_TIMEOUT", "0"),
        ("QUEUE_TIMEOUT", "0"),
        ("MAX_REQUESTS_PER_WORKER", "0"),
        ("MAX_MEMORY_USAGE", "0"),
        ("MAX_WORKER_AGE", "0"),
    ]);
    let never: Timeout = None;
    assert_eq!(workers.unresponsive_timeout, never);
    assert_eq!(workers.queue_timeout, never);
    assert_eq!(workers.recycle, Recycle::default());
    assert_eq!(workers.memory_limit, None);
    assert!(warnings.is_empty());
}

#[test]
fn memory_counts_in_megabytes() {
    let memory = |text| {
        let (workers, _) = by(&[("CLUSTER_WORKERS", "2"), ("MAX_MEMORY_USAGE", text)]);
        (workers.recycle.max_memory, workers.memory_limit)
    };
    assert_eq!(memory("512"), (Some(512 * MIB), Some(1024 * MIB)));
    assert_eq!(memory("512mb"), memory("512"));
    assert_eq!(memory("2G"), memory("2048"));
    // Bytes without a unit would be 768 TB.
    assert_eq!(
        message(on(4, json!({}), &[("MAX_MEMORY_USAGE", "805306368")])),
        "MAX_MEMORY_USAGE: got \"805306368\", takes a size from 16M to 1024G, in MB without a \
         unit (768, 512mb, 2G), or 0"
    );
}

#[test]
fn health_is_asked_for_at_a_sensible_pace() {
    let (workers, _) = by(&[("HEALTH_CHECK_INTERVAL", "250ms")]);
    assert_eq!(workers.health_check_interval, Duration::from_millis(250));
    for wrong in ["0", "99ms", "5000", "1h"] {
        assert_eq!(
            message(on(4, json!({}), &[("HEALTH_CHECK_INTERVAL", wrong)])),
            format!(
                "HEALTH_CHECK_INTERVAL: got {wrong:?}, takes whole seconds, or a number with a \
                 unit (500ms, 30s, 2m, 1h), from 100ms to 300s"
            )
        );
    }
}

/// Minimum, maximum and number at start.
fn scale(cores: usize, pairs: &[(&str, &str)]) -> (usize, usize, usize) {
    let pairs = [pairs, &[("AUTO_SCALE", "true")]].concat();
    let (workers, _) = on(cores, json!({}), &pairs).expect("no mistake");
    assert!(workers.pooled);
    let AutoScale { min, max, .. } = workers.auto_scale.expect("it was asked for");
    (min, max, workers.count)
}

#[test]
fn scaling_has_bounds() {
    assert_eq!(scale(8, &[]), (2, 8, 2));
    // Bounds that nobody gave make room for what they did.
    assert_eq!(scale(1, &[]), (2, 2, 2));
    assert_eq!(scale(4, &[("MIN_WORKERS", "6")]), (6, 6, 6));
    assert_eq!(scale(4, &[("MAX_WORKERS", "1")]), (1, 1, 1));
    assert_eq!(scale(4, &[("CLUSTER_WORKERS", "6")]), (2, 6, 6));
    assert_eq!(scale(4, &[("CLUSTER_WORKERS", "3")]), (2, 4, 3));
    assert_eq!(scale(1000, &[]), (2, 256, 2));
    // `auto` means as many as there may be.
    let auto = ("CLUSTER_WORKERS", "auto");
    assert_eq!(scale(4, &[auto, ("MAX_WORKERS", "3")]), (2, 3, 3));
    assert_eq!(scale(1, &[auto]), (2, 2, 2));
}

#[test]
fn contradictions_are_mistakes() {
    let options = json!({ "maxWorkers": 4 });
    let pairs = [("AUTO_SCALE", "true"), ("MIN_WORKERS", "8")];
    assert_eq!(
        message(on(4, options.clone(), &pairs)),
        "MIN_WORKERS: got 8, takes a number up to option maxWorkers, which is 4"
    );
    // A trap for whoever switches it on later.
    assert!(on(4, options.clone(), &pairs[1..]).is_err());

    let pairs = [("AUTO_SCALE", "true"), ("CLUSTER_WORKERS", "5")];
    assert_eq!(
        message(on(4, options.clone(), &pairs)),
        "CLUSTER_WORKERS: got 5, takes a number up to option maxWorkers, which is 4"
    );
    // Without scaling, the bound has no meaning.
    assert_eq!(on(4, options, &pairs[1..]).expect("none").0.count, 5);
}

#[test]
fn a_start_below_the_minimum_is_told_of() {
    let (workers, warnings) = by(&[("AUTO_SCALE", "true"), ("CLUSTER_WORKERS", "1")]);
    assert_eq!(workers.count, 2);
    assert_eq!(
        warnings,
        [
            "CLUSTER_WORKERS=1 has no effect: with AUTO_SCALE, there are at least the 2 of MIN_WORKERS"
        ]
    );
}

#[test]
fn what_needs_scaling_says_so() {
    let (workers, warnings) = by(&[
        ("CLUSTER_WORKERS", "2"),
        ("MIN_WORKERS", "2"),
        ("MAX_WORKERS", "4"),
        ("CPU_THRESHOLD", "50"),
        ("MEMORY_THRESHOLD", ""),
    ]);
    assert_eq!(workers.auto_scale, None);
    let expected = ["MIN_WORKERS", "MAX_WORKERS", "CPU_THRESHOLD"]
        .map(|name| format!("{name} has no effect: it needs AUTO_SCALE=true"));
    assert_eq!(warnings, expected);
}

#[test]
fn what_needs_threads_says_so() {
    let pairs = [
        ("LOAD_BALANCING_STRATEGY", "round-robin"),
        ("ENABLE_STICKY_SESSION", "true"),
        ("UNRESPONSIVE_TIMEOUT", "5"),
        ("MAX_REQUESTS_PER_WORKER", "100"),
        ("MAX_MEMORY_USAGE", "100"),
        ("MAX_WORKER_AGE", "1h"),
        ("KEEP_BUILDS", "1"),
    ];
    let (workers, warnings) = by(&pairs);
    assert_eq!(warnings.len(), pairs.len(), "{warnings:?}");
    for (warning, (name, _)) in warnings.iter().zip(pairs) {
        let start = format!("{name} has no effect: the only worker runs in the main thread; ");
        assert!(warning.starts_with(&start), "{warning}");
        assert!(warning.contains("ISOLATED_WORKER"), "{warning}");
    }
    assert_eq!(workers.recycle, Recycle::default());
    assert!(!workers.sticky);

    let isolated = [&pairs[..], &[("ISOLATED_WORKER", "1")]].concat();
    assert!(by(&isolated).1.is_empty());

    // Nothing is asked for, so nothing is missed.
    let (_, warnings) = by(&[
        ("ENABLE_STICKY_SESSION", "false"),
        ("UNRESPONSIVE_TIMEOUT", "0"),
        ("MAX_MEMORY_USAGE", "0"),
        ("KEEP_BUILDS", "0"),
    ]);
    assert!(warnings.is_empty(), "{warnings:?}");
    // The line is there for one worker as well.
    let (workers, warnings) = by(&[("MAX_QUEUE", "5"), ("MAX_IN_FLIGHT", "6")]);
    assert_eq!((workers.max_queue, workers.max_in_flight), (5, 6));
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn the_prefix_is_in_every_name() {
    let pairs = [("MY_AUTO_SCALE", "1"), ("MY_CLUSTER_WORKERS", "1")];
    let config = run(handoff("MY_", json!({})), &pairs).expect("no mistake");
    let warning = &config.warnings()[0];
    for name in ["MY_CLUSTER_WORKERS=1", "MY_AUTO_SCALE", "MY_MIN_WORKERS"] {
        assert!(warning.contains(name), "{warning}");
    }
    let pairs = [("MY_MAX_WORKER_AGE", "1h")];
    let config = run(handoff("MY_", json!({})), &pairs).expect("no mistake");
    let warning = &config.warnings()[0];
    assert!(
        warning.contains("MY_CLUSTER_WORKERS, MY_ISOLATED_WORKER or MY_AUTO_SCALE"),
        "{warning}"
    );
}

#[test]
fn an_embedded_handler_has_no_workers_of_its_own() {
    let decide =
        |options, pairs| Config::decide_embedded(handoff("", options), PathBuf::new(), &env(pairs));
    let asked = json!({ "workers": 4, "autoScale": false });
    let config = decide(asked, &[("MAX_QUEUE", "5"), ("MIN_WORKERS", "")]).expect("no mistake");
    assert_eq!((config.workers.count, config.workers.pooled), (1, false));
    assert_eq!(config.workers.memory_limit, None);
    let reason =
        "has no effect: build/handler.js runs the app in the thread of the server it is used in";
    let expected = ["MAX_QUEUE", "option workers", "option autoScale"];
    assert_eq!(
        config.warnings(),
        expected.map(|name| format!("{name} {reason}"))
    );
    assert!(decide(json!({}), &[]).expect("none").warnings().is_empty());
    assert!(decide(json!({}), &[("CLUSTER_WORKERS", "x")]).is_err());
}

#[test]
fn every_setting_of_a_pool_has_an_effect() {
    let pooled = [("AUTO_SCALE", "true")];
    let (plain, _) = by(&pooled);
    for setting in SETTINGS.iter().filter(|s| s.group == Group::Workers) {
        let value = match setting.env {
            // These two are what makes it a pool.
            "AUTO_SCALE" | "ISOLATED_WORKER" => continue,
            "LOAD_BALANCING_STRATEGY" => "cpu-based",
            "ENABLE_STICKY_SESSION" => "true",
            "MAX_MEMORY_USAGE" => "100",
            _ => "3",
        };
        let (given, warnings) = by(&[pooled[0], (setting.env, value)]);
        assert_ne!(given, plain, "{} has no effect", setting.env);
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}
