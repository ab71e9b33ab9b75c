//! When the pool cannot serve as it should, so that readiness fails and says why; and when
//! it never could, so that the process gives up.

use std::time::Duration;

use super::notice::Notice;
use super::policy::{Phase, Policy};
use super::seat::FAILED_STARTS;
use super::words::{Action, Cause, Seat, WorkerId};
use super::worker::Worker;

/// A pool without any ready worker for this long serves nobody, whatever keeps it from it.
/// Shorter is a worker's death and its respawn, which the queue bridges.
const NONE_READY: Duration = Duration::from_secs(10);

/// What is known of the pool's readiness.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    /// A worker has been ready at some time.
    pub ever: bool,
    none_since: Option<Duration>,
    fault: Option<Fault>,
    /// The reason that was given.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// This seat's workers do not start.
    FailedStarts(Seat),
    /// No worker is ready.
    NoneReady,
}

impl Policy {
    /// The first worker ever to be ready opens the listener.
    pub(super) fn listen_once(&mut self) {
        if !std::mem::replace(&mut self.readiness.ever, true) {
            self.act(Action::Listen);
        }
    }

    /// Says so when the pool cannot serve any more, or can again. Before the first worker is
    /// ready there is no listener to ask.
    pub(super) fn judge_readiness(&mut self) {
        if !self.readiness.ever {
            return;
        }
        if self.ready_count() > 0 {
            self.readiness.none_since = None;
        } else {
            self.readiness.none_since.get_or_insert(self.now);
        }
        let fault = self.fault();
        if fault == self.readiness.fault {
            return;
        }
        self.readiness.fault = fault;
        self.readiness.reason = fault.map(|fault| self.describe(fault));
        match self.readiness.reason.clone() {
            Some(reason) => {
                // who reads the line and asks is to find it so
                self.act(Action::Unready(reason.clone()));
                self.log(Notice::Unready { reason });
            }
            None => {
                self.act(Action::ReadyAgain);
                self.log(Notice::ReadyAgain);
            }
        }
    }

    fn fault(&self) -> Option<Fault> {
        let failing = self.all_seats().find(|&seat| self.has_failed(seat));
        let none = self
            .readiness
            .none_since
            .is_some_and(|since| self.now.saturating_sub(since) >= NONE_READY);
        failing
            .map(Fault::FailedStarts)
            .or_else(|| none.then_some(Fault::NoneReady))
    }

    fn describe(&self, fault: Fault) -> String {
        match fault {
            Fault::FailedStarts(seat) => {
                let cause = self.seat(seat).and_then(|seat| seat.last_death.as_ref());
                format!(
                    "workers of seat {seat} do not start, {FAILED_STARTS} failed in a row: {}",
                    cause.map_or_else(String::new, Cause::to_string)
                )
            }
            Fault::NoneReady => {
                format!("no worker has been ready for {} s", NONE_READY.as_secs())
            }
        }
    }

    /// Whether too many workers of this seat have failed to start, one after the other.
    fn has_failed(&self, seat: Seat) -> bool {
        self.seat(seat)
            .is_some_and(|seat| seat.failed_starts >= FAILED_STARTS)
    }

    /// Gives up when no worker has ever started and no seat is left to hope for.
    pub(super) fn after_failed_start(&mut self, worker: &Worker, cause: &Cause) {
        let hopeless = !self.readiness.ever
            && self.is_running()
            && self.trial_build().is_none()
            && self.all_seats().all(|seat| self.has_failed(seat));
        if !hopeless {
            return;
        }
        self.phase = Phase::Over;
        let living: Vec<WorkerId> = self.living().map(|worker| worker.id).collect();
        for worker in living {
            self.dismiss(worker, super::Why::Stopping);
        }
        let reason = format!(
            "no worker has started, {FAILED_STARTS} tries failed on every seat; the last, worker {}: {cause}",
            worker.id
        );
        self.log(Notice::GaveUp {
            reason: reason.clone(),
        });
        self.act(Action::GiveUp(reason));
    }
}
