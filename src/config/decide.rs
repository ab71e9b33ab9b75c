//! From a hand-off and an environment to a [`Config`], stage by stage. Nothing returns early:
//! a start with five mistakes tells of five.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use http::HeaderName;

use super::decided::{
    AssetLimits, ClientAddress, Config, Exported, Limits, Listen, Timeouts, WebSocket, Workers,
};
use super::errors::{ConfigErrors, quoted};
use super::handoff::Handoff;
use super::setting::Kind;
use super::settings::{
    ADDRESS_HEADER, ASSET_MEMORY_FILE_LIMIT, ASSET_MEMORY_LIMIT, BODY_SIZE_LIMIT, HEADERS_TIMEOUT,
    HOST_HEADER, IO_THREADS, KEEP_ALIVE_TIMEOUT, LOG_LEVEL, MAX_CONNECTIONS, MAX_HEADER_SIZE,
    MAX_HEADERS, ORIGIN, PORT_HEADER, PROTOCOL_HEADER, REQUEST_TIMEOUT, SHUTDOWN_TIMEOUT, SLOTS,
    UNREAD_BODY_LIMIT, WEB_OBJECTS, XFF_DEPTH,
};
use super::source::{Env, Source};
use super::{health, listen, origin, read, websocket, workers};
use crate::http::origin::OriginHeaders;

impl Config {
    /// Decides everything for a server that opens its own listener: `build/index.js`.
    ///
    /// # Errors
    /// Every mistake in the variables and the options, together.
    pub fn decide(handoff: Handoff, root: PathBuf, env: &dyn Env) -> Result<Config, ConfigErrors> {
        let pid = std::process::id();
        decide(handoff, root, env, |source, build| {
            let (listen, exported) = listen::decide(source, pid);
            Host {
                listen,
                exported,
                workers: workers::decide(source, cores()),
                websocket: websocket::decide(source, build),
            }
        })
    }

    /// Decides everything for a handler inside another server: `build/handler.js`. The
    /// variables of the listener are that server's, so they are neither read nor checked, and
    /// [`Config::listen`] must not be opened. The app runs in that server's thread.
    ///
    /// # Errors
    /// As [`Config::decide`].
    pub fn decide_embedded(
        handoff: Handoff,
        root: PathBuf,
        env: &dyn Env,
    ) -> Result<Config, ConfigErrors> {
        decide(handoff, root, env, |source, build| {
            let (listen, exported) = listen::unused();
            Host {
                listen,
                exported,
                workers: workers::decide_embedded(source, cores()),
                websocket: websocket::decide_embedded(source, build),
            }
        })
    }
}

/// What depends on whose process it is.
struct Host {
    listen: Listen,
    exported: Exported,
    workers: Workers,
    websocket: Option<WebSocket>,
}

fn decide(
    handoff: Handoff,
    root: PathBuf,
    env: &dyn Env,
    host: impl FnOnce(&mut Source<'_>, &Handoff) -> Host,
) -> Result<Config, ConfigErrors> {
    let mut source = Source::new(env, &handoff.env_prefix, &handoff.options);
    source.refuse_unknown();
    let Host {
        listen,
        exported,
        workers,
        websocket,
    } = host(&mut source, &handoff);
    let origin = fixed_origin(&mut source, handoff.origin.clone());
    let origin_headers = origin_headers(&mut source, origin.is_some());
    let address = client_address(&mut source);
    let timeouts = timeouts(&mut source);
    let limits = limits(&mut source);
    let assets = asset_limits(&mut source);
    let health = health::decide(&mut source, &handoff);
    let log_level = source.take_or_default(&LOG_LEVEL, read::level);
    let web_objects = source.take_or_default(&WEB_OBJECTS, read::web_objects);
    let io_threads = (source.take(&IO_THREADS, read::count)).unwrap_or_else(default_io_threads);
    let warnings = source.finish()?;

    Ok(Config {
        build: handoff,
        root,
        listen,
        exported,
        timeouts,
        limits,
        origin,
        origin_headers,
        address,
        health,
        assets,
        workers,
        websocket,
        log_level,
        web_objects,
        io_threads,
        warnings,
    })
}

fn fixed_origin(source: &mut Source<'_>, baked: Option<String>) -> Option<String> {
    let Some(text) = source.variable_text(&ORIGIN) else {
        return baked;
    };
    let name = source.variable(ORIGIN.env);
    let origin = match origin::parse(&text) {
        Ok(origin) => origin,
        Err(error) => {
            let takes = format!("{}: {error}", Kind::Origin.takes());
            source.mistake(&name, &quoted(&text), &takes);
            return baked;
        }
    };
    if let Some(baked) = baked.filter(|baked| *baked != origin) {
        source.warn(format!(
            "{name}={origin} differs from paths.origin {baked} of the build: {origin} counts for \
             requests, but prerendered pages were written with {baked}"
        ));
    }
    Some(origin)
}

fn origin_headers(source: &mut Source<'_>, fixed: bool) -> OriginHeaders {
    let mut header = |setting| -> Option<HeaderName> {
        let header = source.take(&setting, read::header);
        if fixed && header.is_some() {
            let name = source.variable(setting.env);
            source.warn(format!("{name} has no effect: the origin is fixed"));
        }
        header
    };
    OriginHeaders {
        protocol: header(PROTOCOL_HEADER),
        host: header(HOST_HEADER),
        port: header(PORT_HEADER),
    }
}

fn client_address(source: &mut Source<'_>) -> ClientAddress {
    let header = source.take(&ADDRESS_HEADER, read::header);
    let address = ClientAddress {
        header: header.map(|name| name.as_str().to_owned()),
        xff_depth: source.take_or_default(&XFF_DEPTH, read::integer),
        header_variable: source.variable(ADDRESS_HEADER.env),
        xff_depth_variable: source.variable(XFF_DEPTH.env),
    };
    if address.header.as_deref() != Some("x-forwarded-for") {
        let reason = format!("it needs {}=x-forwarded-for", address.header_variable);
        source.no_effect(&XFF_DEPTH, &reason);
    }
    address
}

fn timeouts(source: &mut Source<'_>) -> Timeouts {
    Timeouts {
        keep_alive: source.take_or_default(&KEEP_ALIVE_TIMEOUT, read::timeout),
        headers: source.take_or_default(&HEADERS_TIMEOUT, read::timeout),
        request: source.take_or_default(&REQUEST_TIMEOUT, read::timeout),
        shutdown: source.take_or_default(&SHUTDOWN_TIMEOUT, read::duration),
    }
}

fn limits(source: &mut Source<'_>) -> Limits {
    let body = source.take_or_default(&BODY_SIZE_LIMIT, read::body_limit);
    if source.variable_text(&BODY_SIZE_LIMIT).as_deref() == Some("") {
        let name = source.variable(BODY_SIZE_LIMIT.env);
        source.warn(format!(
            "{name} is empty, which means 0: every request with a body is refused"
        ));
    }
    Limits {
        max_headers: source.take_or_default(&MAX_HEADERS, read::count),
        max_header_size: to_usize(source.take_or_default(&MAX_HEADER_SIZE, read::bytes)),
        max_connections: source.take_or_default(&MAX_CONNECTIONS, read::count),
        body,
        unread_body: source.take_or_default(&UNREAD_BODY_LIMIT, read::bytes),
        slots: source.take_or_default(&SLOTS, read::count),
    }
}

fn asset_limits(source: &mut Source<'_>) -> AssetLimits {
    AssetLimits {
        file: source.take_or_default(&ASSET_MEMORY_FILE_LIMIT, read::bytes),
        total: source.take_or_default(&ASSET_MEMORY_LIMIT, read::bytes),
    }
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The cores that the process may use, a container's quota included.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn default_io_threads() -> usize {
    io_threads_for(cores())
}

/// One thread serves more requests than four cores of rendering can produce.
fn io_threads_for(cores: usize) -> usize {
    (cores / 4).max(1)
}

#[cfg(test)]
mod tests;
