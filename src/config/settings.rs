//! The table of all settings. It is what the parser walks, what an unknown name is compared
//! with and what docs/configuration.md is written from, so that the three cannot differ.
//!
//! Names and meanings are adapter-node's where it has them.
//!
//! ```text
//! listener   where the server listens
//! origin     who the server is, and who asks
//! limits     how long things may take, how much there may be of them, what stays in memory
//! workers    the threads that run the app, and what waits for them
//! websocket  who may open sockets, and what bounds them
//! operation  for those who run it
//! ```

use super::parse::Unit;
use super::setting::{Kind, Setting};

mod limits;
mod listener;
mod operation;
mod origin;
mod websocket;
mod workers;

pub use limits::*;
pub use listener::*;
pub use operation::*;
pub use origin::*;
pub use websocket::*;
pub use workers::*;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

const SECONDS: Kind = Kind::Timeout(Unit::Seconds);

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
    WEBSOCKET_ENABLED,
    WEBSOCKET_PATH,
    WEBSOCKET_ALLOWED_ORIGINS,
    WEBSOCKET_REQUIRE_ORIGIN,
    WEBSOCKET_UPGRADE_RATE_LIMIT,
    WEBSOCKET_MAX_PEERS,
    WEBSOCKET_MAX_PEERS_PER_ADDRESS,
    WEBSOCKET_MAX_SUBSCRIPTIONS,
    WEBSOCKET_MAX_TOPICS,
    WEBSOCKET_MAX_MESSAGE_SIZE,
    WEBSOCKET_MAX_QUEUED_BYTES,
    WEBSOCKET_OVERFLOW,
    WEBSOCKET_HEARTBEAT,
    WEBSOCKET_IDLE_TIMEOUT,
    WEBSOCKET_REPLAY_SIZE,
    WEBSOCKET_REPLAY_TTL,
    WEBSOCKET_PUBLIC_TOPICS,
    REDIS_URL,
    REDIS_PREFIX,
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
