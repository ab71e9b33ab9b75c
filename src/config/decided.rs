//! The decided configuration: plain data in which every question has an answer. What is
//! `Option` here is an answer too ("no timeout", "no such header"), never "not said".

use std::path::PathBuf;
use std::time::Duration;

use super::handoff::Handoff;
use crate::http::origin::OriginHeaders;
use crate::telemetry::log::Level;
use crate::{link, ws};

/// Everything the server needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// The build it serves: its facts. Its settings (`options`, `origin`) are decided below.
    pub build: Handoff,
    /// The build directory; file names of the build are relative to it.
    pub root: PathBuf,
    /// The listener to open.
    pub listen: Listen,
    /// What `build/index.js` exports to scripts that import it.
    pub exported: Exported,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How much there may be of things.
    pub limits: Limits,
    /// The origin of all requests, where one is fixed: `ORIGIN`, else `paths.origin`.
    /// Otherwise [`Config::origin_headers`] and `host` decide for each request.
    pub origin: Option<String>,
    /// The headers a proxy in front puts the parts of the origin into.
    pub origin_headers: OriginHeaders,
    /// Where a client's address is read from.
    pub address: ClientAddress,
    /// The built-in health endpoints, unless switched off.
    pub health: Option<HealthPaths>,
    /// What of the assets stays in memory.
    pub assets: AssetLimits,
    /// The threads that run the app, and what waits for them.
    pub workers: Workers,
    /// The WebSockets, where there are any.
    pub websocket: Option<WebSocket>,
    /// The least important line that is still logged.
    pub log_level: Level,
    /// Whose web objects routes see.
    pub web_objects: WebObjects,
    /// Threads of the native side; JavaScript's own thread is not among them.
    pub io_threads: usize,
    pub(super) warnings: Vec<String>,
}

impl Config {
    /// What is allowed but probably not meant; one line each, to be logged once at start.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Whose `Request`, `Response` and `Headers` routes see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebObjects {
    /// Ours, which put off what most routes never ask for.
    Light,
    /// The platform's.
    Native,
}

/// The listener to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// `HOST` and `PORT`.
    Tcp {
        /// A name or an address; `::` where `HOST` is empty, which asks for every address.
        host: String,
        /// 0 asks the system for a free one.
        port: u16,
    },
    /// `SOCKET_PATH`.
    Unix {
        /// The socket's file; a stale one of size 0 is replaced.
        path: PathBuf,
    },
    /// A listener that systemd opened and handed over.
    Activated {
        /// The descriptor: always 3.
        fd: i32,
        /// `IDLE_TIMEOUT`: end once no request has been open for so long, counted from the
        /// end of the first one.
        idle_timeout: Timeout,
    },
}

/// The raw settings of the listener, which adapter-node exports as `path`, `host`, `port`.
/// `None` is `false` there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// `SOCKET_PATH` as it was written.
    pub path: Option<String>,
    /// `HOST` as it was written, else `0.0.0.0`.
    pub host: String,
    /// `PORT` as it was written; else `3000`, or `None` with a `path`.
    pub port: Option<String>,
}

/// How long something may take; `None` means as long as it likes.
pub type Timeout = Option<Duration>;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// An idle connection between two requests.
    pub keep_alive: Timeout,
    /// A request's head, from its first byte on.
    pub headers: Timeout,
    /// From a request's head to the head of its answer.
    pub request: Timeout,
    /// A drain, after which connections still open are cut.
    pub shutdown: Duration,
}

/// How much there may be of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Header lines of one request.
    pub max_headers: usize,
    /// Bytes of one request's head. At least 8192, which hyper needs.
    pub max_header_size: usize,
    /// Connections open at once.
    pub max_connections: usize,
    /// Bytes of one request's body.
    pub body: BodyLimit,
    /// Bytes of a body nobody reads that are still drained to keep its connection.
    pub unread_body: u64,
    /// Slots kept ready.
    pub slots: usize,
}

/// The bound on a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLimit {
    /// So many bytes are accepted; 0 allows only empty bodies.
    Bytes(u64),
    /// No bound.
    Unlimited,
}

impl BodyLimit {
    /// Whether a body of this many bytes is within the bound.
    pub fn allows(self, bytes: u64) -> bool {
        match self {
            BodyLimit::Bytes(limit) => bytes <= limit,
            BodyLimit::Unlimited => true,
        }
    }

    /// The bound, where there is one.
    pub fn bytes(self) -> Option<u64> {
        match self {
            BodyLimit::Bytes(limit) => Some(limit),
            BodyLimit::Unlimited => None,
        }
    }
}

/// Where a client's address is read from. The values are checked when a route asks for the
/// address, as adapter-node does, so the names for its messages travel along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress {
    /// `ADDRESS_HEADER` in lower case; without it the socket's peer is the client.
    pub header: Option<String>,
    /// Which entry of `x-forwarded-for` counts, from the right, 1 the last. Below 1 is an
    /// error once it is used.
    pub xff_depth: i64,
    /// `ADDRESS_HEADER` with the prefix.
    pub header_variable: String,
    /// `XFF_DEPTH` with the prefix.
    pub xff_depth_variable: String,
}

/// Paths of the endpoints that answer without JavaScript, base not added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthPaths {
    /// 200 as long as the process lives.
    pub liveness: String,
    /// 200 while requests are welcome, 503 while draining.
    pub readiness: String,
}

/// What of the assets stays in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetLimits {
    /// A variant of more bytes is streamed from disk.
    pub file: u64,
    /// Bytes of all variants in memory together.
    pub total: u64,
}

/// The threads that run the app, and what waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workers {
    /// How many there are at start; at least 1, and within [`AutoScale`]'s bounds where there
    /// is one.
    pub count: usize,
    /// Whether they have threads of their own and so can be replaced. Otherwise there is one,
    /// in the main thread, and everything here that replaces workers is `None`.
    pub pooled: bool,
    /// Which worker gets an exchange.
    pub balancing: Balancing,
    /// Whether a client's exchanges go to the worker it had before.
    pub sticky: bool,
    /// Exchanges that wait in the line; at least 1. The next one gets 503.
    pub max_queue: usize,
    /// How long an exchange waits in the line; then it gets 503.
    pub queue_timeout: Timeout,
    /// Renders without an answer yet that one worker takes on; at least 1.
    pub max_in_flight: usize,
    /// A worker that gives no sign of life for so long while something waits for it is ended.
    pub unresponsive_timeout: Timeout,
    /// How often a worker is asked how it is; never zero.
    pub health_check_interval: Duration,
    /// When a worker is replaced that has nothing wrong with it.
    pub recycle: Recycle,
    /// The bytes of heap at which a worker is ended: twice
    /// [`Recycle::max_memory`], so that a worker is replaced in peace long before, and yet one
    /// request that eats memory takes down its worker and not the machine.
    pub memory_limit: Option<u64>,
    /// How the number of workers follows the load; otherwise it stays at [`Workers::count`].
    pub auto_scale: Option<AutoScale>,
    /// Builds before the current one whose immutable files are still served.
    pub keep_builds: usize,
}

/// Which worker gets an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balancing {
    /// Each in turn.
    RoundRobin,
    /// The one with the fewest exchanges in flight.
    LeastConnections,
    /// The one whose thread is the least busy.
    CpuBased,
}

/// When a worker is replaced that has nothing wrong with it. `None` is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recycle {
    /// After so many requests, give or take.
    pub max_requests: Option<u64>,
    /// Once its heap and what it holds outside of it are more bytes than this.
    pub max_memory: Option<u64>,
    /// Once it is so old, give or take.
    pub max_age: Timeout,
}

/// How the number of workers follows the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoScale {
    /// The fewest workers; at least 1.
    pub min: usize,
    /// The most workers; at least [`AutoScale::min`].
    pub max: usize,
    /// Percent of their threads' time above which there are too few of them.
    pub cpu_percent: u8,
    /// Percent of the machine's memory in use above which there are too many of them.
    pub memory_percent: u8,
}

/// The WebSockets: who may open one, and what bounds them.
#[derive(Debug, Clone)]
pub struct WebSocket {
    /// Where hooks without a path of their own are reached, base included.
    pub path: String,
    /// Origins whose pages may open sockets besides the server's own, as browsers write them;
    /// `*` is any.
    pub allowed_origins: Vec<String>,
    /// Whether a client has to send its origin, as browsers do.
    pub require_origin: bool,
    /// How often one address may try; `None` is as often as it likes.
    pub upgrade_rate: Option<Rate>,
    /// Topics that any peer may have; one that ends with `*` stands for all that begin so.
    pub public_topics: Vec<String>,
    /// Through which Redis the hub is joined with others.
    pub redis: Option<link::Settings>,
    /// The bounds of the hub.
    pub limits: ws::Limits,
    /// `WEBSOCKET_UPGRADE_RATE_LIMIT` with the prefix.
    pub upgrade_rate_variable: String,
    /// `WEBSOCKET_MAX_PEERS_PER_ADDRESS` with the prefix.
    pub peers_per_address_variable: String,
    /// `WEBSOCKET_MAX_PEERS` with the prefix.
    pub peers_variable: String,
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In how long; never zero.
    pub period: Duration,
}
