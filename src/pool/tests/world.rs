//! A made-up world around the policy: workers that do what they are told, or not. It checks
//! after every event what has to hold whatever happens.

use std::collections::BTreeMap;

use super::*;
use crate::pool::backoff::{JITTER, LONGEST};

/// What a worker of this world does.
#[derive(Debug, Clone)]
pub struct Fake {
    pub seat: u32,
    build: u32,
    pub state: State,
    /// Since when it gives no sign of life.
    hung: Option<Duration>,
    requests: u64,
    memory: u64,
}

impl Fake {
    /// Whether it belongs to its seat.
    fn sits(&self) -> bool {
        matches!(self.state, State::Starting | State::Ready)
    }
}

pub struct World {
    policy: Policy,
    now: Duration,
    pub workers: BTreeMap<u32, Fake>,
    /// Nobody asks for another number of workers.
    fixed: bool,
    last_id: u32,
    last_build: u32,
    build: u32,
    /// Taken over, and not answered yet.
    trial: Option<u32>,
    /// Since when seats have had no occupant.
    empty: BTreeMap<Seat, Duration>,
    listens: bool,
    unready: bool,
    stops: bool,
    closed: bool,
    gave_up: bool,
    forsaken: bool,
    pub stopped: bool,
}

impl World {
    pub fn new(config: PolicyConfig, fixed: bool, seed: u64) -> World {
        // Any sequence will do, as long as it is the same for the same seed.
        let mut state = seed;
        let random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / f64::from(u32::MAX >> 1)
        };
        let mut world = World {
            fixed: fixed && config.auto_scale.is_none(),
            policy: Policy::new(config, Box::new(random)),
            now: Duration::ZERO,
            workers: BTreeMap::new(),
            last_id: 0,
            last_build: 1,
            build: 1,
            trial: None,
            empty: BTreeMap::new(),
            listens: false,
            unready: false,
            stops: false,
            closed: false,
            gave_up: false,
            forsaken: false,
            stopped: false,
        };
        world.on(Event::Start);
        world
    }

    pub fn is_running(&self) -> bool {
        !self.stops && !self.gave_up
    }

    /// The `index`th worker in that state, if there is any.
    pub fn pick(&self, index: usize, is: impl Fn(State) -> bool) -> Option<u32> {
        let fit: Vec<u32> = (self.workers.iter())
            .filter(|(_, worker)| is(worker.state))
            .map(|(&id, _)| id)
            .collect();
        (!fit.is_empty()).then(|| fit[index % fit.len()])
    }

    pub fn wait(&mut self, time: Duration, cpu: f64) {
        self.now += time;
        let now = self.now;
        let samples = (self.workers.iter())
            .map(|(&id, worker)| Sample {
                requests: worker.requests,
                memory: worker.memory,
                cpu,
                silent_for: worker.hung.map_or(Duration::ZERO, |since| now - since),
                ..sample(id)
            })
            .collect();
        self.on(Event::Tick {
            samples,
            memory_percent: Some(50.0),
        });
    }

    pub fn becomes_ready(&mut self, worker: u32) {
        self.workers.get_mut(&worker).expect("exists").state = State::Ready;
        self.on(Event::Ready(WorkerId(worker)));
    }

    pub fn exits(&mut self, worker: u32, cause: Cause) {
        self.workers.remove(&worker);
        self.on(Event::Exited {
            worker: WorkerId(worker),
            cause,
        });
    }

    pub fn hangs(&mut self, worker: u32) {
        self.workers.get_mut(&worker).expect("exists").hung = Some(self.now);
    }

    pub fn wears_out(&mut self, worker: u32, requests: u64, memory: u64) {
        let worker = self.workers.get_mut(&worker).expect("exists");
        (worker.requests, worker.memory) = (requests, memory);
    }

    pub fn take_over(&mut self) {
        self.last_build += 1;
        let build = self.last_build;
        // An earlier one that is pending has to be refused in the answer to this.
        self.on(Event::TakeOver(BuildId(build)));
    }

    /// For a while every worker does what is expected of it, one step a tick.
    pub fn behave(&mut self, ticks: usize) {
        for _ in 0..ticks {
            for id in self.workers.keys().copied().collect::<Vec<_>>() {
                let Some(worker) = self.workers.get_mut(&id) else {
                    continue;
                };
                worker.hung = None;
                (worker.requests, worker.memory) = (0, 0);
                match worker.state {
                    State::Starting => self.becomes_ready(id),
                    State::Ready => {}
                    State::Draining => self.on(Event::Drained(WorkerId(id))),
                    State::Ending => self.exits(id, Cause::Exit(0)),
                    State::Terminated => self.exits(id, Cause::Exit(1)),
                }
            }
            self.wait(TICK, 0.5);
        }
    }

    /// When all has calmed down everything is as it was wished.
    pub fn check_calm(&self) {
        let status = self.policy.status();
        assert_eq!(
            (status.ready, status.workers.len()),
            (status.wished, status.wished)
        );
        assert_eq!(
            (status.trial, status.rolling, status.unready),
            (None, false, None)
        );
        assert!(
            self.workers
                .values()
                .all(|worker| worker.build == self.build)
        );
        assert_eq!(self.trial, None, "every take-over has had its answer");
        assert!(self.listens && !self.unready);
    }

    pub fn on(&mut self, event: Event) {
        let was_running = self.is_running();
        match event {
            Event::Stop => self.stops = true,
            Event::Closed => (self.stops, self.closed) = (true, true),
            _ => {}
        }
        let asked = match event {
            Event::TakeOver(build) => Some(build.0),
            _ => None,
        };
        let mut refused = Vec::new();
        let mut drained = Vec::new();
        for action in self.policy.on(self.now, event) {
            self.carry_out(action, asked, &mut refused, &mut drained);
        }
        if let Some(build) = asked {
            assert!(was_running || refused.contains(&build), "an answer at once");
            let pending = self.trial.filter(|it| !refused.contains(it));
            assert_eq!(pending, None, "the newest wins");
            self.trial = Some(build).filter(|it| !refused.contains(it));
        } else if self.trial.is_some_and(|it| refused.contains(&it)) {
            self.trial = None;
        }
        self.check(&drained);
    }

    fn carry_out(
        &mut self,
        action: Action,
        asked: Option<u32>,
        refused: &mut Vec<u32>,
        drained: &mut Vec<u32>,
    ) {
        if matches!(action, Action::Log(_)) {
            return;
        }
        let answer = matches!(action, Action::Refuse { .. });
        let over = self.stopped || self.gave_up;
        assert!(!over || answer, "after the end: {action:?}");
        match action {
            Action::Spawn {
                worker,
                seat,
                build,
            } => {
                assert!(!self.stops, "started while stopping");
                assert_eq!(worker.0, self.last_id + 1, "never used before");
                self.last_id = worker.0;
                assert!((seat.0 as usize) < self.policy.status().wished);
                let builds = [Some(self.build), self.trial, asked];
                assert!(builds.contains(&Some(build.0)), "{builds:?}");
                assert!(self.leaving(seat.0) < 2, "workers pile up");
                let fake = Fake {
                    seat: seat.0,
                    build: build.0,
                    state: State::Starting,
                    hung: None,
                    requests: 0,
                    memory: 0,
                };
                self.workers.insert(worker.0, fake);
            }
            Action::Drain(worker) => {
                let worker = self.known(worker);
                assert_eq!(worker.state, State::Ready);
                worker.state = State::Draining;
                drained.push(worker.seat);
            }
            Action::End(worker) => {
                let closed = self.stops;
                let worker = self.known(worker);
                assert!(worker.state == State::Draining || worker.state == State::Ready && closed);
                worker.state = State::Ending;
            }
            Action::Terminate { worker, .. } => {
                let worker = self.known(worker);
                assert_ne!(worker.state, State::Terminated, "killed twice");
                worker.state = State::Terminated;
            }
            Action::Listen => {
                assert!(!std::mem::replace(&mut self.listens, true));
                assert!(self.pick(0, |state| state == State::Ready).is_some());
            }
            Action::Switch(build) => {
                assert_eq!(self.trial.take(), Some(build.0));
                self.build = build.0;
                let runs = |worker: &Fake| worker.build == build.0 && worker.state == State::Ready;
                assert!(self.workers.values().any(runs));
            }
            Action::Refuse { build, .. } => refused.push(build.0),
            Action::Unready(_) => {
                assert!(self.listens);
                self.unready = true;
            }
            Action::ReadyAgain => assert!(std::mem::replace(&mut self.unready, false)),
            Action::GiveUp(_) => {
                assert!(!self.listens);
                // none is left, be it that it has just been refused
                assert!(self.trial.is_none_or(|it| refused.contains(&it)));
                let killed = |worker: &Fake| worker.state == State::Terminated;
                assert!(self.workers.values().all(killed));
                self.gave_up = true;
            }
            Action::Forsake => {
                assert!(self.stops && !std::mem::replace(&mut self.forsaken, true));
                let takes = |state| matches!(state, State::Starting | State::Ready);
                assert!(!self.workers.values().any(|worker| takes(worker.state)));
            }
            Action::Stopped => {
                assert!(self.stops);
                let killed = |worker: &Fake| worker.state == State::Terminated;
                assert!(self.workers.values().all(killed));
                self.stopped = true;
            }
            Action::Log(_) => {}
        }
    }

    /// The worker of an action: never one that has gone.
    fn known(&mut self, worker: WorkerId) -> &mut Fake {
        self.workers
            .get_mut(&worker.0)
            .unwrap_or_else(|| panic!("no worker {worker}"))
    }

    fn leaving(&self, seat: u32) -> usize {
        let leaves = |worker: &&Fake| worker.seat == seat && !worker.sits();
        self.workers.values().filter(leaves).count()
    }

    fn check(&mut self, drained: &[u32]) {
        let status = self.policy.status();
        let known: Vec<(u32, State)> = (status.workers.iter())
            .map(|worker| (worker.id.0, worker.state))
            .collect();
        let real: Vec<(u32, State)> = (self.workers.iter())
            .map(|(&id, worker)| (id, worker.state))
            .collect();
        assert_eq!(known, real, "the policy knows its workers");

        let sitting = self.workers.values().filter(|worker| worker.sits()).count();
        assert!(
            sitting <= status.wished + 1,
            "{sitting} of {}",
            status.wished
        );
        let living = (self.workers.values())
            .filter(|worker| worker.state != State::Terminated)
            .count();
        assert!(
            !self.fixed || living <= status.wished + 1,
            "{living} of {}",
            status.wished
        );

        for seat in &status.seats {
            let at = |worker: &&Fake| worker.seat == seat.seat.0;
            let ready = |worker: &&Fake| worker.state == State::Ready;
            let serving = self.workers.values().filter(at).filter(ready).count();
            assert!(serving <= 1, "{serving} workers serve seat {}", seat.seat);
            let replaced = drained.contains(&seat.seat.0) && self.is_running();
            assert!(!replaced || serving == 1, "drained before another is ready");
            self.check_empty(seat);
        }
        self.empty
            .retain(|seat, _| (seat.0 as usize) < status.wished);
    }

    /// No seat is empty for longer than the longest wait, but for those whose former
    /// workers do not go.
    fn check_empty(&mut self, seat: &SeatStatus) {
        if seat.worker.is_some() || !self.is_running() {
            self.empty.remove(&seat.seat);
            return;
        }
        let since = *self.empty.entry(seat.seat).or_insert(self.now);
        let longest = LONGEST.mul_f64(1.0 + JITTER);
        if self.leaving(seat.seat.0) < 2 {
            assert!(self.now < since + longest, "seat {} stays empty", seat.seat);
        }
    }
}
