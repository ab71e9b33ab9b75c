//! Where the server listens.

use super::SECONDS;
use crate::config::setting::{Group, Kind, Setting};

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
