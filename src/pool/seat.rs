//! A seat: who sits on it, how its workers died, and when the next may try. Deaths end
//! here, respawns begin here. Replacing a worker that lives is `replace.rs`.

use std::time::Duration;

use super::backoff::{self, Backoff};
use super::notice::Notice;
use super::policy::Policy;
use super::words::{Cause, Seat, Why, WorkerId};
use super::worker::{Life, Worker};

/// So many failed starts in a row are no accident any more.
pub(super) const FAILED_STARTS: u32 = 5;

/// A worker that was ready this long did not die of how it began: its seat's next death
/// counts as the first again.
const SETTLED: Duration = Duration::from_secs(30);

/// A seat waits once that many workers that have left it are still there. Without a bound
/// workers stuck in native code, whose threads nothing can end, would fill the memory.
const MAX_LEAVING: usize = 2;

/// One place in the pool.
#[derive(Debug, Clone, Default)]
pub(super) struct SeatRecord {
    /// The worker on it, starting or ready.
    pub occupant: Option<WorkerId>,
    /// Workers of this seat that died, those that never started among them.
    pub deaths: u64,
    /// What the last of them died of.
    pub last_death: Option<Cause>,
    /// Starts that failed since one was ready.
    pub failed_starts: u32,
    /// While it is empty: the next worker starts then.
    pub retry_at: Duration,
    backoff: Backoff,
    /// That it waits for workers to leave has been logged.
    crowded: bool,
}

impl Policy {
    pub(super) fn seat(&self, seat: Seat) -> Option<&SeatRecord> {
        self.seats.get(seat.0 as usize)
    }

    pub(super) fn seat_mut(&mut self, seat: Seat) -> Option<&mut SeatRecord> {
        self.seats.get_mut(seat.0 as usize)
    }

    /// All seats there should be.
    pub(super) fn all_seats(&self) -> impl Iterator<Item = Seat> + use<> {
        (0..self.seats.len() as u32).map(Seat)
    }

    /// The worker on a seat.
    pub(super) fn occupant(&self, seat: Seat) -> Option<&Worker> {
        self.workers.get(&self.seat(seat)?.occupant?)
    }

    /// Whether a seat's occupant takes exchanges.
    pub(super) fn serves(&self, seat: Seat) -> bool {
        self.occupant(seat).is_some_and(Worker::is_ready)
    }

    /// Whether every seat's occupant takes exchanges.
    pub(super) fn is_complete(&self) -> bool {
        self.all_seats().all(|seat| self.serves(seat))
    }

    /// A worker of this seat has started.
    pub(super) fn seat_is_served(&mut self, seat: Seat) {
        if let Some(record) = self.seat_mut(seat) {
            record.failed_starts = 0;
        }
    }

    /// A ready worker leaves its seat in good health.
    pub(super) fn note_life(&mut self, worker: &Worker) {
        let settled = worker.ready.is_some() && worker.age(self.now) >= SETTLED;
        if let Some(record) = self.seat_mut(worker.seat).filter(|_| settled) {
            record.backoff.reset();
        }
    }

    /// A worker has died, or was killed for what it did.
    pub(super) fn lost(&mut self, worker: &Worker, cause: Cause) {
        self.note_life(worker);
        let mut restarts = 0;
        let mut sat = false;
        if let Some(record) = self.seat_mut(worker.seat) {
            record.deaths += 1;
            record.last_death = Some(cause.clone());
            restarts = record.deaths;
            sat = record.occupant == Some(worker.id);
        }
        let retry_in = if self.is_incoming(worker.id) {
            self.replacement_failed(worker, &cause)
        } else if sat {
            self.seat_lost(worker, &cause)
        } else {
            None
        };
        self.log(Notice::Died {
            who: worker.who(),
            starting: worker.life == Life::Starting,
            cause: cause.clone(),
            lived: worker.age(self.now),
            restarts,
            retry_in: retry_in.filter(|_| self.is_running()),
        });
        self.after_failed_start(worker, &cause);
    }

    /// The seat is empty: when its next worker starts.
    fn seat_lost(&mut self, worker: &Worker, cause: &Cause) -> Option<Duration> {
        let random = self.random();
        let now = self.now;
        let record = self.seat_mut(worker.seat)?;
        record.occupant = None;
        if worker.life == Life::Starting {
            record.failed_starts = record.failed_starts.saturating_add(1);
        }
        let wait = if *cause == Cause::Terminated(Why::Unresponsive) {
            // It has cost its clients a whole timeout already, and no loop is faster.
            Duration::ZERO
        } else if record.failed_starts >= FAILED_STARTS {
            backoff::longest(random)
        } else {
            record.backoff.fail(random)
        };
        record.retry_at = now.saturating_add(wait);
        let promoted = self.promote(worker.seat);
        Some(wait).filter(|_| !promoted)
    }

    /// Starts workers on empty seats whose time has come.
    pub(super) fn fill_seats(&mut self) {
        for seat in self.all_seats() {
            let now = self.now;
            let leaving = self.leaving(seat);
            let Some(record) = self.seat_mut(seat) else {
                continue;
            };
            if record.occupant.is_some() || now < record.retry_at {
                continue;
            }
            if leaving >= MAX_LEAVING {
                if !std::mem::replace(&mut record.crowded, true) {
                    self.log(Notice::Crowded { seat, leaving });
                }
                continue;
            }
            record.crowded = false;
            let worker = self.spawn(seat, self.build);
            if let Some(record) = self.seat_mut(seat) {
                record.occupant = Some(worker);
            }
        }
    }

    /// Whether a seat has room for one worker more.
    pub(super) fn has_room(&self, seat: Seat) -> bool {
        self.leaving(seat) < MAX_LEAVING
    }

    /// Workers that have left the seat and are still there.
    fn leaving(&self, seat: Seat) -> usize {
        self.workers
            .values()
            .filter(|worker| worker.seat == seat)
            .filter(|worker| !matches!(worker.life, Life::Starting | Life::Ready))
            .count()
    }
}
