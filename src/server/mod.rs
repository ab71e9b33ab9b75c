//! The server: meets the router, the assets and the dispatcher, which do not know each
//! other. Reads top to bottom: bind, start the I/O threads, serve, drain.
//!
//! ```text
//! listener ─> io_thread ─> connection (socket, sweep) ─> exchange ─> assets
//!                                                               └──> render ─> dispatch
//! ```

mod body;
mod connection;
mod drive;
mod exchange;
mod framing;
pub mod health;
mod io_thread;
mod listener;
mod outbox;
mod render;
mod request_text;
mod socket;
mod stream;
mod sweep;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

pub use listener::{BindError, Bound};

use crate::assets::Table;
use crate::config::Config;
use crate::dispatch::Dispatcher;
use crate::router::Router;
use io_thread::{Command, IoThread};

const SERVING: u8 = 0;
const DRAINING: u8 = 1;

/// What every I/O thread shares.
#[derive(Debug)]
pub struct App {
    /// The decided configuration.
    pub config: Config,
    /// Names the route of a request.
    pub router: Router,
    /// The build's files.
    pub assets: Table,
    /// Hands renders to the worker.
    pub dispatcher: Arc<Dispatcher>,
    /// Another server owns the socket and SvelteKit answers it directly.
    embedded: bool,
    phase: AtomicU8,
}

impl App {
    /// Puts the parts together; nothing is listening yet.
    pub fn new(config: Config, router: Router, assets: Table, embedded: bool) -> Self {
        let dispatcher = Arc::new(Dispatcher::new(config.limits.slots));
        Self {
            config,
            router,
            assets,
            dispatcher,
            embedded,
            phase: AtomicU8::new(SERVING),
        }
    }

    /// Whether a drain has begun.
    pub fn draining(&self) -> bool {
        self.phase.load(Ordering::Acquire) == DRAINING
    }

    /// Whether a worker is there to render; inside another server that is taken for granted.
    pub fn ready(&self) -> bool {
        self.embedded || self.dispatcher.worker().attached()
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
    address: Option<SocketAddr>,
}

impl Server {
    /// Binds and starts to accept.
    pub fn start(app: Arc<App>, bound: Bound, lifecycle: Arc<dyn Lifecycle>) -> io::Result<Self> {
        let address = bound.address();
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
            address,
        })
    }

    /// The TCP address in use.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Stops accepting and lets open exchanges finish, for at most the shutdown timeout.
    /// [`Lifecycle::closed`] follows.
    pub fn drain(&self) {
        if self.app.phase.swap(DRAINING, Ordering::AcqRel) == SERVING {
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
