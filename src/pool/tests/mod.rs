//! The state machine, driven event by event. Time and randomness are the tests'; the
//! workers are what the tests say of them.

mod life;
mod random;
mod readiness;
mod recycle;
mod restart;
mod scale;
mod stop;
mod take_over;
mod world;

use std::time::Duration;

use super::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(250);

fn config(count: usize) -> PolicyConfig {
    PolicyConfig {
        count,
        recycle: Recycle::default(),
        unresponsive_timeout: Some(15 * SECOND),
        shutdown_timeout: 30 * SECOND,
        start_timeout: 60 * SECOND,
        auto_scale: None,
    }
}

/// A pool, its clock and what it has logged.
struct Pool {
    policy: Policy,
    now: Duration,
    notices: Vec<Notice>,
}

impl Pool {
    /// Not started; its randomness is always in the middle, so that nothing is jittered.
    fn new(config: PolicyConfig) -> Pool {
        Pool {
            policy: Policy::new(config, Box::new(|| 0.5)),
            now: 1000 * SECOND,
            notices: Vec::new(),
        }
    }

    /// Started, with all workers ready.
    fn ready(config: PolicyConfig) -> Pool {
        let mut pool = Pool::new(config);
        for action in pool.on(Event::Start) {
            if let Action::Spawn { worker, .. } = action {
                pool.on(Event::Ready(worker));
            }
        }
        pool
    }

    /// What follows from an event, but for the log.
    fn on(&mut self, event: Event) -> Vec<Action> {
        let mut actions = self.policy.on(self.now, event);
        assert_done_before_said(&actions);
        actions.retain(|action| match action {
            Action::Log(notice) => {
                self.notices.push(notice.clone());
                false
            }
            _ => true,
        });
        actions
    }

    fn is_ready(&mut self, worker: u32) -> Vec<Action> {
        self.on(Event::Ready(WorkerId(worker)))
    }

    fn drained(&mut self, worker: u32) -> Vec<Action> {
        self.on(Event::Drained(WorkerId(worker)))
    }

    fn exits(&mut self, worker: u32, code: i32) -> Vec<Action> {
        self.on(Event::Exited {
            worker: WorkerId(worker),
            cause: Cause::Exit(code),
        })
    }

    /// A worker that was asked to drain does all that is expected of it.
    fn leaves(&mut self, worker: u32) -> Vec<Action> {
        assert_eq!(self.drained(worker), [end(worker)]);
        self.exits(worker, 0)
    }

    /// What follows from time alone: ticks without samples.
    fn pass(&mut self, time: Duration) -> Vec<Action> {
        self.pass_with(time, &[])
    }

    /// Ticks with the same samples again and again.
    fn pass_with(&mut self, time: Duration, samples: &[Sample]) -> Vec<Action> {
        self.pass_under(time, samples, None)
    }

    fn pass_under(
        &mut self,
        time: Duration,
        samples: &[Sample],
        memory_percent: Option<f64>,
    ) -> Vec<Action> {
        let until = self.now + time;
        let mut actions = Vec::new();
        while self.now < until {
            self.now = until.min(self.now + TICK);
            actions.extend(self.on(Event::Tick {
                samples: samples.to_vec(),
                memory_percent,
            }));
        }
        actions
    }

    fn state(&self, worker: u32) -> Option<State> {
        let workers = self.policy.status().workers;
        let worker = workers.iter().find(|it| it.id == WorkerId(worker))?;
        Some(worker.state)
    }

    /// The workers on the seats, in order; 0 where there is none.
    fn seated(&self) -> Vec<u32> {
        let seats = self.policy.status().seats;
        seats
            .iter()
            .map(|seat| seat.worker.map_or(0, |worker| worker.0))
            .collect()
    }

    /// Whether something like this was logged.
    fn logged(&self, is: impl Fn(&Notice) -> bool) -> bool {
        self.notices.iter().any(is)
    }
}

fn spawn(worker: u32, seat: u32, build: u32) -> Action {
    Action::Spawn {
        worker: WorkerId(worker),
        seat: Seat(seat),
        build: BuildId(build),
    }
}

/// Whoever reads a line of the log and looks finds it so.
fn assert_done_before_said(actions: &[Action]) {
    for (at, action) in actions.iter().enumerate() {
        let done = |what: fn(&Action) -> bool| actions[..at].iter().any(what);
        assert!(
            match action {
                Action::Log(Notice::Unready { .. }) => done(|it| matches!(it, Action::Unready(_))),
                Action::Log(Notice::ReadyAgain) => done(|it| matches!(it, Action::ReadyAgain)),
                Action::Log(Notice::Switched { .. }) => done(|it| matches!(it, Action::Switch(_))),
                _ => true,
            },
            "{actions:?}"
        );
    }
}

fn drain(worker: u32) -> Action {
    Action::Drain(WorkerId(worker))
}

fn end(worker: u32) -> Action {
    Action::End(WorkerId(worker))
}

fn terminate(worker: u32, why: Why) -> Action {
    Action::Terminate {
        worker: WorkerId(worker),
        why,
    }
}

/// A worker that has nothing to do.
fn sample(worker: u32) -> Sample {
    Sample {
        worker: WorkerId(worker),
        requests: 0,
        in_flight: 0,
        memory: 0,
        cpu: 0.0,
        silent_for: Duration::ZERO,
    }
}
