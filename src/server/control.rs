//! The control plane: a thread that feeds the pool's policy with time, samples and news, and
//! carries its actions out: to the dispatcher what concerns exchanges, to the JS main thread
//! what only it can do, which is to make threads and end them.
//!
//! ```text
//! JS main thread ──(Control::tell)──> news ──> Policy ──> actions ──┬──> Dispatcher, App
//! workers: ready, reports ─────────────┘                            └──> Orders: JS main thread
//! ```

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::App;
use super::build::Site;
use crate::config::handoff::{Handoff, HandoffError};
use crate::dispatch::{self, Standing, Suspects};
use crate::pool::{
    Action, AutoScale, BuildId, Cause, Event, Policy, PolicyConfig, Recycle, Sample, Seat, Status,
    Why, WorkerId,
};
use crate::telemetry::{log, memory};

/// Time between two looks at the workers.
const TICK: Duration = Duration::from_millis(250);

/// A worker that takes longer to start has failed.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// What only the JS main thread can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Make a thread for this worker.
    Spawn {
        /// Its name.
        worker: WorkerId,
        /// Its seat.
        seat: Seat,
        /// The build it runs.
        build: BuildId,
        /// The build's own name.
        name: String,
    },
    /// Let the worker shut down by itself.
    End(WorkerId),
    /// Kill the worker's thread.
    Terminate {
        /// Which worker.
        worker: WorkerId,
        /// Why.
        why: Why,
    },
    /// The first worker is ready: listen.
    Listen,
    /// No worker has ever started: exit with this error.
    GiveUp(String),
    /// Every worker has gone, or would not go.
    Stopped,
}

/// Takes orders to the JS main thread. Called from the control plane's thread.
pub trait Orders: Send {
    /// Carries one order.
    fn order(&self, order: Order);
}

/// What the control plane is told.
#[derive(Debug)]
pub enum News {
    /// For the policy as it is.
    Event(Event),
    /// Take over the build that lies in the folder now, or replace the workers if it is the
    /// same.
    Reload,
    /// A worker of a build was to start that does not lie in the folder any more.
    Replaced,
}

/// A handle to the control plane, and what others leave there for it.
#[derive(Debug)]
pub struct Control {
    news: Sender<News>,
    status: Mutex<Option<Status>>,
    /// What a worker may have died of, by its name.
    suspects: Mutex<HashMap<u32, Suspects>>,
    began: Instant,
}

impl Control {
    /// Starts the control plane, which starts the workers. Without `orders` there is one, in
    /// the main thread, and nothing to decide: it is only looked at.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn start(app: Arc<App>, orders: Option<Box<dyn Orders>>) -> io::Result<Arc<Self>> {
        let (news, received) = channel();
        let control = Arc::new(Self {
            news,
            status: Mutex::new(None),
            suspects: Mutex::new(HashMap::new()),
            began: Instant::now(),
        });
        let pool = orders.map(|orders| Pool {
            policy: Policy::new(policy_config(&app), random()),
            orders,
            news: control.news.clone(),
            sites: HashMap::new(),
            names: HashMap::from([(BuildId(1), app.config.build.build.clone())]),
            refused: None,
            newest: BuildId(1),
        });
        let plane = Plane {
            control: control.clone(),
            cpu: BTreeMap::new(),
            pinged: Instant::now(),
            app,
            pool,
        };
        std::thread::Builder::new()
            .name("oxide-pool".to_owned())
            .spawn(move || plane.run(&received))?;
        Ok(control)
    }

    /// Tells the control plane something.
    pub fn tell(&self, news: News) {
        // once it has stopped there is nothing left to be told
        let _ = self.news.send(news);
    }

    /// What a worker dies of, or is killed for.
    pub fn suspect(&self, worker: u32, suspects: Suspects) {
        self.suspects.lock().insert(worker, suspects);
    }

    /// Takes what [`Control::suspect`] was told of a worker.
    pub fn suspected(&self, worker: u32) -> Suspects {
        self.suspects.lock().remove(&worker).unwrap_or_default()
    }

    /// The pool as it was at the last change, and the time on its clock.
    pub fn status(&self) -> (Option<Status>, Duration) {
        (self.status.lock().clone(), self.began.elapsed())
    }
}

fn policy_config(app: &App) -> PolicyConfig {
    let config = &app.config;
    let workers = &config.workers;
    PolicyConfig {
        count: workers.count,
        recycle: Recycle {
            max_requests: workers.recycle.max_requests,
            max_memory: workers.recycle.max_memory,
            max_age: workers.recycle.max_age,
        },
        unresponsive_timeout: workers.unresponsive_timeout,
        shutdown_timeout: config.timeouts.shutdown,
        start_timeout: START_TIMEOUT,
        auto_scale: workers.auto_scale.map(|scale| AutoScale {
            min: scale.min,
            max: scale.max,
            cpu_percent: scale.cpu_percent,
            memory_percent: scale.memory_percent,
        }),
    }
}

/// Good enough to keep things from happening together.
fn random() -> Box<dyn FnMut() -> f64 + Send> {
    let state = RandomState::new();
    let mut drawn = 0u64;
    Box::new(move || {
        drawn += 1;
        state.hash_one(drawn) as f64 / u64::MAX as f64
    })
}

/// The thread's own.
struct Plane {
    app: Arc<App>,
    control: Arc<Control>,
    pool: Option<Pool>,
    /// Processor time each worker's thread had used, and when.
    cpu: BTreeMap<u32, (Duration, Instant)>,
    pinged: Instant,
}

/// What there is to decide where workers have threads of their own.
struct Pool {
    policy: Policy,
    orders: Box<dyn Orders>,
    /// Builds that have been loaded and are not current yet.
    sites: HashMap<BuildId, Arc<Site>>,
    news: Sender<News>,
    /// What the builds call themselves.
    names: HashMap<BuildId, String>,
    /// The build that was loaded last.
    newest: BuildId,
    /// It was refused; it may be given another try, but not without being asked.
    refused: Option<BuildId>,
}

impl Plane {
    fn run(mut self, news: &Receiver<News>) {
        let interval = self.app.config.workers.health_check_interval;
        let between = if self.pool.is_some() { TICK } else { interval };
        let mut tick = Instant::now() + between;
        self.happens(Event::Start);
        loop {
            let wait = tick.saturating_duration_since(Instant::now());
            match news.recv_timeout(wait) {
                Ok(News::Event(Event::Ready(worker))) => {
                    self.happens(Event::Ready(worker));
                    self.admit(worker);
                }
                Ok(News::Event(event)) => self.happens(event),
                Ok(News::Reload) => self.reload(),
                Ok(News::Replaced) => self.replaced(),
                Err(RecvTimeoutError::Timeout) => {
                    tick = Instant::now() + between;
                    self.look();
                }
                // the handle lives as long as the process
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn happens(&mut self, event: Event) {
        let Some(pool) = &mut self.pool else {
            return;
        };
        for action in pool.policy.on(self.control.began.elapsed(), event) {
            pool.act(&self.app, action);
        }
        *self.control.status.lock() = Some(pool.policy.status());
    }

    /// Lets a worker take exchanges, now that the files its pages name are served.
    fn admit(&self, id: WorkerId) {
        if let Some(worker) = self.app.dispatcher.worker(id.0) {
            self.app.dispatcher.admit(&worker);
        }
    }

    /// Looks at every worker.
    fn look(&mut self) {
        self.app.dispatcher.look_after_the_line();
        let workers = self.app.dispatcher.workers();
        let known = |id: &u32| workers.iter().any(|worker| worker.id() == *id);
        self.cpu.retain(|id, _| known(id));
        let ping = self.pinged.elapsed() >= self.app.config.workers.health_check_interval;
        if ping {
            self.pinged = Instant::now();
        }
        let mut samples = Vec::with_capacity(workers.len());
        let mut drained = Vec::new();
        for worker in workers {
            let id = WorkerId(worker.id());
            match worker.standing() {
                Standing::Starting | Standing::Gone => continue,
                Standing::Draining if worker.is_idle() => drained.push(id),
                Standing::Draining | Standing::Ready => {}
            }
            if ping {
                worker.send(dispatch::Event::Ping);
            }
            self.measure(&worker);
            let usage = worker.usage();
            samples.push(Sample {
                worker: id,
                requests: worker.requests(),
                in_flight: worker.in_flight(),
                memory: usage.heap + usage.external,
                cpu: worker.cpu(),
                silent_for: worker.silent_for(),
            });
        }
        if self.pool.is_some() {
            let memory_percent = memory::used_percent();
            self.happens(Event::Tick {
                samples,
                memory_percent,
            });
        }
        for worker in drained {
            self.happens(Event::Drained(worker));
        }
    }

    /// How busy a worker's thread has been since it was last looked at; where the system does
    /// not tell, what its event loop says.
    fn measure(&mut self, worker: &dispatch::Worker) {
        let now = Instant::now();
        let Some(used) = worker.thread().and_then(|thread| thread.cpu_time()) else {
            worker.set_cpu(worker.usage().event_loop);
            return;
        };
        if let Some((before, then)) = self.cpu.insert(worker.id(), (used, now)) {
            let passed = now.duration_since(then).as_secs_f64();
            if passed > 0.0 {
                let share = used.saturating_sub(before).as_secs_f64() / passed;
                worker.set_cpu(share.min(1.0));
            }
        }
    }

    /// Takes over the build in the folder where it is another one.
    fn reload(&mut self) {
        let Some(pool) = &mut self.pool else {
            return;
        };
        match pool.load(&self.app, true) {
            Ok(Some(build)) => self.happens(Event::TakeOver(build)),
            Ok(None) => self.happens(Event::Restart),
            Err(error) => refused(&error),
        }
    }

    /// Without its code the old build cannot go on for long: where a new one lies in the
    /// folder, it is taken over although nobody has asked for it yet.
    fn replaced(&mut self) {
        let Some(pool) = &mut self.pool else {
            return;
        };
        match pool.load(&self.app, false) {
            Ok(Some(build)) => self.happens(Event::TakeOver(build)),
            Ok(None) => {}
            Err(error) => refused(&error),
        }
    }
}

impl Pool {
    fn act(&mut self, app: &App, action: Action) {
        match action {
            Action::Spawn {
                worker,
                seat,
                build,
            } => self.spawn(app, worker, seat, build),
            Action::Drain(worker) => retire(app, worker),
            Action::End(worker) => {
                retire(app, worker);
                self.orders.order(Order::End(worker));
            }
            Action::Terminate { worker, why } => {
                retire(app, worker);
                self.orders.order(Order::Terminate { worker, why });
            }
            Action::Listen => self.orders.order(Order::Listen),
            Action::Switch(build) => {
                if let Some(site) = self.sites.remove(&build) {
                    app.switch(site);
                }
            }
            Action::Refuse { build, .. } => {
                self.sites.remove(&build);
                self.refused = Some(build);
            }
            Action::Unready(reason) => app.set_unready(Some(reason)),
            Action::ReadyAgain => app.set_unready(None),
            Action::GiveUp(reason) => self.orders.order(Order::GiveUp(reason)),
            Action::Stopped => self.orders.order(Order::Stopped),
            Action::Log(notice) => {
                let (level, message, fields) = notice.line();
                let fields: Vec<log::Field<'_>> = fields
                    .iter()
                    .map(|(name, value)| (*name, value as &dyn std::fmt::Display))
                    .collect();
                log::write(level, message, &fields);
            }
        }
    }

    fn spawn(&mut self, app: &App, worker: WorkerId, seat: Seat, build: BuildId) {
        let name = self.names.get(&build).cloned().unwrap_or_default();
        if let Err(reason) = still_there(app, &name) {
            // once the policy has heard all of what it decided
            let cause = Cause::Error(reason);
            let exited = Event::Exited { worker, cause };
            let _ = self.news.send(News::Event(exited));
            let _ = self.news.send(News::Replaced);
            return;
        }
        app.dispatcher.enlist(worker.0, seat.0);
        self.orders.order(Order::Spawn {
            worker,
            seat,
            build,
            name,
        });
    }

    /// Loads the build in the folder; `None` if that has been done already. One that was
    /// refused is loaded `again`.
    fn load(&mut self, app: &App, again: bool) -> Result<Option<BuildId>, HandoffError> {
        let config = &app.config;
        let handoff = Handoff::load(&config.root.join("oxide.json"))?;
        let known = self.names.get(&self.newest) == Some(&handoff.build);
        if known && !(again && self.refused == Some(self.newest)) {
            return Ok(None);
        }
        let (site, missing) = Site::load(config, &handoff);
        for file in missing {
            log::warn("asset missing", &[("file", &file)]);
        }
        self.newest = BuildId(self.newest.0 + 1);
        self.sites.insert(self.newest, Arc::new(site));
        self.names.insert(self.newest, handoff.build);
        Ok(Some(self.newest))
    }
}

fn refused(error: &HandoffError) {
    let fields: [log::Field<'_>; 1] = [("reason", error)];
    log::error("build refused, the one before it goes on", &fields);
}

/// Whether the build of that name lies in the folder, or what else does.
fn still_there(app: &App, name: &str) -> Result<(), String> {
    match Handoff::load(&app.config.root.join("oxide.json")) {
        Ok(handoff) if handoff.build == name => Ok(()),
        Ok(_) => Err("another build has taken the place of this one".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn retire(app: &App, worker: WorkerId) {
    if let Some(worker) = app.dispatcher.worker(worker.0) {
        app.dispatcher.retire(&worker);
    }
}
