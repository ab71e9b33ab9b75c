//! Rolling over the whole pool: to workers that have started anew (restart), or to a new
//! build (take-over). The newest wish wins: a later restart begins anew and keeps the build
//! that is being taken over, a later take-over puts an earlier one aside.
//!
//! There is no list of seats still to do. A worker is *outdated* when its build is not the
//! current one or it belongs to an earlier *wave* than the last restart; as long as there
//! are any, `replace.rs` gets the next. So nothing is forgotten when workers die, seats come
//! and go, or wishes cross.

use std::time::Duration;

use super::notice::Notice;
use super::policy::Policy;
use super::replace::Purpose;
use super::seat::FAILED_STARTS;
use super::words::{Action, BuildId, Cause, Seat, Why};
use super::worker::Worker;

/// A new build's first worker gets that many tries to start.
const TRIES: u32 = 3;

/// What is wished of the workers.
#[derive(Debug, Default)]
pub(super) struct Rolls {
    /// The wave new workers belong to; every restart begins one.
    pub wave: u32,
    /// When the restart under way was wished.
    restart: Option<Duration>,
    /// When the take-over under way was wished, once its build is current.
    take_over: Option<Duration>,
    trial: Option<Trial>,
}

/// A build that becomes current if a worker of it starts.
#[derive(Debug, Clone, Copy)]
struct Trial {
    build: BuildId,
    since: Duration,
    tries: u32,
}

impl Policy {
    /// [`Event::Restart`](super::Event::Restart).
    pub(super) fn restart(&mut self) {
        if !self.is_running() {
            return;
        }
        self.rolls.wave += 1;
        self.rolls.restart = Some(self.now);
        self.forget_replacement_failures();
        self.log(Notice::Restarting {
            build: self.trial_build().unwrap_or(self.build),
        });
    }

    /// [`Event::TakeOver`](super::Event::TakeOver).
    pub(super) fn take_over(&mut self, build: BuildId) {
        if !self.is_running() {
            let reason = "the process is not running".to_owned();
            return self.act(Action::Refuse { build, reason });
        }
        if build == self.build || Some(build) == self.trial_build() {
            return self.restart();
        }
        self.drop_trial(&format!("build {build} came after it"));
        // Whatever else was to be replaced is, once this is decided.
        self.drop_incoming(Why::Superseded, |_| true);
        self.forget_replacement_failures();
        self.rolls.trial = Some(Trial {
            build,
            since: self.now,
            tries: 0,
        });
        self.log(Notice::TakingOver {
            build,
            from: self.build,
        });
    }

    /// The build that is on trial.
    pub(super) fn trial_build(&self) -> Option<BuildId> {
        self.rolls.trial.map(|trial| trial.build)
    }

    /// Whether workers are being replaced by a wish.
    pub(super) fn is_rolling(&self) -> bool {
        let rolls = &self.rolls;
        rolls.restart.is_some() || rolls.take_over.is_some() || rolls.trial.is_some()
    }

    /// Which seat gets which build next, and why.
    pub(super) fn next_replacement(&self) -> Option<(Seat, BuildId, Purpose)> {
        if let Some(trial) = self.rolls.trial {
            return Some((self.seat_for_trial()?, trial.build, Purpose::Trial));
        }
        // What is short of memory does not wait. A roll pauses while any seat is empty: what
        // it brings may be the reason. Where it is not, a worker is recycled nevertheless.
        let (seat, purpose) = self
            .over_memory()
            .or_else(|| self.outdated_seat().filter(|_| self.is_complete()))
            .or_else(|| self.worn_out())?;
        Some((seat, self.build, purpose))
    }

    /// A seat that nobody serves has most to win from a new build and nothing to lose.
    fn seat_for_trial(&self) -> Option<Seat> {
        self.all_seats()
            .filter(|&seat| self.has_room(seat))
            .min_by_key(|&seat| (self.serves(seat), self.roll_order(seat)))
    }

    /// The seat whose worker is to be rolled over next.
    fn outdated_seat(&self) -> Option<(Seat, Purpose)> {
        self.all_seats()
            .filter(|&seat| self.serves(seat) && self.has_room(seat))
            .filter(|&seat| self.is_outdated(seat))
            .min_by_key(|&seat| self.roll_order(seat))
            .map(|seat| (seat, self.roll_purpose(seat)))
    }

    /// The furthest behind first.
    fn roll_order(&self, seat: Seat) -> Option<(BuildId, u32, Seat)> {
        let worker = self.occupant(seat)?;
        Some((worker.build, worker.wave, seat))
    }

    fn roll_purpose(&self, seat: Seat) -> Purpose {
        match self.occupant(seat) {
            Some(worker) if worker.build != self.build => Purpose::TakeOver,
            _ => Purpose::Restart,
        }
    }

    /// Whether the seat's worker is not what is wished.
    pub(super) fn is_outdated(&self, seat: Seat) -> bool {
        self.occupant(seat)
            .is_some_and(|worker| worker.build != self.build || worker.wave != self.rolls.wave)
    }

    /// A replacement of this build is ready: if it was on trial, it is current now.
    pub(super) fn switch_to(&mut self, build: BuildId) {
        if let Some(trial) = self.rolls.trial.take_if(|trial| trial.build == build) {
            let from = std::mem::replace(&mut self.build, build);
            self.rolls.take_over = Some(trial.since);
            self.act(Action::Switch(build));
            self.log(Notice::Switched { build, from });
        }
    }

    /// A trial's worker did not start; whether another may try.
    pub(super) fn trial_failed(&mut self, build: BuildId, cause: &Cause) -> bool {
        let Some(trial) = self.rolls.trial.as_mut().filter(|it| it.build == build) else {
            return false;
        };
        trial.tries += 1;
        if trial.tries < TRIES {
            return true;
        }
        self.drop_trial(&format!("its workers do not start: {cause}"));
        false
    }

    /// Gives up the build on trial, if there is one; the current one stays.
    pub(super) fn drop_trial(&mut self, reason: &str) {
        if let Some(trial) = self.rolls.trial.take() {
            let (build, reason) = (trial.build, reason.to_owned());
            self.log(Notice::Refused {
                build,
                stays: self.build,
                reason: reason.clone(),
            });
            self.act(Action::Refuse { build, reason });
            self.forget_replacement_failures();
        }
    }

    /// A restart's worker did not start; whether another may try. The workers that are there
    /// work, so that going on for ever would only hide that the restart has failed.
    pub(super) fn restart_failed(&mut self, failures: u32, cause: &Cause) -> bool {
        if failures < FAILED_STARTS {
            return true;
        }
        let wave = self.rolls.wave;
        for worker in self.workers.values_mut() {
            worker.wave = wave;
        }
        self.rolls.restart = None;
        self.forget_replacement_failures();
        self.log(Notice::RestartFailed {
            failures,
            cause: cause.clone(),
        });
        false
    }

    /// Says so when nothing is outdated any more. The next worker of an empty seat will not be,
    /// but it is not there.
    pub(super) fn finish_rolls(&mut self) {
        if !self.is_complete() || self.any_occupant(|worker, it| worker.build != it.build) {
            return;
        }
        let now = self.now;
        if let Some(since) = self.rolls.take_over.take() {
            self.log(Notice::TakenOver {
                build: self.build,
                took: now.saturating_sub(since),
            });
        }
        if self.any_occupant(|worker, it| worker.wave != it.rolls.wave) {
            return;
        }
        if let Some(since) = self.rolls.restart.take() {
            self.log(Notice::Restarted {
                build: self.build,
                took: now.saturating_sub(since),
            });
        }
    }

    fn any_occupant(&self, is: impl Fn(&Worker, &Policy) -> bool) -> bool {
        self.all_seats()
            .filter_map(|seat| self.occupant(seat))
            .any(|worker| is(worker, self))
    }
}
