//! The settings of WebSockets: whether there are any, who may open one, and what bounds them.
//! `config/websocket.rs` decides what they mean together; the bounds are `ws::Limits`.

use std::time::Duration;

use super::{GIB, KIB, SECONDS};
use crate::config::parse::Unit;
use crate::config::setting::{Alias, Group, Kind, Setting};

/// Of peers and topics: more than this is a mistyped number.
const MANY: Kind = Kind::Count {
    min: 1,
    max: 10_000_000,
};

const BYTES: Kind = Kind::Bytes { min: KIB, max: GIB };

/// `WEBSOCKET_ENABLED`.
pub const WEBSOCKET_ENABLED: Setting = Setting {
    env: "WEBSOCKET_ENABLED",
    aliases: &[],
    option: Some(Alias {
        name: "websocket",
        kind: Kind::WebSocket,
    }),
    kind: Kind::Switch,
    default: "",
    group: Group::WebSocket,
    doc: "Whether clients may open WebSockets. By default they may if the app has `src/hooks.ws.js` or `.ts`. An object of the options below switches them on as well.",
};

/// `WEBSOCKET_PATH`.
pub const WEBSOCKET_PATH: Setting = Group::WebSocket.setting(
    "WEBSOCKET_PATH",
    "websocket.path",
    Kind::UrlPath,
    "/ws",
    "Where the hooks that stand in `src/hooks.ws` by themselves are reached, below `paths.base`.",
);

/// `WEBSOCKET_ALLOWED_ORIGINS`.
pub const WEBSOCKET_ALLOWED_ORIGINS: Setting = Group::WebSocket.setting(
    "WEBSOCKET_ALLOWED_ORIGINS",
    "websocket.allowedOrigins",
    Kind::Origins,
    "",
    "Whose pages may open sockets besides the app's own; `*` is anybody's. A page of another origin gets 403. Behind a proxy that changes `host`, set `ORIGIN` or `HOST_HEADER`.",
);

/// `WEBSOCKET_REQUIRE_ORIGIN`.
pub const WEBSOCKET_REQUIRE_ORIGIN: Setting = Group::WebSocket.setting(
    "WEBSOCKET_REQUIRE_ORIGIN",
    "websocket.requireOrigin",
    Kind::Switch,
    "false",
    "Refuse a handshake without an `origin` header with 403. Browsers always send one, other programs rarely do.",
);

/// `WEBSOCKET_UPGRADE_RATE_LIMIT`.
pub const WEBSOCKET_UPGRADE_RATE_LIMIT: Setting = Group::WebSocket.setting(
    "WEBSOCKET_UPGRADE_RATE_LIMIT",
    "websocket.upgradeRateLimit",
    Kind::Rate,
    "20/10s",
    "How many handshakes one client address may begin in which time, in a burst or spread; further ones get 429 with `retry-after`. IPv6 addresses count by their network (/64). Behind a proxy, set `ADDRESS_HEADER`, or all clients count as one. 0 is no limit.",
);

/// `WEBSOCKET_MAX_PEERS`.
pub const WEBSOCKET_MAX_PEERS: Setting = Group::WebSocket.setting(
    "WEBSOCKET_MAX_PEERS",
    "websocket.maxPeers",
    MANY,
    "50000",
    "Sockets open at once; further ones get 503 with `retry-after`. Each is a connection of `MAX_CONNECTIONS` as well.",
);

/// `WEBSOCKET_MAX_PEERS_PER_ADDRESS`.
pub const WEBSOCKET_MAX_PEERS_PER_ADDRESS: Setting = Group::WebSocket.setting(
    "WEBSOCKET_MAX_PEERS_PER_ADDRESS",
    "websocket.maxPeersPerAddress",
    MANY,
    "1000",
    "Sockets of one client address open at once; further ones get 429 with `retry-after`. Behind a proxy, set `ADDRESS_HEADER`.",
);

/// `WEBSOCKET_MAX_SUBSCRIPTIONS`.
pub const WEBSOCKET_MAX_SUBSCRIPTIONS: Setting = Group::WebSocket.setting(
    "WEBSOCKET_MAX_SUBSCRIPTIONS",
    "websocket.maxSubscriptions",
    MANY,
    "256",
    "Topics that one peer may have; a further subscription is refused.",
);

/// `WEBSOCKET_MAX_TOPICS`.
pub const WEBSOCKET_MAX_TOPICS: Setting = Group::WebSocket.setting(
    "WEBSOCKET_MAX_TOPICS",
    "websocket.maxTopics",
    MANY,
    "100000",
    "Topics at once; a subscription that would make a further one is refused. Those that clients of one address made by asking may be a tenth of them. Behind a proxy, set `ADDRESS_HEADER`, or all clients count as one.",
);

/// `WEBSOCKET_MAX_MESSAGE_SIZE`.
pub const WEBSOCKET_MAX_MESSAGE_SIZE: Setting = Group::WebSocket.setting(
    "WEBSOCKET_MAX_MESSAGE_SIZE",
    "websocket.maxMessageSize",
    BYTES,
    "1M",
    "The largest message from a peer; one that sends more is closed with 1009.",
);

/// `WEBSOCKET_MAX_QUEUED_BYTES`.
pub const WEBSOCKET_MAX_QUEUED_BYTES: Setting = Group::WebSocket.setting(
    "WEBSOCKET_MAX_QUEUED_BYTES",
    "websocket.maxQueuedBytes",
    BYTES,
    "1M",
    "What may wait for a peer that reads slowly. Beyond it, `WEBSOCKET_OVERFLOW` decides; one message may always wait.",
);

/// `WEBSOCKET_OVERFLOW`.
pub const WEBSOCKET_OVERFLOW: Setting = Group::WebSocket.setting(
    "WEBSOCKET_OVERFLOW",
    "websocket.overflow",
    Kind::Overflow,
    "skip",
    "What happens beyond it: messages are left out, or the peer is closed with 1013 so that it comes again and resumes, or a message with a key replaces the waiting one with the same.",
);

/// `WEBSOCKET_HEARTBEAT`.
pub const WEBSOCKET_HEARTBEAT: Setting = Group::WebSocket.setting(
    "WEBSOCKET_HEARTBEAT",
    "websocket.heartbeat",
    Kind::Interval {
        unit: Unit::Seconds,
        min: Duration::from_secs(1),
        max: Duration::from_secs(24 * 60 * 60),
    },
    "30s",
    "Silence after which a peer is pinged; after as much again it is gone. Has to be shorter than the idle timeout of the load balancer in front.",
);

/// `WEBSOCKET_IDLE_TIMEOUT`.
pub const WEBSOCKET_IDLE_TIMEOUT: Setting = Group::WebSocket.setting(
    "WEBSOCKET_IDLE_TIMEOUT",
    "websocket.idleTimeout",
    SECONDS,
    "0",
    "How long a peer may send no message; it is closed with 1001 then. 0 never does.",
);

/// `WEBSOCKET_REPLAY_SIZE`.
pub const WEBSOCKET_REPLAY_SIZE: Setting = Group::WebSocket.setting(
    "WEBSOCKET_REPLAY_SIZE",
    "websocket.replay.size",
    Kind::Count {
        min: 0,
        max: 1_000_000,
    },
    "0",
    "Messages that each topic remembers, so that a client which comes back gets what it missed. 0 remembers none.",
);

/// `WEBSOCKET_REPLAY_TTL`.
pub const WEBSOCKET_REPLAY_TTL: Setting = Group::WebSocket.setting(
    "WEBSOCKET_REPLAY_TTL",
    "websocket.replay.ttl",
    Kind::Duration(Unit::Seconds),
    "60s",
    "How long each is remembered.",
);

/// `WEBSOCKET_PUBLIC_TOPICS`.
pub const WEBSOCKET_PUBLIC_TOPICS: Setting = Group::WebSocket.setting(
    "WEBSOCKET_PUBLIC_TOPICS",
    "websocket.publicTopics",
    Kind::Topics,
    "",
    "Topics that any peer may have without the `subscribe` hook being asked; one that ends with `*` stands for all that begin so.",
);

/// `REDIS_URL`.
pub const REDIS_URL: Setting = Group::WebSocket.setting(
    "REDIS_URL",
    "websocket.redis.url",
    Kind::RedisUrl,
    "",
    "Joins the hub with those of other processes that have the same: Redis from 6 on, or what speaks like it. `rediss://` is TLS. The option stands in the build with its password: prefer the variable. Without WebSockets it has no effect.",
);

/// `REDIS_PREFIX`.
pub const REDIS_PREFIX: Setting = Group::WebSocket.setting(
    "REDIS_PREFIX",
    "websocket.redis.prefix",
    Kind::Prefix,
    "oxide",
    "What the names of its channels in Redis begin with. Two apps, or two environments of one, that share a Redis need two.",
);
