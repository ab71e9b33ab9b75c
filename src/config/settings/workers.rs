//! The settings of the workers: how many there are, which one gets an exchange, what waits for
//! them, and when one is replaced. `config/workers.rs` decides what they mean together.

use std::time::Duration;

use super::{GIB, MIB, SECONDS};
use crate::config::parse::Unit;
use crate::config::setting::{Group, Kind, Setting};

/// A worker is a thread and some 20 MB: more than this is a mistyped number.
pub const MOST_WORKERS: usize = 256;

const WORKERS: Kind = Kind::Workers { max: MOST_WORKERS };
const SOME_WORKERS: Kind = Kind::Count {
    min: 1,
    max: MOST_WORKERS,
};
const EXCHANGES: Kind = Kind::Count {
    min: 1,
    max: 1 << 20,
};

/// `CLUSTER_WORKERS`.
pub const CLUSTER_WORKERS: Setting = Group::Workers.setting(
    "CLUSTER_WORKERS",
    "workers",
    WORKERS,
    "1",
    "Workers: threads that run the app, each with its own copy of it. `auto` is one for every core. One worker runs in the main thread; more have threads of their own. With `AUTO_SCALE`, the number at start.",
);

/// `ISOLATED_WORKER`.
pub const ISOLATED_WORKER: Setting = Group::Workers.setting(
    "ISOLATED_WORKER",
    "isolated",
    Kind::Switch,
    "false",
    "Give a single worker a thread of its own as well, so that it can be replaced when it fails or grows. Off by default, because some native modules and functions of `process` only work in the main thread.",
);

/// `AUTO_SCALE`.
pub const AUTO_SCALE: Setting = Group::Workers.setting(
    "AUTO_SCALE",
    "autoScale",
    Kind::Switch,
    "false",
    "Let the number of workers follow the load, from `MIN_WORKERS` to `MAX_WORKERS`. Gives workers threads of their own.",
);

/// `MIN_WORKERS`.
pub const MIN_WORKERS: Setting = Group::Workers.setting(
    "MIN_WORKERS",
    "minWorkers",
    SOME_WORKERS,
    "2",
    "With `AUTO_SCALE`: the fewest workers, also at start.",
);

/// `MAX_WORKERS`.
pub const MAX_WORKERS: Setting = Group::Workers.setting(
    "MAX_WORKERS",
    "maxWorkers",
    SOME_WORKERS,
    "",
    "With `AUTO_SCALE`: the most workers. By default one for every core, or as many as `MIN_WORKERS` or `CLUSTER_WORKERS` asks for if that is more.",
);

/// `CPU_THRESHOLD`.
pub const CPU_THRESHOLD: Setting = Group::Workers.setting(
    "CPU_THRESHOLD",
    "cpuThreshold",
    Kind::Percent,
    "80",
    "With `AUTO_SCALE`: how busy the workers' threads have to be, on average and in percent, for another one to be added. One is taken away below half of it.",
);

/// `MEMORY_THRESHOLD`.
pub const MEMORY_THRESHOLD: Setting = Group::Workers.setting(
    "MEMORY_THRESHOLD",
    "memoryThreshold",
    Kind::Percent,
    "85",
    "With `AUTO_SCALE`: percent of the machine's memory in use above which none is added and, if it stays so, one is taken away.",
);

/// `LOAD_BALANCING_STRATEGY`.
pub const LOAD_BALANCING_STRATEGY: Setting = Group::Workers.setting(
    "LOAD_BALANCING_STRATEGY",
    "balancing",
    Kind::Balancing,
    "least-connections",
    "Which worker gets a request: each in turn, the one with the fewest requests in flight, or the one whose thread is the least busy.",
);

/// `ENABLE_STICKY_SESSION`.
pub const ENABLE_STICKY_SESSION: Setting = Group::Workers.setting(
    "ENABLE_STICKY_SESSION",
    "stickySession",
    Kind::Switch,
    "false",
    "Send a client's requests to the worker that it had before, by a signed cookie, without one by its address. For apps that keep sessions in memory.",
);

/// `MAX_QUEUE`.
pub const MAX_QUEUE: Setting = Group::Workers.setting(
    "MAX_QUEUE",
    "maxQueue",
    EXCHANGES,
    "1024",
    "Requests that wait in line for a worker. Beyond it: 503 with `retry-after` at once, so that those in line are still answered in time.",
);

/// `QUEUE_TIMEOUT`.
pub const QUEUE_TIMEOUT: Setting = Group::Workers.setting(
    "QUEUE_TIMEOUT",
    "queueTimeout",
    SECONDS,
    "10s",
    "How long a request waits in line; it is answered with 503 then. 0 waits until `REQUEST_TIMEOUT`.",
);

/// `MAX_IN_FLIGHT`.
pub const MAX_IN_FLIGHT: Setting = Group::Workers.setting(
    "MAX_IN_FLIGHT",
    "maxInFlight",
    EXCHANGES,
    "4096",
    "Requests that one worker has begun and not answered yet. Beyond it, further ones wait in line.",
);

/// `UNRESPONSIVE_TIMEOUT`.
pub const UNRESPONSIVE_TIMEOUT: Setting = Group::Workers.setting(
    "UNRESPONSIVE_TIMEOUT",
    "unresponsiveTimeout",
    SECONDS,
    "15s",
    "A worker whose event loop has not turned for so long while something waits for it is ended and replaced. 0 never does.",
);

/// `HEALTH_CHECK_INTERVAL`.
pub const HEALTH_CHECK_INTERVAL: Setting = Group::Workers.setting(
    "HEALTH_CHECK_INTERVAL",
    "healthCheckInterval",
    Kind::Interval {
        unit: Unit::Seconds,
        min: Duration::from_millis(100),
        // Some count this in milliseconds: 5000 without a unit must not be over an hour.
        max: Duration::from_secs(300),
    },
    "5s",
    "How often a worker is asked for its memory and how busy its event loop is.",
);

/// `MAX_REQUESTS_PER_WORKER`.
pub const MAX_REQUESTS_PER_WORKER: Setting = Group::Workers.setting(
    "MAX_REQUESTS_PER_WORKER",
    "maxRequestsPerWorker",
    Kind::Count {
        min: 0,
        max: 1_000_000_000,
    },
    "0",
    "Requests, 10 % more or less, after which a worker is replaced; its replacement is ready before it stops. 0 never does.",
);

/// `MAX_MEMORY_USAGE`.
pub const MAX_MEMORY_USAGE: Setting = Group::Workers.setting(
    "MAX_MEMORY_USAGE",
    "maxMemoryUsage",
    Kind::Memory {
        // The heap of a SvelteKit app that does nothing fits into half of it.
        min: 16 * MIB,
        max: 1024 * GIB,
    },
    "768M",
    "Memory of one worker, its heap and what it holds outside of it, above which it is replaced; its replacement is ready before it stops. A worker whose heap alone reaches twice that is ended. 0 does neither.",
);

/// `MAX_WORKER_AGE`.
pub const MAX_WORKER_AGE: Setting = Group::Workers.setting(
    "MAX_WORKER_AGE",
    "maxWorkerAge",
    SECONDS,
    "0",
    "Age, 10 % more or less, at which a worker is replaced; its replacement is ready before it stops. 0 never does.",
);

/// `KEEP_BUILDS`.
pub const KEEP_BUILDS: Setting = Group::Workers.setting(
    "KEEP_BUILDS",
    "keepBuilds",
    Kind::Count { min: 0, max: 100 },
    "2",
    "When a new build is taken over: how many earlier ones are remembered whose immutable files are still served, so that open tabs find their chunks.",
);
