//! The process-wide server: opened once from the build folder and the environment,
//! then listening, draining, closed. One that has closed can be released, so that the process may
//! open another: development does, where one process outlives its configuration.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwapOption, Guard};
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Error, Status};
use napi_derive::napi;
use parking_lot::Mutex;

use super::allocator;
use crate::config::handoff::Handoff;
use crate::config::{Config, WebObjects};
use crate::pool;
use crate::server::build::Site;
use crate::server::control::{Control, News};
use crate::server::{App, Bound, Lifecycle, Server};
use crate::telemetry::counters;
use crate::telemetry::log;

/// What one process holds.
pub(super) struct Process {
    pub app: Arc<App>,
    /// Once it has been started.
    pub control: OnceLock<Arc<Control>>,
    server: Mutex<Option<Server>>,
    /// It has closed for good; until another takes its place, calls that come late find nothing.
    released: AtomicBool,
}

static PROCESS: ArcSwapOption<Process> = ArcSwapOption::const_empty();

/// Held while a server is opened or released.
static OPENING: Mutex<()> = Mutex::new(());

/// What is open at this moment, for the length of a call.
pub(super) struct Opened(Guard<Option<Arc<Process>>>);

impl Deref for Opened {
    type Target = Process;

    fn deref(&self) -> &Process {
        self.0.as_ref().expect("`process` has looked")
    }
}

pub(super) fn process() -> Result<Opened> {
    let process = PROCESS.load();
    if process.is_none() {
        return Err(Error::from_reason("the server has not been opened yet"));
    }
    Ok(Opened(process))
}

/// What the JS side needs to know of the decided configuration.
#[napi(object)]
pub struct Settings {
    /// `SOCKET_PATH`, where it is set.
    pub path: Option<String>,
    /// `HOST` as written.
    pub host: String,
    /// `PORT` as written; absent with a `path`.
    pub port: Option<String>,
    /// The fixed origin, where there is one.
    pub origin: Option<String>,
    /// `ADDRESS_HEADER` in lower case.
    pub address_header: Option<String>,
    /// `XFF_DEPTH`, unchecked.
    pub xff_depth: i64,
    /// Name of `ADDRESS_HEADER` with the prefix, for messages.
    pub address_header_variable: String,
    /// Name of `XFF_DEPTH` with the prefix, for messages.
    pub xff_depth_variable: String,
    /// The body limit in bytes; absent when there is none.
    pub body_limit: Option<f64>,
    /// The shutdown timeout in milliseconds.
    pub shutdown_timeout: f64,
    /// Route ids by the index that a request carries.
    pub routes: Vec<String>,
    /// Whether routes see light web objects or the platform's.
    pub light_web_objects: bool,
    /// The process was started by socket activation.
    pub activated: bool,
    /// Workers at the start.
    pub workers: u32,
    /// They have threads of their own, and the main thread is only in control.
    pub pooled: bool,
    /// Bytes at which V8 ends a worker; absent when it does not.
    pub memory_limit: Option<f64>,
    /// The WebSockets, where there are any.
    pub websocket: Option<WebSocketSettings>,
}

/// What the JS side needs to know of the WebSockets.
#[napi(object)]
pub struct WebSocketSettings {
    /// Where hooks without a path of their own are reached, base included.
    pub path: String,
}

/// Reads the build in `root` and decides its configuration with `env`. Throws with every
/// mistake in one message. `embedded` is for a handler inside another server, whose
/// business the listener's variables are. A second call returns what the first decided,
/// until that has been released.
#[napi(catch_unwind)]
pub fn open(root: String, env: HashMap<String, String>, embedded: bool) -> Result<Settings> {
    let _one_at_a_time = OPENING.lock();
    let open = process().is_ok_and(|process| !process.released.load(Ordering::Acquire));
    if !open {
        let opened = load(PathBuf::from(root), env, embedded)?;
        PROCESS.store(Some(Arc::new(opened)));
    }
    Ok(settings(&process()?.app))
}

/// Lets go of a server that has closed, or has never listened: the next `open` opens another. Called
/// from the thread of its one worker. Throws while it listens.
#[napi(catch_unwind)]
pub fn release() -> Result<()> {
    let _one_at_a_time = OPENING.lock();
    let process = process()?;
    if process.app.config.workers.pooled {
        return Err(Error::from_reason(
            "the server of a pool ends with its process",
        ));
    }
    if let Some(server) = &*process.server.lock()
        && !server.has_closed()
    {
        return Err(Error::from_reason("the server has not closed yet"));
    }
    super::worker::leave(&process);
    if let Some(control) = process.control.get() {
        control.tell(News::End);
    }
    process.released.store(true, Ordering::Release);
    Ok(())
}

fn load(root: PathBuf, env: HashMap<String, String>, embedded: bool) -> Result<Process> {
    let handoff = Handoff::load(&root.join("oxide.json")).map_err(reason)?;
    let env: BTreeMap<_, _> = env.into_iter().collect();
    let decide = if embedded {
        Config::decide_embedded
    } else {
        Config::decide
    };
    let config = decide(handoff, root, &env).map_err(reason)?;
    log::set_level(config.log_level);
    for warning in config.warnings() {
        log::warn(warning, &[]);
    }
    let (site, missing) = Site::load(&config, &config.root, &config.build);
    for file in missing {
        log::warn("asset missing", &[("file", &file)]);
    }
    Ok(Process {
        app: Arc::new(App::new(config, site, embedded)),
        control: OnceLock::new(),
        server: Mutex::new(None),
        released: AtomicBool::new(false),
    })
}

fn reason(error: impl ToString) -> Error {
    Error::from_reason(error.to_string())
}

fn settings(app: &App) -> Settings {
    let config = &app.config;
    Settings {
        path: config.exported.path.clone(),
        host: config.exported.host.clone(),
        port: config.exported.port.clone(),
        origin: config.origin.clone(),
        address_header: config.address.header.clone(),
        xff_depth: config.address.xff_depth,
        address_header_variable: config.address.header_variable.clone(),
        xff_depth_variable: config.address.xff_depth_variable.clone(),
        body_limit: config.limits.body.bytes().map(|bytes| bytes as f64),
        shutdown_timeout: config.timeouts.shutdown.as_secs_f64() * 1000.0,
        routes: config.build.routes.iter().map(|r| r.id.clone()).collect(),
        light_web_objects: config.web_objects == WebObjects::Light,
        activated: matches!(config.listen, crate::config::Listen::Activated { .. }),
        workers: config.workers.count as u32,
        pooled: config.workers.pooled,
        memory_limit: config.workers.memory_limit.map(|bytes| bytes as f64),
        websocket: config.websocket.as_ref().map(|it| WebSocketSettings {
            path: it.path.clone(),
        }),
    }
}

impl Process {
    /// Tells the control plane, if there is one.
    pub fn tell(&self, event: pool::Event) {
        if let Some(control) = self.control.get() {
            control.tell(News::Event(event));
        }
    }
}

type Teller = ThreadsafeFunction<String, (), String, Status, false, true>;

struct TellJs(Teller);

impl TellJs {
    fn tell(&self, what: &str) {
        // A closing environment refuses, and then nobody is left to be told.
        self.0
            .call(what.to_owned(), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

impl Lifecycle for TellJs {
    fn closed(&self) {
        if let Ok(process) = process() {
            process.tell(pool::Event::Closed);
        }
        self.tell("closed");
    }

    fn idle(&self) {
        self.tell("idle");
    }

    fn tidy(&self) {
        allocator::give_back();
    }
}

/// Where the server listens.
#[napi(object)]
pub struct Address {
    /// The IP address.
    pub address: String,
    /// The port.
    pub port: u16,
    /// `IPv4` or `IPv6`.
    pub family: String,
}

/// Binds and starts to serve. `tell` is called with `'closed'` when a drain has ended and
/// with `'idle'` when `IDLE_TIMEOUT` has passed. Returns the TCP address, if it is one.
#[napi(catch_unwind)]
pub fn listen(tell: Function<'_, String, ()>) -> Result<Option<Address>> {
    let process = process()?;
    let mut server = process.server.lock();
    if server.is_some() {
        return Err(Error::from_reason("the server is already listening"));
    }
    if !process.app.config.workers.pooled {
        super::pool::start_alone()?;
    }
    let tell: Teller = tell
        .build_threadsafe_function::<String>()
        .callee_handled::<false>()
        .weak::<true>()
        .build()?;
    let bound = Bound::open(&process.app.config.listen)
        .map_err(|error| Error::from_reason(format!("{}: {error}", error.code())))?;
    let started = Server::start(process.app.clone(), bound, Arc::new(TellJs(tell)))
        .map_err(|error| Error::from_reason(format!("cannot start the I/O threads: {error}")))?;
    let address = started.address();
    *server = Some(started);
    Ok(address.map(|address| Address {
        address: address.ip().to_string(),
        port: address.port(),
        family: if address.is_ipv4() { "IPv4" } else { "IPv6" }.to_owned(),
    }))
}

/// Stops accepting and lets open exchanges finish within the shutdown timeout.
#[napi(catch_unwind)]
pub fn shutdown() -> Result<()> {
    let process = process()?;
    if let Some(server) = &*process.server.lock() {
        process.tell(pool::Event::Stop);
        server.drain();
    }
    Ok(())
}

/// Closes every connection at once.
#[napi(catch_unwind)]
pub fn close() -> Result<()> {
    if let Some(server) = &*process()?.server.lock() {
        server.close();
    }
    Ok(())
}

/// The process's counters by name.
#[napi(catch_unwind)]
pub fn stats() -> HashMap<String, f64> {
    let slots = process().map_or(0, |process| process.app.dispatcher.slots().allocated());
    counters()
        .snapshot()
        .pairs()
        .chain([("slots", slots as u64)])
        .map(|(name, value)| (name.to_owned(), value as f64))
        .collect()
}
