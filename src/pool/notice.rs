//! What the pool does, for the log. A death is one notice, given when the policy writes the
//! worker off; its thread's end is a detail then. How a notice reads stands in `line.rs`.

use std::time::Duration;

use super::words::{BuildId, Cause, ScaleWhy, Seat, Who, Why};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A worker is being started.
    Starting {
        /// Which.
        who: Who,
    },
    /// A worker takes exchanges.
    Ready {
        /// Which.
        who: Who,
        /// How long its start took.
        took: Duration,
    },
    /// A worker has died, or was killed for what it did.
    Died {
        /// Which.
        who: Who,
        /// It had not been ready.
        starting: bool,
        /// What it died of.
        cause: Cause,
        /// Since it was ready, else since it was started.
        lived: Duration,
        /// Workers of its seat that have died so far, this one among them.
        restarts: u64,
        /// When another starts in its place; none does when it was leaving or another has.
        retry_in: Option<Duration>,
    },
    /// A worker's successor is ready; it drains.
    Replaced {
        /// The old worker.
        who: Who,
        /// Its successor.
        by: Who,
        /// `restart`, `take-over`, `memory`, `requests` or `age`.
        why: &'static str,
        /// Requests it was given.
        requests: u64,
        /// Its heap and external memory at last, in bytes.
        memory: u64,
        /// How long it was there.
        lived: Duration,
    },
    /// A worker that was drained did not finish in time: what it still has is cut.
    Cut {
        /// Which.
        who: Who,
    },
    /// A worker has ended as it was asked to.
    Ended {
        /// Which.
        who: Who,
        /// How long it was there.
        lived: Duration,
    },
    /// A worker was killed that had done nothing wrong, or had not ended in time.
    Terminated {
        /// Which.
        who: Who,
        /// Why.
        why: Why,
    },
    /// The thread of a worker that was killed has gone.
    Gone {
        /// Which.
        who: Who,
        /// Why it was killed.
        why: Why,
        /// How long that took.
        took: Duration,
    },
    /// A seat stays empty because workers that were killed or drain are still there.
    Crowded {
        /// Which seat.
        seat: Seat,
        /// How many.
        leaving: usize,
    },
    /// There are more seats, or fewer.
    Scaled {
        /// So many there were.
        from: usize,
        /// So many there are.
        to: usize,
        /// Why.
        why: ScaleWhy,
    },
    /// A restart was wished.
    Restarting {
        /// The build the new workers run.
        build: BuildId,
    },
    /// All workers have started anew.
    Restarted {
        /// The build they run.
        build: BuildId,
        /// Since it was wished.
        took: Duration,
    },
    /// The restart's workers do not start: those that are there stay.
    RestartFailed {
        /// So many tries failed.
        failures: u32,
        /// What the last died of.
        cause: Cause,
    },
    /// A new build was wished.
    TakingOver {
        /// The new build.
        build: BuildId,
        /// The current one.
        from: BuildId,
    },
    /// The first worker of the new build is ready: its assets and routes are current.
    Switched {
        /// The new build.
        build: BuildId,
        /// The one that was current.
        from: BuildId,
    },
    /// All workers run the new build.
    TakenOver {
        /// The new build.
        build: BuildId,
        /// Since it was wished.
        took: Duration,
    },
    /// The new build does not become current.
    Refused {
        /// The new build.
        build: BuildId,
        /// The one that stays current.
        stays: BuildId,
        /// Why.
        reason: String,
    },
    /// Readiness fails.
    Unready {
        /// Why.
        reason: String,
    },
    /// Readiness is back.
    ReadyAgain,
    /// No worker has ever started.
    GaveUp {
        /// Why.
        reason: String,
    },
    /// The process drains.
    Stopping {
        /// So many workers are ready.
        ready: usize,
    },
    /// The workers have ended.
    Stopped {
        /// So many threads did not go.
        stuck: usize,
    },
}
