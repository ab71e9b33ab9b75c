//! The state machine: one event in, the actions that follow from it out. The parts it is
//! made of stand in the other files of this folder; here is what they share and the order in
//! which they act.

use std::collections::BTreeMap;
use std::time::Duration;

use super::config::PolicyConfig;
use super::notice::Notice;
use super::readiness::Readiness;
use super::replace::Replacing;
use super::roll::Rolls;
use super::scale::Scaler;
use super::seat::SeatRecord;
use super::words::{Action, BuildId, Event, Sample, Why, WorkerId};
use super::worker::{Life, Worker};

/// Ticks come four times a second. After a longer break the whole process may have been
/// stopped, workers too: their silence meanwhile is no sign of anything.
const BREAK: Duration = Duration::from_secs(2);

/// A source of random numbers within 0..=1.
pub type Random = Box<dyn FnMut() -> f64 + Send>;

/// The pool's policy. It knows the workers only by what it asked for and what it is told.
pub struct Policy {
    pub(super) config: PolicyConfig,
    random: Random,
    /// The time of the event at hand.
    pub(super) now: Duration,
    /// Since when ticks have come without a break, and the last of them.
    watched: Option<(Duration, Duration)>,
    /// The answer to the event at hand.
    out: Vec<Action>,
    pub(super) phase: Phase,
    /// Every worker whose thread may exist.
    pub(super) workers: BTreeMap<WorkerId, Worker>,
    pub(super) last_id: u32,
    /// As many as there should be workers.
    pub(super) seats: Vec<SeatRecord>,
    /// The build that is current.
    pub(super) build: BuildId,
    pub(super) rolls: Rolls,
    pub(super) replacing: Replacing,
    pub(super) scaler: Option<Scaler>,
    pub(super) readiness: Readiness,
}

/// Where the pool stands in its life.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    /// Not begun.
    Before,
    Running,
    /// The process drains.
    Stopping {
        since: Duration,
        /// Nobody takes exchanges any more.
        forsaken: bool,
    },
    /// The process has drained, the workers end.
    Closing,
    Over,
}

impl Policy {
    /// A pool that has not begun; [`Event::Start`] begins it.
    pub fn new(config: PolicyConfig, random: Random) -> Policy {
        let count = match &config.auto_scale {
            Some(scale) => config.count.min(scale.max).max(scale.min),
            None => config.count,
        };
        Policy {
            random,
            now: Duration::ZERO,
            watched: None,
            out: Vec::new(),
            phase: Phase::Before,
            workers: BTreeMap::new(),
            last_id: 0,
            seats: vec![SeatRecord::default(); count.max(1)],
            build: BuildId(1),
            rolls: Rolls::default(),
            replacing: Replacing::default(),
            scaler: config.auto_scale.map(Scaler::new),
            readiness: Readiness::default(),
            config,
        }
    }

    /// Takes one event at the time `now`, on a clock that begins anywhere and never goes
    /// back; what is to be done, in that order. Events may come in any order, late, twice,
    /// or about workers that have gone: those change nothing.
    pub fn on(&mut self, now: Duration, event: Event) -> Vec<Action> {
        self.now = self.now.max(now);
        self.take(event);
        self.enforce_deadlines();
        if self.is_running() {
            self.fill_seats();
            self.replace_next();
            self.finish_rolls();
            self.judge_readiness();
        }
        self.pursue_stop();
        std::mem::take(&mut self.out)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Start => self.start(),
            Event::Tick {
                samples,
                memory_percent,
            } => self.tick(&samples, memory_percent),
            Event::Ready(worker) => self.ready(worker),
            Event::Drained(worker) => self.drained(worker),
            Event::Exited { worker, cause } => self.exited(worker, cause),
            Event::Restart => self.restart(),
            Event::TakeOver(build) => self.take_over(build),
            Event::Add => self.scale_by_hand(self.seats.len() + 1),
            Event::Remove => self.scale_by_hand(self.seats.len().saturating_sub(1)),
            Event::Scale(count) => self.scale_by_hand(count),
            Event::Stop => self.stop(),
            Event::Closed => self.close(),
        }
    }

    fn start(&mut self) {
        if self.phase == Phase::Before {
            self.phase = Phase::Running;
        }
    }

    fn tick(&mut self, samples: &[Sample], memory_percent: Option<f64>) {
        let watched_for = self.watch();
        for sample in samples {
            let Some(worker) = self.workers.get_mut(&sample.worker) else {
                continue;
            };
            worker.requests = sample.requests;
            worker.memory = sample.memory;
            // While it starts it may block its thread: the start timeout is for that.
            let answers = matches!(
                worker.life,
                Life::Ready | Life::Draining { .. } | Life::Ending { .. }
            );
            let silent_for = sample.silent_for.min(watched_for);
            let timeout = self.config.unresponsive_timeout;
            if answers && timeout.is_some_and(|timeout| silent_for > timeout) {
                self.condemn(sample.worker, Why::Unresponsive);
            }
        }
        self.scale_by_load(samples, memory_percent);
    }

    /// How long ticks have come without a break.
    fn watch(&mut self) -> Duration {
        let since = match self.watched {
            Some((since, last)) if self.now.saturating_sub(last) <= BREAK => since,
            _ => self.now,
        };
        self.watched = Some((since, self.now));
        self.now.saturating_sub(since)
    }

    pub(super) fn act(&mut self, action: Action) {
        self.out.push(action);
    }

    pub(super) fn log(&mut self, notice: Notice) {
        self.out.push(Action::Log(notice));
    }

    pub(super) fn random(&mut self) -> f64 {
        (self.random)()
    }

    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    pub(super) fn is_stopping(&self) -> bool {
        matches!(self.phase, Phase::Stopping { .. } | Phase::Closing)
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The workers that have not been killed.
    pub(super) fn living(&self) -> impl Iterator<Item = &Worker> {
        self.workers
            .values()
            .filter(|worker| !worker.is_terminated())
    }

    pub(super) fn ready_count(&self) -> usize {
        self.workers
            .values()
            .filter(|worker| worker.is_ready())
            .count()
    }
}
