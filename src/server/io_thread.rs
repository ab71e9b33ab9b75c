//! One I/O thread: a single-threaded runtime that owns its connections from accept to
//! close, so that nothing about a connection needs a lock. The first of them also
//! accepts, and hands streams to the others in turn.

use std::future::pending;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::listener::{Bound, Listener};
use super::stream::Stream;
use super::sweep::{Registry, TICK};
use super::{App, Lifecycle, drive};
use crate::config::Listen;
use crate::telemetry::counters;
use crate::telemetry::log;
use crate::ws::Local;

/// Out of file descriptors: pause instead of spinning on the same error.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Slots and memory of a past rush are given back this often.
const TRIM_EVERY: u32 = 40;

/// What the server asks of an I/O thread.
#[derive(Debug)]
pub(super) enum Command {
    /// Serve this client.
    Serve(Handed),
    /// Finish what is open, accept nothing new.
    Drain,
    /// Close everything now.
    Close,
}

/// A stream between two threads' runtimes.
#[derive(Debug)]
pub(super) enum Handed {
    Tcp(std::net::TcpStream, std::net::SocketAddr),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

impl Handed {
    fn detach(stream: Stream) -> io::Result<Self> {
        Ok(match stream {
            Stream::Tcp(stream, peer) => Handed::Tcp(stream.into_std()?, peer),
            #[cfg(unix)]
            Stream::Unix(stream) => Handed::Unix(stream.into_std()?),
        })
    }

    fn adopt(self) -> io::Result<Stream> {
        Ok(match self {
            Handed::Tcp(stream, peer) => {
                Stream::Tcp(tokio::net::TcpStream::from_std(stream)?, peer)
            }
            #[cfg(unix)]
            Handed::Unix(stream) => Stream::Unix(tokio::net::UnixStream::from_std(stream)?),
        })
    }
}

pub(super) struct IoThread {
    pub app: Arc<App>,
    pub lifecycle: Arc<dyn Lifecycle>,
    /// Threads that have not ended; the last one reports.
    pub running: Arc<AtomicUsize>,
    pub commands: UnboundedReceiver<Command>,
    pub others: Vec<UnboundedSender<Command>>,
    pub bound: Option<Bound>,
}

impl IoThread {
    pub fn spawn(self, index: usize) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name(format!("oxide-io-{index}"))
            .spawn(move || {
                let running = self.running.clone();
                let lifecycle = self.lifecycle.clone();
                let app = self.app.clone();
                LocalSet::new().block_on(&runtime, self.run());
                if running.fetch_sub(1, Ordering::AcqRel) == 1 {
                    if let Some(sockets) = &app.sockets {
                        sockets.leave_hubs();
                    }
                    lifecycle.closed();
                }
            })?;
        Ok(())
    }

    async fn run(mut self) {
        let mut listener = self.bound.take().and_then(|bound| {
            bound
                .adopt()
                .inspect_err(|error| {
                    log::error("listener lost", &[("reason", &error.to_string())]);
                })
                .ok()
        });
        let peers = self.attach();
        if let Some(peers) = &peers {
            let peers = peers.clone();
            spawn_local(async move { peers.run().await });
        }
        // What topics remember ages on one thread at least, whether anybody is connected or not.
        let ages = listener.is_some() && peers.as_ref().is_some_and(|it| remembers(it));
        let registry = Rc::new(Registry::new(peers));
        let mut idle = IdleWatch::new(&self.app, listener.is_some());
        let mut drain: Option<Instant> = None;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick_count = 0u32;
        let mut untidy = 0u32;
        let mut turn = 0;
        loop {
            let late = drain.is_some_and(|deadline| Instant::now() >= deadline);
            if drain.is_some() && registry.is_empty() && (late || self.has_told_all()) {
                return;
            }
            if !registry.is_empty() {
                // What the last connection frees is too fresh for the first round after it.
                untidy = 2;
            }
            // hooks end without telling the thread
            let waits = drain.is_some() && registry.is_empty();
            let quiet = untidy == 0 && !idle.armed() && !ages && !waits;
            let full = counters().connections_open.value()
                >= self.app.config.limits.max_connections as u64;
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Serve(handed)) => match handed.adopt() {
                        Ok(stream) => self.serve(stream, &registry),
                        Err(error) => log::error("connection lost", &[("reason", &error.to_string())]),
                    },
                    Some(Command::Drain) => {
                        if let Some(listener) = listener.take() {
                            self.accept_backlog(listener, &registry).await;
                        }
                        drain.get_or_insert(Instant::now() + self.app.config.timeouts.shutdown);
                    }
                    Some(Command::Close) | None => {
                        listener = None;
                        drain = Some(Instant::now());
                        registry.close_all();
                    }
                },
                accepted = accept(&listener), if !full => match accepted {
                    Ok(stream) => {
                        turn += 1;
                        self.place(stream, turn, &registry);
                    }
                    Err(error) => {
                        log::warn("accept failed", &[("reason", &error.to_string())]);
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                // With nothing to watch the thread sleeps until something comes.
                _ = ticks.tick(), if !quiet || full => {
                    let config = &self.app.config;
                    let queue = config.workers.queue_timeout;
                    registry.sweep(&config.timeouts, queue, drain.is_some());
                    tick_count = tick_count.wrapping_add(1);
                    if tick_count.is_multiple_of(TRIM_EVERY) {
                        self.app.dispatcher.slots().trim();
                        self.lifecycle.tidy();
                        untidy = untidy.saturating_sub(1);
                    }
                    if drain.is_some_and(|deadline| Instant::now() >= deadline) {
                        registry.close_all();
                    }
                    if idle.passed() {
                        self.lifecycle.idle();
                    }
                }
            }
        }
    }

    /// Whether the app has heard of the end of every peer, and its hooks have ended.
    fn has_told_all(&self) -> bool {
        let sockets = self.app.sockets.as_ref();
        sockets.is_none_or(|sockets| sockets.is_idle())
    }

    /// Makes this one of the hub's threads, where there is a hub.
    fn attach(&self) -> Option<Rc<Local>> {
        let sockets = self.app.sockets.as_ref()?;
        Local::attach(sockets.hub.clone(), sockets.clone(), Instant::now())
            .inspect_err(|error| {
                log::error(
                    "thread without WebSockets",
                    &[("reason", &error.to_string())],
                );
            })
            .ok()
    }

    fn serve(&self, stream: Stream, registry: &Rc<Registry>) {
        spawn_local(drive::serve(self.app.clone(), stream, registry));
    }

    /// Keeps the stream or gives it to another thread, in turn.
    fn place(&self, stream: Stream, turn: usize, registry: &Rc<Registry>) {
        let chosen = turn % (self.others.len() + 1);
        let Some(other) = chosen.checked_sub(1).map(|i| &self.others[i]) else {
            return self.serve(stream, registry);
        };
        match Handed::detach(stream) {
            Ok(handed) => {
                // Only a thread that has drained refuses, and then no one accepts.
                let _ = other.send(Command::Serve(handed));
            }
            Err(error) => log::error("connection lost", &[("reason", &error.to_string())]),
        }
    }

    /// Clients whose connection the kernel has already completed believe that we took
    /// them; closing the listener over them would reset them.
    async fn accept_backlog(&self, listener: Listener, registry: &Rc<Registry>) {
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(1), listener.accept()).await {
            self.serve(stream, registry);
        }
    }
}

fn remembers(peers: &Local) -> bool {
    peers.hub().limits().replay.size > 0
}

async fn accept(listener: &Option<Listener>) -> io::Result<Stream> {
    match listener {
        Some(listener) => listener.accept().await,
        None => pending().await,
    }
}

/// `IDLE_TIMEOUT` under socket activation: armed once the first exchange has ended.
struct IdleWatch {
    timeout: Option<Duration>,
    since: Option<Instant>,
    seen: u64,
    fired: bool,
}

impl IdleWatch {
    fn new(app: &App, accepts: bool) -> Self {
        let timeout = match app.config.listen {
            Listen::Activated { idle_timeout, .. } if accepts => idle_timeout,
            _ => None,
        };
        Self {
            timeout,
            since: None,
            seen: 0,
            fired: false,
        }
    }

    fn armed(&self) -> bool {
        self.timeout.is_some() && !self.fired
    }

    fn passed(&mut self) -> bool {
        let Some(timeout) = self.timeout.filter(|_| !self.fired) else {
            return false;
        };
        let total = counters().exchanges.value();
        // a WebSocket is no exchange, but it is somebody who is being served
        let open = counters().exchanges_open.value() + counters().ws_open.value();
        if total == 0 || open > 0 || total != self.seen {
            self.seen = total;
            self.since = (total > 0 && open == 0).then(Instant::now);
            return false;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        self.fired = since.elapsed() >= timeout;
        self.fired
    }
}
