//! How long things may take, how much there may be of them, and what stays in memory.

use super::{GIB, KIB, MIB, SECONDS};
use crate::config::parse::Unit;
use crate::config::setting::{Alias, Group, Kind, Setting};

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
