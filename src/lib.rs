//! The native half of `svelte-adapter-oxide`: one process, one port, all cores;
//! everything that is not the user's JavaScript happens here.
//!
//! Imports run one way:
//! `napi -> config -> server -> {router, assets, dispatch, compress, limit, ws} -> http`,
//! and `telemetry` is a leaf that anyone may call. `pool` decides when workers are started,
//! replaced and ended: plain data in, plain data out. ARCHITECTURE.md is the map.

pub mod assets;
pub mod compress;
pub mod config;
pub mod dispatch;
pub mod http;
pub mod limit;
pub mod link;
pub mod pool;
pub mod router;
pub mod server;
pub mod telemetry;
pub mod ws;

#[cfg(feature = "napi")]
mod napi;
