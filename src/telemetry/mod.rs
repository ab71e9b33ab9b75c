//! A leaf that anyone may call: log lines for the people on call, and counters of what
//! the process has done and is doing. Exporters stand elsewhere and read from here.

pub mod counters;
pub mod log;
pub mod memory;
pub mod thread;

pub use counters::{Counter, Counters, Gauge, Snapshot, counters};
