//! One worker's life: starting, ready, draining, ending, gone; and the deadlines in it.
//! What follows for its seat stands in `seat.rs` and `replace.rs`.

use std::time::Duration;

use super::notice::Notice;
use super::policy::Policy;
use super::status::State;
use super::words::{Action, BuildId, Cause, Seat, Who, Why, WorkerId};

/// What a worker whose open exchanges were cut gets to shut down, and the least that any
/// gets: a database connection wants to be closed even where nothing else may wait.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// One worker, as long as its thread may exist.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub id: WorkerId,
    pub seat: Seat,
    pub build: BuildId,
    /// The restart it belongs to: see [`super::roll`].
    pub wave: u32,
    pub life: Life,
    pub spawned: Duration,
    pub ready: Option<Duration>,
    /// Around 1: keeps workers that started together from being recycled together.
    pub spread: f64,
    pub requests: u64,
    pub memory: u64,
}

/// Where a worker stands in its life. Only in the first two does it belong to its seat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Life {
    Starting,
    Ready,
    Draining {
        since: Duration,
    },
    Ending {
        until: Duration,
    },
    /// Its thread may still be there: one that is stuck in native code cannot be killed.
    Terminated {
        since: Duration,
        why: Why,
    },
}

impl Life {
    pub fn state(self) -> State {
        match self {
            Life::Starting => State::Starting,
            Life::Ready => State::Ready,
            Life::Draining { .. } => State::Draining,
            Life::Ending { .. } => State::Ending,
            Life::Terminated { .. } => State::Terminated,
        }
    }
}

impl Worker {
    /// Time since it was ready, else since it was started.
    pub fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.ready.unwrap_or(self.spawned))
    }

    pub fn who(&self) -> Who {
        Who {
            worker: self.id,
            seat: self.seat,
            build: self.build,
        }
    }

    pub fn is_ready(&self) -> bool {
        self.life == Life::Ready
    }

    pub fn is_terminated(&self) -> bool {
        matches!(self.life, Life::Terminated { .. })
    }
}

impl Policy {
    /// Starts a worker; the caller seats it.
    pub(super) fn spawn(&mut self, seat: Seat, build: BuildId) -> WorkerId {
        // At one a millisecond the numbers last for seven weeks of nothing but spawning.
        self.last_id += 1;
        let id = WorkerId(self.last_id);
        let worker = Worker {
            id,
            seat,
            build,
            wave: self.rolls.wave,
            life: Life::Starting,
            spawned: self.now,
            ready: None,
            spread: self.recycle_spread(),
            requests: 0,
            memory: 0,
        };
        let who = worker.who();
        self.workers.insert(id, worker);
        self.log(Notice::Starting { who });
        self.act(Action::Spawn {
            worker: id,
            seat,
            build,
        });
        id
    }

    /// [`Event::Ready`](super::Event::Ready).
    pub(super) fn ready(&mut self, id: WorkerId) {
        let now = self.now;
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        // Of one that was terminated meanwhile, it comes too late.
        if worker.life != Life::Starting {
            return;
        }
        worker.life = Life::Ready;
        worker.ready = Some(now);
        let (who, took) = (worker.who(), now.saturating_sub(worker.spawned));
        self.log(Notice::Ready { who, took });
        self.relieve(id);
        self.seat_is_served(who.seat);
        self.listen_once();
    }

    /// Lets a ready worker finish what it has, then go.
    pub(super) fn drain(&mut self, id: WorkerId) {
        let since = self.now;
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.life = Life::Draining { since };
            self.act(Action::Drain(id));
        }
    }

    /// [`Event::Drained`](super::Event::Drained).
    pub(super) fn drained(&mut self, id: WorkerId) {
        if self.is_draining(id) {
            self.end_idle(id);
        }
    }

    /// Lets a worker shut down by itself, which may take as long as `grace`.
    fn end(&mut self, id: WorkerId, grace: Duration) {
        let until = self.now.saturating_add(grace);
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.life = Life::Ending { until };
            self.act(Action::End(id));
        }
    }

    /// Lets a worker that has nothing in flight shut down by itself.
    pub(super) fn end_idle(&mut self, id: WorkerId) {
        self.end(id, self.config.shutdown_timeout.max(SHUTDOWN_GRACE));
    }

    /// Kills a worker that has done nothing wrong, and says so.
    pub(super) fn dismiss(&mut self, id: WorkerId, why: Why) {
        if let Some(worker) = self.terminate(id, why) {
            self.log(Notice::Terminated {
                who: worker.who(),
                why,
            });
        }
    }

    /// Kills a worker for what it did; its seat goes on as if it had died of it.
    pub(super) fn condemn(&mut self, id: WorkerId, why: Why) {
        if let Some(worker) = self.terminate(id, why) {
            self.lost(&worker, Cause::Terminated(why));
        }
    }

    /// The worker as it was before.
    fn terminate(&mut self, id: WorkerId, why: Why) -> Option<Worker> {
        let since = self.now;
        let worker = self.workers.get_mut(&id)?;
        if worker.is_terminated() {
            return None;
        }
        let before = worker.clone();
        worker.life = Life::Terminated { since, why };
        self.act(Action::Terminate { worker: id, why });
        Some(before)
    }

    /// [`Event::Exited`](super::Event::Exited).
    pub(super) fn exited(&mut self, id: WorkerId, cause: Cause) {
        let Some(worker) = self.workers.remove(&id) else {
            return;
        };
        match worker.life {
            // It was written off, and logged, when it was terminated.
            Life::Terminated { why, since } => self.log(Notice::Gone {
                who: worker.who(),
                why,
                took: self.now.saturating_sub(since),
            }),
            Life::Ending { .. } if cause == Cause::Exit(0) => self.log(Notice::Ended {
                who: worker.who(),
                lived: worker.age(self.now),
            }),
            _ => self.lost(&worker, cause),
        }
    }

    /// Acts where a worker has taken too long for something.
    pub(super) fn enforce_deadlines(&mut self) {
        let ids: Vec<WorkerId> = self.workers.keys().copied().collect();
        for id in ids {
            let Some(worker) = self.workers.get(&id) else {
                continue;
            };
            let passed = |since: Duration, limit| self.now.saturating_sub(since) >= limit;
            match worker.life {
                Life::Starting if passed(worker.spawned, self.config.start_timeout) => {
                    self.condemn(id, Why::StartTimeout);
                }
                Life::Draining { since } if passed(since, self.config.shutdown_timeout) => {
                    let who = worker.who();
                    self.log(Notice::Cut { who });
                    self.end(id, SHUTDOWN_GRACE);
                }
                Life::Ending { until } if self.now >= until => {
                    self.dismiss(id, Why::ShutdownTimeout);
                }
                _ => {}
            }
        }
    }

    fn is_draining(&self, id: WorkerId) -> bool {
        self.workers
            .get(&id)
            .is_some_and(|worker| matches!(worker.life, Life::Draining { .. }))
    }
}
