//! What the settings of WebSockets mean together: whether there are any, and what bounds them.
//! The option `websocket` is a switch, or an object that holds the others and is one too.

use serde_json::Value;

use super::decided::WebSocket;
use super::errors::shown;
use super::handoff::Handoff;
use super::read;
use super::setting::Group;
use super::settings::{
    REDIS_PREFIX, REDIS_URL, SETTINGS, WEBSOCKET_ALLOWED_ORIGINS, WEBSOCKET_ENABLED,
    WEBSOCKET_HEARTBEAT, WEBSOCKET_IDLE_TIMEOUT, WEBSOCKET_MAX_MESSAGE_SIZE, WEBSOCKET_MAX_PEERS,
    WEBSOCKET_MAX_PEERS_PER_ADDRESS, WEBSOCKET_MAX_QUEUED_BYTES, WEBSOCKET_MAX_SUBSCRIPTIONS,
    WEBSOCKET_MAX_TOPICS, WEBSOCKET_OVERFLOW, WEBSOCKET_PATH, WEBSOCKET_PUBLIC_TOPICS,
    WEBSOCKET_REPLAY_SIZE, WEBSOCKET_REPLAY_TTL, WEBSOCKET_REQUIRE_ORIGIN,
    WEBSOCKET_UPGRADE_RATE_LIMIT,
};
use super::source::{Given, Raw, Source};
use crate::link;
use crate::ws::{Limits, Replay};

/// The sockets of a server of our own.
pub(super) fn decide(source: &mut Source<'_>, build: &Handoff) -> Option<WebSocket> {
    let on = enabled(source).map_or(build.hooks_ws, |said| said.value);
    // read either way: a mistake is one also where it has no effect yet
    let mut decided = asked(source, build);
    if on {
        decided.redis = redis(source);
    }
    if !on {
        let reason = format!("{} is not true", source.variable(WEBSOCKET_ENABLED.env));
        no_effect(source, &reason);
    }
    on.then_some(decided)
}

/// None inside another server, whose sockets are its own.
pub(super) fn decide_embedded(source: &mut Source<'_>, build: &Handoff) -> Option<WebSocket> {
    let wanted = enabled(source);
    asked(source, build);
    let reason = "build/handler.js leaves upgrades to the server it is used in";
    no_effect(source, reason);
    if let Some(Given { name, value: true }) = wanted {
        source.warn(format!("{name} has no effect: {reason}"));
    }
    None
}

fn no_effect(source: &mut Source<'_>, reason: &str) {
    let settings = SETTINGS.iter().filter(|s| s.group == Group::WebSocket);
    // that of Redis may be there for the app's own sake
    let others = [WEBSOCKET_ENABLED.env, REDIS_URL.env];
    for setting in settings.filter(|s| !others.contains(&s.env)) {
        source.no_effect(setting, reason);
    }
}

/// What somebody said.
fn enabled(source: &mut Source<'_>) -> Option<Given<bool>> {
    let option = source.given_option(&WEBSOCKET_ENABLED);
    let option = option.and_then(|Raw { name, value, kind }| {
        let value = match &value {
            Value::Bool(on) => *on,
            Value::Object(_) => true,
            other => {
                source.mistake(&name, &shown(other), &kind.takes());
                return None;
            }
        };
        Some(Given { name, value })
    });
    let switch = source.environment(&WEBSOCKET_ENABLED);
    let switch = switch.and_then(|raw| {
        let value = source.read(&raw, read::switch)?;
        let name = raw.name;
        Some(Given { name, value })
    });
    switch.or(option)
}

fn asked(source: &mut Source<'_>, build: &Handoff) -> WebSocket {
    let path = source.take_or_default(&WEBSOCKET_PATH, read::url_path);
    WebSocket {
        path: format!("{}{path}", build.base),
        allowed_origins: source.take_list(&WEBSOCKET_ALLOWED_ORIGINS, read::allowed_origin),
        require_origin: source.take_or_default(&WEBSOCKET_REQUIRE_ORIGIN, read::switch),
        upgrade_rate: source.take_or_default(&WEBSOCKET_UPGRADE_RATE_LIMIT, read::rate),
        public_topics: source.take_list(&WEBSOCKET_PUBLIC_TOPICS, read::topics),
        redis: None,
        limits: limits(source),
        upgrade_rate_variable: source.variable(WEBSOCKET_UPGRADE_RATE_LIMIT.env),
        peers_per_address_variable: source.variable(WEBSOCKET_MAX_PEERS_PER_ADDRESS.env),
        peers_variable: source.variable(WEBSOCKET_MAX_PEERS.env),
    }
}

/// Not read where there are no sockets: the variable may be the app's own, with a URL of its own kind.
fn redis(source: &mut Source<'_>) -> Option<link::Settings> {
    let prefix = source.take_or_default(&REDIS_PREFIX, read::channel_prefix);
    let Some(url) = source.take(&REDIS_URL, read::redis_url) else {
        let reason = format!("{} is not set", source.variable(REDIS_URL.env));
        source.no_effect(&REDIS_PREFIX, &reason);
        return None;
    };
    Some(link::Settings { url, prefix })
}

fn limits(source: &mut Source<'_>) -> Limits {
    let bytes = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
    let defaults = Limits::default();
    let message = bytes(source.take_or_default(&WEBSOCKET_MAX_MESSAGE_SIZE, read::bytes));
    Limits {
        peers: source.take_or_default(&WEBSOCKET_MAX_PEERS, read::count),
        peers_per_address: source.take_or_default(&WEBSOCKET_MAX_PEERS_PER_ADDRESS, read::count),
        subscriptions: source.take_or_default(&WEBSOCKET_MAX_SUBSCRIPTIONS, read::count),
        topics: source.take_or_default(&WEBSOCKET_MAX_TOPICS, read::count),
        message_bytes: message,
        frame_bytes: message,
        // what came in can be sent on
        outgoing_bytes: defaults.outgoing_bytes.max(message),
        mailbox_bytes: defaults.mailbox_bytes.max(message),
        queued_bytes: bytes(source.take_or_default(&WEBSOCKET_MAX_QUEUED_BYTES, read::bytes)),
        overflow: source.take_or_default(&WEBSOCKET_OVERFLOW, read::overflow),
        heartbeat: source.take_or_default(&WEBSOCKET_HEARTBEAT, read::interval),
        idle: source.take_or_default(&WEBSOCKET_IDLE_TIMEOUT, read::timeout),
        replay: Replay {
            size: source.take_or_default(&WEBSOCKET_REPLAY_SIZE, read::count),
            ttl: source.take_or_default(&WEBSOCKET_REPLAY_TTL, read::duration),
        },
        ..defaults
    }
}
