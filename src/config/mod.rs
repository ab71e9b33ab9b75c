//! Raw settings in, one decided [`Config`] out; every mistake reported at once.
//!
//! ```text
//! decide     the way from the one to the other, in order
//! handoff    what the build says of itself (oxide.json)
//! settings   the table of all settings: names, kinds, defaults, words for the docs
//! setting    what one row of it is
//! source     where a raw value comes from: environment, option, default
//! read       a raw value as the table asks for it, by means of
//! parse        ports, durations, sizes, numbers, and
//! origin       the origin of a URL
//! listen     which listener is asked for
//! health     where the health endpoints are
//! workers    how many workers there are, where they run, and when one is replaced
//! websocket  whether there are WebSockets, and what bounds them
//! decided    what comes out: plain data, read by the rooms below
//! errors     every mistake, in one message
//! reference  the table as Markdown, for docs/configuration.md
//! ```
//!
//! Nothing here does I/O but [`Handoff::load`], and nothing here is asked twice: a setting
//! is read once, at start.

mod decide;
pub mod decided;
pub mod errors;
pub mod handoff;
mod health;
mod listen;
pub mod origin;
pub mod parse;
mod read;
pub mod reference;
pub mod setting;
pub mod settings;
pub mod source;
mod websocket;
mod workers;

pub use decided::{
    AssetLimits, AutoScale, Balancing, BodyLimit, ClientAddress, Config, Exported, HealthPaths,
    Limits, Listen, Rate, Recycle, Timeout, Timeouts, WebObjects, WebSocket, Workers,
};
pub use errors::{ConfigErrors, Mistake};
pub use handoff::{Handoff, HandoffError};
pub use settings::MOST_WORKERS;
pub use source::Env;
