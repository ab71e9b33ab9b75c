//! A snapshot of the pool, to be shown: by `native.status()` and what is built on it.

use std::time::Duration;

use super::policy::Policy;
use super::words::{BuildId, Cause, Seat, WorkerId};

/// Where a worker stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does not take exchanges yet.
    Starting,
    /// It takes exchanges.
    Ready,
    /// It finishes those it has.
    Draining,
    /// It shuts down by itself.
    Ending,
    /// It was killed; its thread has not gone yet.
    Terminated,
}

impl State {
    /// The state's name in the status.
    pub const fn name(self) -> &'static str {
        match self {
            State::Starting => "starting",
            State::Ready => "ready",
            State::Draining => "draining",
            State::Ending => "ending",
            State::Terminated => "terminated",
        }
    }
}

/// The pool at one time. Times are on the policy's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// How many workers there should be.
    pub wished: usize,
    /// How many take exchanges.
    pub ready: usize,
    /// The build that is current.
    pub build: BuildId,
    /// A newer one whose first worker starts.
    pub trial: Option<BuildId>,
    /// Whether workers are being replaced by a restart or a take-over.
    pub rolling: bool,
    /// Whether the process stops, or has given up.
    pub stopping: bool,
    /// Why the pool cannot serve as it should.
    pub unready: Option<String>,
    /// All seats, in order.
    pub seats: Vec<SeatStatus>,
    /// All workers whose threads exist, in the order of their names.
    pub workers: Vec<WorkerStatus>,
}

/// One seat.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatStatus {
    /// Its number.
    pub seat: Seat,
    /// The worker on it, starting or ready.
    pub worker: Option<WorkerId>,
    /// Workers of this seat that have died, those that never started among them.
    pub restarts: u64,
    /// What the last of them died of.
    pub last_death: Option<Cause>,
    /// Starts that failed since one was ready.
    pub failed_starts: u32,
    /// When the next worker starts, where there is none.
    pub retry_at: Option<Duration>,
}

/// One worker.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerStatus {
    /// Its name.
    pub id: WorkerId,
    /// Its seat.
    pub seat: Seat,
    /// The build it runs.
    pub build: BuildId,
    /// Where it stands in its life.
    pub state: State,
    /// When its thread was started.
    pub started_at: Duration,
    /// When it was ready.
    pub ready_at: Option<Duration>,
    /// Workers of its seat that have died.
    pub restarts: u64,
    /// What the last of them died of.
    pub last_death: Option<Cause>,
}

impl Policy {
    /// The pool as it is.
    pub fn status(&self) -> Status {
        Status {
            wished: self.seats.len(),
            ready: self.ready_count(),
            build: self.build,
            trial: self.trial_build(),
            rolling: self.is_rolling(),
            stopping: self.is_stopping() || self.is_over(),
            unready: self.readiness.reason.clone(),
            seats: self
                .all_seats()
                .filter_map(|seat| self.seat_status(seat))
                .collect(),
            workers: self.worker_status(),
        }
    }

    fn seat_status(&self, seat: Seat) -> Option<SeatStatus> {
        let record = self.seat(seat)?;
        Some(SeatStatus {
            seat,
            worker: record.occupant,
            restarts: record.deaths,
            last_death: record.last_death.clone(),
            failed_starts: record.failed_starts,
            retry_at: record.occupant.is_none().then_some(record.retry_at),
        })
    }

    fn worker_status(&self) -> Vec<WorkerStatus> {
        self.workers
            .values()
            .map(|worker| {
                let record = self.seat(worker.seat);
                WorkerStatus {
                    id: worker.id,
                    seat: worker.seat,
                    build: worker.build,
                    state: worker.life.state(),
                    started_at: worker.spawned,
                    ready_at: worker.ready,
                    restarts: record.map_or(0, |record| record.deaths),
                    last_death: record.and_then(|record| record.last_death.clone()),
                }
            })
            .collect()
    }
}
