//! What the user has decided about the pool, as the policy needs it.

use std::time::Duration;

pub use crate::config::{AutoScale, Recycle};

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
