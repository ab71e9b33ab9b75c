//! Replacing a worker that lives: its successor starts beside it, and only when that is
//! ready is the old one drained. One at a time in the whole pool, and the next only when the
//! last old one has gone: there is never more than one worker too many. Who is next, and
//! why, is asked of `roll.rs` and `recycle.rs`.

use std::time::Duration;

use super::backoff::{self, Backoff};
use super::notice::Notice;
use super::policy::Policy;
use super::seat::FAILED_STARTS;
use super::words::{Cause, RecycleWhy, Seat, Why, WorkerId};
use super::worker::{Life, Worker};

/// What a replacement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The first worker of a build that nobody has tried yet.
    Trial,
    /// The occupant runs a build that is not current any more.
    TakeOver,
    /// Someone wishes workers that have started anew.
    Restart,
    /// The occupant has been there long enough.
    Recycle(RecycleWhy),
}

impl Purpose {
    /// The purpose's name in log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Trial | Purpose::TakeOver => "take-over",
            Purpose::Restart => "restart",
            Purpose::Recycle(RecycleWhy::Memory) => "memory",
            Purpose::Recycle(RecycleWhy::Requests) => "requests",
            Purpose::Recycle(RecycleWhy::Age) => "age",
        }
    }
}

/// The replacement under way.
#[derive(Debug, Default)]
pub(super) struct Replacing {
    incoming: Option<Incoming>,
    /// The last worker that was replaced.
    outgoing: Option<WorkerId>,
    /// None is started before.
    not_before: Duration,
    /// Replacements that failed to start since one was ready.
    failures: u32,
    backoff: Backoff,
}

/// A replacement that starts beside its seat's occupant.
#[derive(Debug, Clone, Copy)]
struct Incoming {
    worker: WorkerId,
    seat: Seat,
    purpose: Purpose,
}

impl Policy {
    pub(super) fn is_incoming(&self, worker: WorkerId) -> bool {
        self.replacing
            .incoming
            .is_some_and(|incoming| incoming.worker == worker)
    }

    /// Starts the next replacement, when there is reason to and nothing stands against it.
    pub(super) fn replace_next(&mut self) {
        let outgoing = self.replacing.outgoing;
        let leaving = outgoing.and_then(|worker| self.workers.get(&worker));
        if self.replacing.incoming.is_some()
            || leaving.is_some_and(|worker| !worker.is_terminated())
            || self.now < self.replacing.not_before
        {
            return;
        }
        let Some((seat, build, purpose)) = self.next_replacement() else {
            return;
        };
        let worker = self.spawn(seat, build);
        self.replacing.incoming = Some(Incoming {
            worker,
            seat,
            purpose,
        });
    }

    /// If this worker, which is ready now, is a replacement, it takes its seat.
    pub(super) fn relieve(&mut self, id: WorkerId) {
        let Some(incoming) = self
            .replacing
            .incoming
            .take_if(|incoming| incoming.worker == id)
        else {
            return;
        };
        self.forget_replacement_failures();
        let Some(by) = self.workers.get(&id).map(Worker::who) else {
            return;
        };
        self.switch_to(by.build);
        let Some(record) = self.seat_mut(incoming.seat) else {
            return;
        };
        let before = record.occupant.replace(id);
        let Some(old) = before.and_then(|old| self.workers.get(&old)).cloned() else {
            return;
        };
        self.log(Notice::Replaced {
            who: old.who(),
            by,
            why: incoming.purpose.name(),
            requests: old.requests,
            memory: old.memory,
            lived: old.age(self.now),
        });
        if old.life == Life::Starting {
            self.dismiss(old.id, Why::Superseded);
        } else {
            self.note_life(&old);
            self.drain(old.id);
            self.replacing.outgoing = Some(old.id);
        }
    }

    /// The replacement did not start: when the next try is.
    pub(super) fn replacement_failed(
        &mut self,
        worker: &Worker,
        cause: &Cause,
    ) -> Option<Duration> {
        let incoming = self.replacing.incoming.take()?;
        let random = self.random();
        let replacing = &mut self.replacing;
        replacing.failures = replacing.failures.saturating_add(1);
        let wait = if replacing.failures >= FAILED_STARTS {
            backoff::longest(random)
        } else {
            replacing.backoff.fail(random)
        };
        replacing.not_before = self.now.saturating_add(wait);
        let failures = replacing.failures;
        let goes_on = match incoming.purpose {
            Purpose::Trial => self.trial_failed(worker.build, cause),
            Purpose::Restart => self.restart_failed(failures, cause),
            // Half of the pool runs the new build already, or the worker is to be recycled
            // still: there is no way back.
            Purpose::TakeOver | Purpose::Recycle(_) => true,
        };
        Some(wait).filter(|_| goes_on)
    }

    /// The seat's occupant has died: its replacement takes the seat while it still starts.
    /// Not one of a build on trial, which may never be ready.
    pub(super) fn promote(&mut self, seat: Seat) -> bool {
        let Some(incoming) = self
            .replacing
            .incoming
            .take_if(|incoming| incoming.seat == seat && incoming.purpose != Purpose::Trial)
        else {
            return false;
        };
        if let Some(record) = self.seat_mut(seat) {
            record.occupant = Some(incoming.worker);
        }
        true
    }

    /// Drops the replacement under way, if it is on one of these seats.
    pub(super) fn drop_incoming(&mut self, why: Why, on: impl Fn(Seat) -> bool) {
        if let Some(incoming) = self.replacing.incoming.take_if(|it| on(it.seat)) {
            self.dismiss(incoming.worker, why);
        }
    }

    /// The next try is the first again.
    pub(super) fn forget_replacement_failures(&mut self) {
        self.replacing.failures = 0;
        self.replacing.not_before = Duration::ZERO;
        self.replacing.backoff.reset();
    }
}
