//! Raw settings in, one decided [`Config`] out; every mistake reported at once.
//!
//! ```text
//! handoff    what the build says of itself (oxide.json)
//! source     where a setting's raw value comes from: environment, option, default
//! settings   the table of all settings: names, kinds, defaults, words for the docs
//! parse      text -> ports, durations, sizes, header names
//! listen     which listener the settings ask for
//! decide     the stages above, in order
//! decided    what comes out: plain data, read by the rooms below
//! reference  the settings table as Markdown, for docs/configuration.md
//! ```
//!
//! Nothing here does I/O but [`Handoff::load`], and nothing here is asked twice: a setting
//! is read once, at start.

pub mod decided;
pub mod handoff;

pub use decided::{
    AssetLimits, BodyLimit, Build, ClientAddress, Config, Exported, HealthPaths, Limits, Listen,
    LogLevel, OriginHeaders, Timeout, Timeouts,
};
pub use handoff::Handoff;
