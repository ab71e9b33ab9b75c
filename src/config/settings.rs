//! The table of all settings. It is what the parser walks, what an unknown name is compared
//! with and what docs/configuration.md is written from, so that the three cannot differ.
//!
//! Names and meanings are adapter-node's where it has them.

use super::parse::Unit;
use super::setting::{Alias, Group, Kind, Setting};

mod workers;

pub use workers::*;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

const SECONDS: Kind = Kind::Timeout(Unit::Seconds);

/// `SOCKET_PATH`.
pub const SOCKET_PATH: Setting = Setting {
    env: "SOCKET_PATH",
    aliases: &[],
    option: None,
    kind: Kind::Path,
    default: "",
    group: Group::Listener,
    doc: "Listen on this Unix socket instead of `HOST` and `PORT`, which then have no effect. A stale socket file of size 0 is removed first.",
};

/// `HOST`.
pub const HOST: Setting = Setting {
    env: "HOST",
    aliases: &[],
    option: None,
    kind: Kind::Host,
    default: "0.0.0.0",
    group: Group::Listener,
    doc: "The address to listen on. Empty listens on all addresses, IPv6 included.",
};

/// `PORT`.
pub const PORT: Setting = Setting {
    env: "PORT",
    aliases: &[],
    option: None,
    kind: Kind::Port,
    default: "3000",
    group: Group::Listener,
    doc: "The port to listen on. 0 takes a free one; the line that is logged at start names it.",
};

/// `IDLE_TIMEOUT`.
pub const IDLE_TIMEOUT: Setting = Setting {
    env: "IDLE_TIMEOUT",
    aliases: &[],
    option: None,
    kind: SECONDS,
    default: "0",
    group: Group::Listener,
    doc: "Only with socket activation: drain and exit once no request has been open for so long, counted from the end of the first one. 0 never does.",
};

/// `ORIGIN`.
pub const ORIGIN: Setting = Setting {
    env: "ORIGIN",
    aliases: &[],
    option: None,
    kind: Kind::Origin,
    default: "",
    group: Group::Origin,
    doc: "The origin the site is reached at. Wins over `paths.origin` of the build. With neither, the three headers below and `host` decide for each request. Form posts from any other origin are refused by SvelteKit.",
};

/// `PROTOCOL_HEADER`.
pub const PROTOCOL_HEADER: Setting = Setting {
    env: "PROTOCOL_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says `http` or `https`, as `x-forwarded-proto`. Without it, requests count as `https`. A value with `:`, or several values: 400.",
};

/// `HOST_HEADER`.
pub const HOST_HEADER: Setting = Setting {
    env: "HOST_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says the host, as `x-forwarded-host`; where a request lacks it, `host` is read. Several values: 400.",
};

/// `PORT_HEADER`.
pub const PORT_HEADER: Setting = Setting {
    env: "PORT_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says the port, as `x-forwarded-port`. Not a number, or several values: 400.",
};

/// `ADDRESS_HEADER`.
pub const ADDRESS_HEADER: Setting = Setting {
    env: "ADDRESS_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says the client's address, for `event.getClientAddress()`, which throws for a request without it. Only name a header that your proxy always sets: clients can send any other themselves.",
};

/// `XFF_DEPTH`.
pub const XFF_DEPTH: Setting = Setting {
    env: "XFF_DEPTH",
    aliases: &[],
    option: None,
    kind: Kind::Integer,
    default: "1",
    group: Group::Origin,
    doc: "With `ADDRESS_HEADER=x-forwarded-for`: how many trusted proxies stand in front. Addresses are counted from the right, because clients can write what is on the left. `event.getClientAddress()` throws when it is below 1 or when there are fewer addresses.",
};

/// `KEEP_ALIVE_TIMEOUT`.
pub const KEEP_ALIVE_TIMEOUT: Setting = Setting {
    env: "KEEP_ALIVE_TIMEOUT",
    aliases: &[],
    option: Some(Alias {
        name: "keepAliveTimeout",
        kind: SECONDS,
    }),
    kind: SECONDS,
    // Load balancers close an idle connection after 60 s; the side behind them has to be
    // the later one, or a request is sent into a connection that is being closed.
    default: "65s",
    group: Group::Timeouts,
    doc: "How long an idle connection is kept between two requests; it is closed then. Has to be longer than that of the load balancer in front. 0 keeps it for good.",
};

/// `HEADERS_TIMEOUT`.
pub const HEADERS_TIMEOUT: Setting = Setting {
    env: "HEADERS_TIMEOUT",
    aliases: &[],
    option: Some(Alias {
        name: "headersTimeout",
        kind: SECONDS,
    }),
    kind: SECONDS,
    default: "66s",
    group: Group::Timeouts,
    doc: "How long a client may take to send the head of a request; the connection is closed then. 0 never closes it.",
};

/// `REQUEST_TIMEOUT`.
pub const REQUEST_TIMEOUT: Setting = Setting {
    env: "REQUEST_TIMEOUT",
    aliases: &[],
    option: Some(Alias {
        name: "requestTimeout",
        kind: SECONDS,
    }),
    kind: SECONDS,
    default: "120s",
    group: Group::Timeouts,
    doc: "How long a request may go without the head of its answer, counted from its own head; it is answered with 504 then and `event.request.signal` aborts. Bodies that are being streamed are not cut. 0 waits for good.",
};

/// `SHUTDOWN_TIMEOUT`.
pub const SHUTDOWN_TIMEOUT: Setting = Setting {
    env: "SHUTDOWN_TIMEOUT",
    aliases: &[Alias {
        name: "GRACEFUL_SHUTDOWN_TIMEOUT",
        kind: Kind::Duration(Unit::Milliseconds),
    }],
    option: Some(Alias {
        name: "gracefulShutdownTimeout",
        kind: Kind::Duration(Unit::Milliseconds),
    }),
    kind: Kind::Duration(Unit::Seconds),
    default: "30s",
    group: Group::Timeouts,
    doc: "How long a drain waits for open requests after SIGTERM or SIGINT; connections still open are cut then. 0 cuts them at once.",
};

/// `BODY_SIZE_LIMIT`.
pub const BODY_SIZE_LIMIT: Setting = Setting {
    env: "BODY_SIZE_LIMIT",
    aliases: &[Alias {
        name: "BODY_LIMIT",
        kind: Kind::BodyLimit,
    }],
    option: Some(Alias {
        name: "bodyLimit",
        kind: Kind::BodyLimit,
    }),
    kind: Kind::BodyLimit,
    default: "512K",
    group: Group::Limits,
    doc: "Bytes of a request's body. Beyond it, reading the body fails with SvelteKit's 413, and nothing more is read. 0 takes only requests without a body, `Infinity` any.",
};

/// `UNREAD_BODY_LIMIT`.
pub const UNREAD_BODY_LIMIT: Setting = Setting {
    env: "UNREAD_BODY_LIMIT",
    aliases: &[],
    option: None,
    kind: Kind::Bytes { min: 0, max: GIB },
    // Reading this much costs less than a new TLS connection to the proxy in front.
    default: "1M",
    group: Group::Limits,
    doc: "Bytes of a body which the app did not read that are read and dropped, so that the connection can be used again. Beyond it, the connection is closed after the answer.",
};

/// `MAX_HEADERS`.
pub const MAX_HEADERS: Setting = Setting {
    env: "MAX_HEADERS",
    aliases: &[],
    option: Some(Alias {
        name: "maxHeaders",
        kind: Kind::Count { min: 1, max: 4096 },
    }),
    kind: Kind::Count { min: 1, max: 4096 },
    default: "100",
    group: Group::Limits,
    doc: "Header lines of a request. Beyond it: 431, and the connection is closed.",
};

const HEADER_SIZES: Kind = Kind::Bytes {
    // hyper refuses to work with less.
    min: 8 * KIB,
    max: MIB,
};

/// `MAX_HEADER_SIZE`.
pub const MAX_HEADER_SIZE: Setting = Setting {
    env: "MAX_HEADER_SIZE",
    aliases: &[],
    option: Some(Alias {
        name: "maxHeaderSize",
        kind: HEADER_SIZES,
    }),
    kind: HEADER_SIZES,
    default: "64K",
    group: Group::Limits,
    doc: "Bytes of a request's head. Beyond it: 431, and the connection is closed.",
};

const CONNECTIONS: Kind = Kind::Count {
    min: 1,
    max: 1 << 24,
};

/// `MAX_CONNECTIONS`.
pub const MAX_CONNECTIONS: Setting = Setting {
    env: "MAX_CONNECTIONS",
    aliases: &[],
    option: Some(Alias {
        name: "maxConnections",
        kind: CONNECTIONS,
    }),
    kind: CONNECTIONS,
    // More than the ports one proxy has for reaching us (64,511 at most), so that a proxy
    // never meets it; some 16 KiB each, so that a flood stays within 1 GiB.
    default: "65536",
    group: Group::Limits,
    doc: "Connections open at once. Beyond it, further ones wait in the system's backlog until one closes. The process's limit of open files (`ulimit -n`) may be the lower bound.",
};

/// `SLOTS`.
pub const SLOTS: Setting = Setting {
    env: "SLOTS",
    aliases: &[],
    option: None,
    kind: Kind::Count {
        min: 1,
        max: 1 << 20,
    },
    default: "1000",
    group: Group::Limits,
    doc: "Slots for requests in flight that are kept ready. More are made when more requests are open, one per connection at most, and given up again later.",
};

const ASSET_FILE: Kind = Kind::Bytes { min: 0, max: GIB };

/// `ASSET_MEMORY_FILE_LIMIT`.
pub const ASSET_MEMORY_FILE_LIMIT: Setting = Setting {
    env: "ASSET_MEMORY_FILE_LIMIT",
    aliases: &[],
    option: Some(Alias {
        name: "assetMemoryFileLimit",
        kind: ASSET_FILE,
    }),
    kind: ASSET_FILE,
    default: "128K",
    group: Group::Assets,
    doc: "Bytes up to which a file of the build, in each of its encodings, is held in memory. Larger ones are streamed from disk. 0 holds none.",
};

const ASSET_TOTAL: Kind = Kind::Bytes {
    min: 0,
    max: 1024 * GIB,
};

/// `ASSET_MEMORY_LIMIT`.
pub const ASSET_MEMORY_LIMIT: Setting = Setting {
    env: "ASSET_MEMORY_LIMIT",
    aliases: &[],
    option: Some(Alias {
        name: "assetMemoryLimit",
        kind: ASSET_TOTAL,
    }),
    kind: ASSET_TOTAL,
    default: "64M",
    group: Group::Assets,
    doc: "Bytes of all files in memory together. What does not fit is streamed from disk.",
};

/// `HEALTH_CHECK`.
pub const HEALTH_CHECK: Setting = Setting {
    env: "HEALTH_CHECK",
    aliases: &[],
    option: Some(Alias {
        name: "healthCheck",
        kind: Kind::HealthCheck,
    }),
    kind: Kind::Switch,
    default: "true",
    group: Group::Operation,
    doc: "Answer `/health` (200 as long as the process lives) and `/readiness` (503 while draining) without JavaScript. The option can name other paths. Unless it is switched on explicitly, an app that has a route or a file at one of the paths keeps them.",
};

/// `LOG_LEVEL`.
pub const LOG_LEVEL: Setting = Setting {
    env: "LOG_LEVEL",
    aliases: &[],
    option: None,
    kind: Kind::Level,
    default: "info",
    group: Group::Operation,
    doc: "The least important lines that the server logs. Names that other loggers use (`fatal`, `silent`, `notice`, `http`, `verbose`, `trace`, …) are read as the nearest.",
};

/// `WEB_OBJECTS`.
pub const WEB_OBJECTS: Setting = Setting {
    env: "WEB_OBJECTS",
    aliases: &[],
    option: Some(Alias {
        name: "webObjects",
        kind: Kind::WebObjects,
    }),
    kind: Kind::WebObjects,
    default: "light",
    group: Group::Operation,
    doc: "What routes see as `Request`, `Response` and `Headers`: `light` ones, which cost a fraction and behave the same, or the platform's own with `native`. Should something of yours only work with `native`, please report it.",
};

/// `IO_THREADS`.
pub const IO_THREADS: Setting = Setting {
    env: "IO_THREADS",
    aliases: &[],
    option: None,
    kind: Kind::Count { min: 1, max: 1024 },
    default: "",
    group: Group::Operation,
    doc: "Native threads for connections, static files and compression. By default one for every four cores, at least one; JavaScript has its own thread.",
};

/// All settings, in the order of the reference.
pub static SETTINGS: &[Setting] = &[
    SOCKET_PATH,
    HOST,
    PORT,
    IDLE_TIMEOUT,
    ORIGIN,
    PROTOCOL_HEADER,
    HOST_HEADER,
    PORT_HEADER,
    ADDRESS_HEADER,
    XFF_DEPTH,
    KEEP_ALIVE_TIMEOUT,
    HEADERS_TIMEOUT,
    REQUEST_TIMEOUT,
    SHUTDOWN_TIMEOUT,
    BODY_SIZE_LIMIT,
    UNREAD_BODY_LIMIT,
    MAX_HEADERS,
    MAX_HEADER_SIZE,
    MAX_CONNECTIONS,
    SLOTS,
    ASSET_MEMORY_FILE_LIMIT,
    ASSET_MEMORY_LIMIT,
    CLUSTER_WORKERS,
    ISOLATED_WORKER,
    AUTO_SCALE,
    MIN_WORKERS,
    MAX_WORKERS,
    CPU_THRESHOLD,
    MEMORY_THRESHOLD,
    LOAD_BALANCING_STRATEGY,
    ENABLE_STICKY_SESSION,
    MAX_QUEUE,
    QUEUE_TIMEOUT,
    MAX_IN_FLIGHT,
    UNRESPONSIVE_TIMEOUT,
    HEALTH_CHECK_INTERVAL,
    MAX_REQUESTS_PER_WORKER,
    MAX_MEMORY_USAGE,
    MAX_WORKER_AGE,
    KEEP_BUILDS,
    HEALTH_CHECK,
    LOG_LEVEL,
    WEB_OBJECTS,
    IO_THREADS,
];

/// Set by systemd for the process it starts, and therefore never prefixed.
pub const LISTEN_PID: &str = "LISTEN_PID";
/// As [`LISTEN_PID`].
pub const LISTEN_FDS: &str = "LISTEN_FDS";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let mut variables = BTreeSet::new();
        let mut options = BTreeSet::new();
        for setting in SETTINGS {
            assert!(variables.insert(setting.env), "{}", setting.env);
            for alias in setting.aliases {
                assert!(variables.insert(alias.name), "{}", alias.name);
            }
            if let Some(option) = setting.option {
                assert!(options.insert(option.name), "{}", option.name);
            }
        }
    }
}
