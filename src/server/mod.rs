//! The server: meets the router, the assets and the dispatcher, which do not know each
//! other. Reads top to bottom: bind, start the I/O threads, serve, drain.
//!
//! ```text
//! listener ─> io_thread ─> connection (socket, sweep) ─> exchange ─> assets
//!                                                               └──> render ─> dispatch
//!        peer <── opening (upgrade, streams) <── the 101 of a handshake ──┘
//! ```

mod address;
mod admission;
mod body;
pub mod build;
mod connection;
pub mod control;
mod drive;
mod exchange;
mod framing;
mod gate;
pub mod health;
mod inbound;
mod io_thread;
mod listener;
mod opening;
mod outbox;
mod peer;
mod refused;
mod render;
mod request_text;
mod socket;
pub mod sockets;
mod sticky;
mod stream;
mod streams;
mod sweep;
mod upgrade;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

pub use listener::{BindError, Bound};

use crate::config::Config;
use crate::dispatch::{Bounds, Dispatcher};
use crate::ws::{CloseCode, Goodbye};
use build::{Build, Site};
use gate::Gate;
use io_thread::{Command, IoThread};
use sockets::Sockets;
use sticky::Sticky;

const SERVING: u8 = 0;
const DRAINING: u8 = 1;

/// What every I/O thread shares.
#[derive(Debug)]
pub struct App {
    /// The decided configuration.
    pub config: Config,
    /// What is served; a deploy replaces it.
    build: ArcSwap<Build>,
    /// Hands renders to the worker.
    pub dispatcher: Arc<Dispatcher>,
    /// Another server owns the socket and SvelteKit answers it directly.
    embedded: bool,
    /// Where sessions are bound to seats.
    sticky: Option<Sticky>,
    /// The hub and who runs its hooks, where there are WebSockets.
    pub sockets: Option<Arc<Sockets>>,
    /// Who may open one.
    gate: Option<Gate>,
    /// Why no worker comes, where it is known.
    unready: Mutex<Option<String>>,
    phase: AtomicU8,
}

impl App {
    /// Puts the parts together; nothing is listening yet.
    pub fn new(config: Config, site: Site, embedded: bool) -> Self {
        let bounds = Bounds {
            queue: config.workers.max_queue,
            in_flight: config.workers.max_in_flight,
        };
        let sticky = config.workers.sticky.then(Sticky::new);
        let dispatcher = Dispatcher::new(config.limits.slots, config.workers.balancing, bounds);
        let websocket = config.websocket.as_ref();
        let sockets =
            websocket.map(|it| Sockets::new(it.limits.clone(), &it.public_topics, &dispatcher));
        let gate = Gate::new(&config);
        Self {
            config,
            build: ArcSwap::from_pointee(Build::first(site)),
            dispatcher: Arc::new(dispatcher),
            embedded,
            sticky,
            sockets,
            gate,
            unready: Mutex::new(None),
            phase: AtomicU8::new(SERVING),
        }
    }

    /// What is served at this moment.
    pub fn build(&self) -> Guard<Arc<Build>> {
        self.build.load()
    }

    /// Serves another build from now on, and the immutable files of those before it.
    pub fn switch(&self, site: Arc<Site>) {
        let next = self
            .build()
            .followed_by(site, self.config.workers.keep_builds);
        self.build.store(Arc::new(next));
    }

    /// Whether a drain has begun.
    pub fn draining(&self) -> bool {
        self.phase.load(Ordering::Acquire) == DRAINING
    }

    /// A client of that address asks for a stream: whether it may try, or how long it has to wait.
    pub fn allows_stream(&self, address: &str) -> Result<(), Duration> {
        match &self.gate {
            Some(gate) => gate.allows_stream(address),
            None => Ok(()),
        }
    }

    /// Whether a worker is there to render; inside another server that is taken for granted.
    pub fn ready(&self) -> bool {
        self.embedded || (self.dispatcher.ready() > 0 && self.unready.lock().is_none())
    }

    /// Why the readiness endpoint says no although nothing is draining; `None`: it may say yes.
    pub fn set_unready(&self, reason: Option<String>) {
        *self.unready.lock() = reason;
    }

    /// What was given to [`App::set_unready`].
    pub fn unready(&self) -> Option<String> {
        self.unready.lock().clone()
    }
}

/// What the server tells the process that runs it. Called from I/O threads.
pub trait Lifecycle: Send + Sync {
    /// The last connection of a drain has closed; nothing is listening.
    fn closed(&self);
    /// `IDLE_TIMEOUT` has passed without an exchange.
    fn idle(&self);
    /// A good moment to give memory back: every few seconds, and once after the last
    /// connection of a thread.
    fn tidy(&self) {}
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    threads: Vec<UnboundedSender<Command>>,
    /// I/O threads that have not ended.
    running: Arc<AtomicUsize>,
    address: Option<SocketAddr>,
}

impl Server {
    /// Binds and starts to accept.
    pub fn start(app: Arc<App>, bound: Bound, lifecycle: Arc<dyn Lifecycle>) -> io::Result<Self> {
        let address = bound.address();
        let redis = app
            .config
            .websocket
            .as_ref()
            .and_then(|it| it.redis.as_ref());
        if let (Some(sockets), Some(redis)) = (&app.sockets, redis) {
            sockets.join_hubs(redis)?;
        }
        let count = app.config.io_threads.max(1);
        let (threads, receivers): (Vec<_>, Vec<_>) =
            (0..count).map(|_| unbounded_channel()).unzip();
        let running = Arc::new(AtomicUsize::new(count));
        let mut bound = Some(bound);
        for (index, commands) in receivers.into_iter().enumerate() {
            IoThread {
                app: app.clone(),
                lifecycle: lifecycle.clone(),
                running: running.clone(),
                commands,
                // The first thread accepts for all.
                others: if index == 0 {
                    threads[1..].to_vec()
                } else {
                    Vec::new()
                },
                bound: bound.take(),
            }
            .spawn(index)?;
        }
        Ok(Self {
            app,
            threads,
            running,
            address,
        })
    }

    /// The TCP address in use.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Whether every thread has ended, after a drain or [`Server::close`].
    pub fn has_closed(&self) -> bool {
        self.running.load(Ordering::Acquire) == 0
    }

    /// Stops accepting and lets open exchanges finish, for at most the shutdown timeout.
    /// [`Lifecycle::closed`] follows.
    pub fn drain(&self) {
        if self.app.phase.swap(DRAINING, Ordering::AcqRel) == SERVING {
            if let Some(sockets) = &self.app.sockets {
                // They are asked to come again, elsewhere or to whoever follows, and get time to
                // say goodbye like any client that is being served.
                let goodbye = Goodbye::new(CloseCode::RESTART, "the server restarts");
                sockets.hub.disconnect_all(&goodbye);
            }
            self.tell(|| Command::Drain);
        }
    }

    /// Closes every connection now.
    pub fn close(&self) {
        self.app.phase.store(DRAINING, Ordering::Release);
        self.tell(|| Command::Close);
    }

    fn tell(&self, command: impl Fn() -> Command) {
        for thread in &self.threads {
            // A thread that has ended has nothing left to drain.
            let _ = thread.send(command());
        }
    }
}
