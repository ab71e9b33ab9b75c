//! The words between the policy and the rest: what happened ([`Event`]), what to do
//! ([`Action`]), and the names and reasons in them.

use std::fmt;
use std::time::Duration;

use super::notice::Notice;

/// A worker's name, unique in the process and never reused; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// A place in the pool, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(pub u32);

/// A build's number: 1 at the start, one more for every build that was loaded later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildId(pub u32);

macro_rules! shown_as_number {
    ($($name:ident)*) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )* };
}
shown_as_number!(WorkerId Seat BuildId);

/// A worker by all its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// Its own.
    pub worker: WorkerId,
    /// Its seat.
    pub seat: Seat,
    /// The build it runs.
    pub build: BuildId,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Begin: the first workers are started.
    Start,
    /// Time has passed (every 250 ms or so), and this is known of the workers.
    Tick {
        /// What is known of each live worker; one that is missing keeps what was known.
        samples: Vec<Sample>,
        /// The share of the system's memory that is in use, 0 to 100, where it is known.
        memory_percent: Option<f64>,
    },
    /// The worker is initialised and takes exchanges.
    Ready(WorkerId),
    /// The worker has nothing in flight any more, after [`Action::Drain`].
    Drained(WorkerId),
    /// The worker's thread has gone, for whatever reason.
    Exited {
        /// Which worker.
        worker: WorkerId,
        /// Why, as it was observed. The policy knows better where it asked for it.
        cause: Cause,
    },
    /// Replace all workers one by one, with the newest build that was wished.
    Restart,
    /// Replace all workers one by one with this build, which has been loaded and checked.
    /// Answered by one [`Action::Switch`] or one [`Action::Refuse`].
    TakeOver(BuildId),
    /// One worker more.
    Add,
    /// One worker fewer.
    Remove,
    /// That many workers.
    Scale(usize),
    /// The process drains: nothing is started any more, while ready workers go on serving
    /// what still comes through open connections.
    Stop,
    /// The process has drained: the last exchange is over, the workers end. Comes after
    /// [`Event::Stop`]; when it does not, the shutdown timeout stands in for it.
    Closed,
}

/// What is known of a worker at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Which worker.
    pub worker: WorkerId,
    /// Requests it has been given since it started.
    pub requests: u64,
    /// Requests it has not finished.
    pub in_flight: u32,
    /// Its heap and external memory, in bytes.
    pub memory: u64,
    /// The share of its thread's time it has used since the last sample, 0 to 1.
    pub cpu: f64,
    /// Time since its last sign of life, while something waits for it; else zero.
    pub silent_for: Duration,
}

/// Why a worker's thread has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It exited with this code, by itself or by `process.exit`.
    Exit(i32),
    /// An error that nobody caught.
    Error(String),
    /// Its heap was full.
    OutOfMemory,
    /// We killed it.
    Terminated(Why),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Exit(code) => write!(f, "exit code {code}"),
            Cause::Error(message) => f.write_str(message),
            Cause::OutOfMemory => f.write_str("out of memory"),
            Cause::Terminated(why) => f.write_str(why.name()),
        }
    }
}

/// Why we kill a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It gave no sign of life while something waited for it.
    Unresponsive,
    /// It took too long to start.
    StartTimeout,
    /// It took too long to shut down.
    ShutdownTimeout,
    /// It was still starting when a newer wish came.
    Superseded,
    /// It was still starting when its seat was taken away.
    Unneeded,
    /// It was still starting when the process stopped.
    Stopping,
}

impl Why {
    /// The reason's name in log lines and for JavaScript.
    pub const fn name(self) -> &'static str {
        match self {
            Why::Unresponsive => "unresponsive",
            Why::StartTimeout => "start-timeout",
            Why::ShutdownTimeout => "shutdown-timeout",
            Why::Superseded => "superseded",
            Why::Unneeded => "unneeded",
            Why::Stopping => "stopping",
        }
    }
}

/// Why a healthy worker is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecycleWhy {
    /// It uses too much memory.
    Memory,
    /// It has had its share of requests.
    Requests,
    /// It is old.
    Age,
}

/// Why the number of workers changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleWhy {
    /// Someone asked for it.
    Hand,
    /// The workers are busy.
    Load,
    /// The workers have little to do.
    Idle,
    /// The system's memory is short.
    Memory,
}

impl ScaleWhy {
    /// The reason's name in log lines.
    pub const fn name(self) -> &'static str {
        match self {
            ScaleWhy::Hand => "hand",
            ScaleWhy::Load => "load",
            ScaleWhy::Idle => "idle",
            ScaleWhy::Memory => "memory",
        }
    }
}

/// What to do, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Start a worker. Answered by [`Event::Ready`] or [`Event::Exited`].
    Spawn {
        /// Its name.
        worker: WorkerId,
        /// Its seat. A worker that leaves the seat may still be there.
        seat: Seat,
        /// The build it runs.
        build: BuildId,
    },
    /// Give the worker nothing new. Answered by [`Event::Drained`].
    Drain(WorkerId),
    /// Let the worker shut down by itself and exit. What it still has in flight, because
    /// the shutdown timeout is over, is cut. Answered by [`Event::Exited`].
    End(WorkerId),
    /// Kill the worker's thread, and count on it no more from now on. Answered by
    /// [`Event::Exited`]; the policy does not wait for that.
    Terminate {
        /// Which worker.
        worker: WorkerId,
        /// Why.
        why: Why,
    },
    /// The process stops, and the last worker that would take what waits has died: none comes
    /// any more. Comes once.
    Forsake,
    /// The first worker ever is ready: open the listener. Comes once.
    Listen,
    /// The first worker of this build is ready: its assets and routes become current.
    Switch(BuildId),
    /// This build does not become current, the one before it stays.
    Refuse {
        /// The build.
        build: BuildId,
        /// In the user's terms.
        reason: String,
    },
    /// The pool cannot serve as it should, readiness fails with this reason. May come again
    /// with another reason.
    Unready(String),
    /// What [`Action::Unready`] said is over.
    ReadyAgain,
    /// No worker has ever started: the process ends with this error. Nothing is done after it.
    GiveUp(String),
    /// After [`Event::Stop`]: every worker has gone, or would not go. Nothing is done after it.
    Stopped,
    /// Something to log.
    Log(Notice),
}
