//! How many seats there are: by hand within [`MOST_WORKERS`], and by load where the user wants
//! that. [`Scaler`] watches the load and says "one more" or "one fewer"; the rest adds and
//! takes seats.

use std::collections::VecDeque;
use std::time::Duration;

use super::config::AutoScale;
use super::notice::Notice;
use super::policy::Policy;
use super::seat::SeatRecord;
use super::words::{Sample, ScaleWhy, Seat, Why};
use crate::config::MOST_WORKERS;

/// The load is averaged over this long, so that one garbage collection is no load.
const WINDOW: Duration = Duration::from_secs(15);
/// A load that lasts this long brings one worker more.
const GROW_AFTER: Duration = Duration::from_secs(15);
/// Quiet that lasts this long takes one. Longer: a worker too many costs less than one too few.
const SHRINK_AFTER: Duration = Duration::from_secs(60);
/// Memory that is short this long takes one.
const MEMORY_AFTER: Duration = Duration::from_secs(30);
/// After any change nothing changes for this long: its effect has to show first.
const COOLDOWN: Duration = Duration::from_secs(30);
/// After a worker was taken for want of memory, none is added before so many percent points
/// below the threshold are free again; else the one would bring the other for ever.
const MEMORY_MARGIN: f64 = 10.0;

/// Watches the load.
#[derive(Debug)]
pub(super) struct Scaler {
    config: AutoScale,
    /// The workers' mean load at each tick of the last [`WINDOW`].
    window: VecDeque<(Duration, f64)>,
    busy_since: Option<Duration>,
    idle_since: Option<Duration>,
    short_since: Option<Duration>,
    /// A worker was taken for want of memory, which is not back yet.
    short: bool,
    changed: Option<Duration>,
}

impl Scaler {
    pub fn new(config: AutoScale) -> Scaler {
        Scaler {
            config,
            window: VecDeque::new(),
            busy_since: None,
            idle_since: None,
            short_since: None,
            short: false,
            changed: None,
        }
    }

    /// Looks at the load of one tick: `cpu` is the workers' mean, 0 to 1. How many workers
    /// there should be, when not as many as there are.
    fn watch(
        &mut self,
        now: Duration,
        cpu: Option<f64>,
        memory: Option<f64>,
        count: usize,
    ) -> Option<(usize, ScaleWhy)> {
        let AutoScale { min, max, .. } = self.config;
        let load = self.average(now, cpu).map(|load| load * 100.0);
        let threshold = f64::from(self.config.cpu_percent);
        let busy = load.is_some_and(|load| load > threshold);
        let idle = load.is_some_and(|load| load < threshold / 2.0);
        let short_at = f64::from(self.config.memory_percent);
        let short = memory.is_some_and(|memory| memory > short_at);
        self.short &= memory.is_some_and(|memory| memory > short_at - MEMORY_MARGIN);

        let busy = lasts(&mut self.busy_since, busy, now) >= Some(GROW_AFTER);
        let idle = lasts(&mut self.idle_since, idle, now) >= Some(SHRINK_AFTER);
        let starved = lasts(&mut self.short_since, short, now) >= Some(MEMORY_AFTER);
        if self
            .changed
            .is_some_and(|changed| now.saturating_sub(changed) < COOLDOWN)
        {
            return None;
        }
        if starved && count > min {
            self.short = true;
            Some((count - 1, ScaleWhy::Memory))
        } else if busy && !short && !self.short && count < max {
            Some((count + 1, ScaleWhy::Load))
        } else if idle && count > min {
            Some((count - 1, ScaleWhy::Idle))
        } else {
            None
        }
    }

    /// The mean load of the last [`WINDOW`].
    fn average(&mut self, now: Duration, cpu: Option<f64>) -> Option<f64> {
        self.window
            .extend(cpu.filter(|cpu| cpu.is_finite()).map(|cpu| (now, cpu)));
        let past = |(then, _): &(Duration, f64)| now.saturating_sub(*then) > WINDOW;
        let old = self.window.iter().take_while(|it| past(it)).count();
        self.window.drain(..old);
        let sum: f64 = self.window.iter().map(|(_, cpu)| cpu).sum();
        (!self.window.is_empty()).then(|| sum / self.window.len() as f64)
    }

    /// What was seen says nothing of how it is now.
    fn forget(&mut self) {
        self.window.clear();
        self.busy_since = None;
        self.idle_since = None;
        self.short_since = None;
    }

    /// The number of workers has changed, by whatever hand.
    fn changed(&mut self, now: Duration) {
        self.forget();
        self.changed = Some(now);
    }
}

/// Since when something holds without a break, and so for how long.
fn lasts(since: &mut Option<Duration>, holds: bool, now: Duration) -> Option<Duration> {
    if !holds {
        *since = None;
        return None;
    }
    Some(now.saturating_sub(*since.get_or_insert(now)))
}

impl Policy {
    /// Lets the number of workers follow the load, where that is wished.
    pub(super) fn scale_by_load(&mut self, samples: &[Sample], memory: Option<f64>) {
        if !self.is_running() {
            return;
        }
        let complete = self.is_complete();
        let (mut sum, mut count) = (0.0, 0);
        for sample in samples {
            let worker = self.workers.get(&sample.worker);
            if worker.is_some_and(|worker| worker.is_ready()) {
                sum += sample.cpu;
                count += 1;
            }
        }
        let cpu = (count > 0).then(|| sum / f64::from(count));
        let (now, seats) = (self.now, self.seats.len());
        let Some(scaler) = &mut self.scaler else {
            return;
        };
        // While workers are missing the others carry their load, and more that do not start
        // would not help.
        if !complete {
            return scaler.forget();
        }
        if let Some((to, why)) = scaler.watch(now, cpu, memory, seats) {
            self.scale_to(to, why);
        }
    }

    /// One more, one fewer, or a number, by hand.
    pub(super) fn scale_by_hand(&mut self, to: usize) {
        self.scale_to(to.clamp(1, MOST_WORKERS), ScaleWhy::Hand);
    }

    fn scale_to(&mut self, to: usize, why: ScaleWhy) {
        let from = self.seats.len();
        if self.is_over() || self.is_stopping() || to == from {
            return;
        }
        for seat in (to..from).rev() {
            self.vacate(Seat(seat as u32));
        }
        self.seats.resize_with(to, SeatRecord::default);
        if let Some(scaler) = &mut self.scaler {
            scaler.changed(self.now);
        }
        self.log(Notice::Scaled { from, to, why });
    }

    /// Nobody sits on this seat any more.
    fn vacate(&mut self, seat: Seat) {
        self.drop_incoming(Why::Unneeded, |on| on == seat);
        let Some(worker) = self.occupant(seat) else {
            return;
        };
        let (id, ready) = (worker.id, worker.is_ready());
        if ready {
            self.drain(id);
        } else {
            self.dismiss(id, Why::Unneeded);
        }
    }
}
