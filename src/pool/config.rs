//! What the user has decided about the pool, as the policy needs it.

use std::time::Duration;

/// The policy's settings; decided, so that nothing is open any more. `None` is "never".
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyConfig {
    /// Workers at the start; kept within [`PolicyConfig::auto_scale`]'s bounds.
    pub count: usize,
    /// When a healthy worker is replaced.
    pub recycle: Recycle,
    /// A worker that gives no sign of life for longer is killed.
    pub unresponsive_timeout: Option<Duration>,
    /// What a worker that is drained gets for its open exchanges, and what the process gets
    /// from [`Event::Stop`](super::Event::Stop) on.
    pub shutdown_timeout: Duration,
    /// A worker that takes longer to start is killed; that counts as a failed start.
    pub start_timeout: Duration,
    /// Whether and how the number of workers follows the load.
    pub auto_scale: Option<AutoScale>,
}

/// When a healthy worker is replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recycle {
    /// After that many requests, 10 % more or less for each worker.
    pub max_requests: Option<u64>,
    /// Once its heap and external memory are larger, in bytes.
    pub max_memory: Option<u64>,
    /// That long after it was ready, 10 % more or less for each worker.
    pub max_age: Option<Duration>,
}

/// How the number of workers follows the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoScale {
    /// No fewer.
    pub min: usize,
    /// No more.
    pub max: usize,
    /// The workers' average share of their threads' time, in percent, above which one is
    /// added; below half of it one is taken.
    pub cpu_percent: u8,
    /// The share of the system's memory in use, in percent, above which none is added and
    /// at last one is taken.
    pub memory_percent: u8,
}
