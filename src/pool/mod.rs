//! The pool's policy: when a worker is started, drained, ended, killed or replaced, and how
//! many there are. It is a state machine: [`Policy::on`] takes what happened and the time,
//! and answers what to do. It reads no clock, starts no thread and knows neither Node nor
//! the dispatcher; whoever feeds it carries its [`Action`]s out.
//!
//! ```text
//! words       events, actions and the names in them       config     what the user decided
//! policy      the state machine: one event, its actions    status     a snapshot to show
//! worker      one worker's life, and its deadlines         notice     what is logged
//! seat        a place in the pool: deaths, respawns        line       and how it reads
//! backoff     how long a seat waits
//! replace     one worker for another, one at a time
//!   roll      because of a restart or a new build
//!   recycle   because of its requests, memory or age
//! scale       how many seats, by load or by hand
//! readiness   when the pool cannot serve, and giving up
//! stop        the end
//! ```
//!
//! A **seat** is a place in the pool, a worker's replacement takes the same one. At any time
//! a seat has at most one *occupant*, starting or ready; at most one worker in the whole pool
//! is *incoming*, a replacement that starts beside its seat's occupant. Workers that drain,
//! end or have been terminated have left their seat already.

mod backoff;
mod config;
mod line;
mod notice;
mod policy;
mod readiness;
mod recycle;
mod replace;
mod roll;
mod scale;
mod seat;
mod status;
mod stop;
#[cfg(test)]
mod tests;
mod words;
mod worker;

pub use config::{AutoScale, PolicyConfig, Recycle};
pub use notice::Notice;
pub use policy::{Policy, Random};
pub use status::{SeatStatus, State, Status, WorkerStatus};
pub use words::{
    Action, BuildId, Cause, Event, RecycleWhy, Sample, ScaleWhy, Seat, Who, Why, WorkerId,
};
