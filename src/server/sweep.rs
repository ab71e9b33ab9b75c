//! The connections of one I/O thread and the sweep over them that keeps every timeout.
//! One tick is coarse on purpose: a timeout may come up to a tick late, never early,
//! and a request costs two cell writes instead of a timer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::connection::{Connection, Phase, Verdict};
use crate::config::{Timeout, Timeouts};
use crate::telemetry::counters::{Raised, counters};
use crate::ws;

/// Time between two sweeps.
pub const TICK: Duration = Duration::from_millis(250);

/// A client that takes nothing of a finished response for this long has left without a word.
const FLUSH_STALL: Duration = Duration::from_secs(60);

/// A client that keeps sending after our last answer is given this long.
const LINGER: Duration = Duration::from_secs(2);

/// A client that has sent its last byte is told its answer if that is ready within this;
/// later it counts as gone.
const HALF_CLOSE_GRACE: Duration = Duration::from_secs(2);

/// While draining, a connection that has been idle this long is not about to be used: its
/// client had time for a next request, which would have been answered with `connection: close`.
const DRAIN_GRACE: Duration = Duration::from_millis(500);

/// A connection that has been idle this long gives back what only a request needs. Making
/// it anew costs a microsecond or two, so that those in use keep it.
const REST_AFTER: Duration = Duration::from_millis(500);

/// A point in time, counted in ticks since the thread began.
pub type Tick = u64;

/// The thread's coarse clock. It moves only when the sweep runs, so reading it is free.
#[derive(Debug, Clone, Default)]
pub struct Clock(Rc<Cell<Tick>>);

impl Clock {
    /// The current tick.
    pub fn now(&self) -> Tick {
        self.0.get()
    }

    fn advance(&self) {
        self.0.set(self.0.get() + 1);
    }
}

/// The connections of one I/O thread.
#[derive(Debug, Default)]
pub struct Registry {
    clock: Clock,
    /// Those of them that are WebSockets, as the hub knows them.
    peers: Option<Rc<ws::Local>>,
    connections: RefCell<FxHashMap<u64, Rc<Connection>>>,
    next: Cell<u64>,
}

/// Takes a connection out of the registry when it ends, however it ends.
#[derive(Debug)]
pub struct Entry {
    registry: Rc<Registry>,
    key: u64,
    _open: Raised<'static>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.registry.connections.borrow_mut().remove(&self.key);
    }
}

impl Registry {
    /// With a place for WebSockets, where there may be any.
    pub fn new(peers: Option<Rc<ws::Local>>) -> Self {
        Self {
            peers,
            ..Self::default()
        }
    }

    /// Where its WebSockets join.
    pub fn peers(&self) -> Option<Rc<ws::Local>> {
        self.peers.clone()
    }

    /// The clock its connections read.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Adds a connection.
    pub fn enter(self: &Rc<Self>, connection: Rc<Connection>) -> Entry {
        counters().connections_accepted.increment();
        if self.is_empty()
            && let Some(peers) = &self.peers
        {
            // No tick has come while there was nothing to look after, and a peer that joins
            // before the next one shall not seem to have been silent all the while.
            peers.sweep(Instant::now());
        }
        let key = self.next.get();
        self.next.set(key + 1);
        self.connections.borrow_mut().insert(key, connection);
        Entry {
            registry: self.clone(),
            key,
            _open: counters().connections_open.raise(),
        }
    }

    /// Whether no connection is open.
    pub fn is_empty(&self) -> bool {
        self.connections.borrow().is_empty()
    }

    /// Closes every connection at once.
    pub fn close_all(&self) {
        for connection in self.connections.borrow().values() {
            connection.judge(Verdict::Close);
        }
    }

    /// Moves the clock and ends what has taken too long.
    pub fn sweep(&self, timeouts: &Timeouts, queue: Timeout, draining: bool) {
        self.clock.advance();
        if let Some(peers) = &self.peers {
            peers.sweep(Instant::now());
        }
        let now = self.clock.now();
        for connection in self.connections.borrow().values() {
            let (phase, since) = connection.phase();
            // The tick in which something began has partly passed already.
            let until_now =
                |since| TICK * u32::try_from(now.saturating_sub(since + 1)).unwrap_or(u32::MAX);
            let elapsed = until_now(since);
            let passed = |timeout: Timeout| timeout.is_some_and(|timeout| elapsed >= timeout);
            let queued = || queue.is_some_and(|timeout| until_now(connection.queued()) >= timeout);
            match phase {
                Phase::Head if passed(timeouts.headers) => {
                    counters().timeouts.increment();
                    connection.judge(Verdict::HeadTimeout);
                }
                Phase::Exchange | Phase::Reply if connection.is_reset() => {
                    connection.judge(Verdict::Close);
                }
                Phase::Exchange if connection.half_closed() && elapsed >= HALF_CLOSE_GRACE => {
                    connection.judge(Verdict::Close);
                }
                Phase::Exchange if !connection.overdue() && passed(timeouts.request) => {
                    counters().timeouts.increment();
                    connection.set_overdue();
                }
                Phase::Exchange if !connection.waited_long() && queued() => {
                    connection.set_waited_long();
                }
                Phase::Idle | Phase::Rest
                    if draining && elapsed >= DRAIN_GRACE && connection.is_silent() =>
                {
                    connection.judge(Verdict::Close);
                }
                Phase::Idle | Phase::Rest if passed(timeouts.keep_alive) => {
                    connection.judge(Verdict::Close);
                }
                Phase::Idle if elapsed >= REST_AFTER => connection.rest(),
                Phase::Flush if elapsed >= FLUSH_STALL => connection.judge(Verdict::Close),
                Phase::Linger if elapsed >= LINGER => connection.judge(Verdict::Close),
                _ => {}
            }
        }
    }
}
