//! The control plane: a thread that feeds the pool's policy with time, samples and news, and
//! carries its actions out: to the dispatcher what concerns exchanges, to the JS main thread
//! what only it can do, which is to make threads and end them.
//!
//! ```text
//! JS main thread ──(Control::tell)──> news ──> Policy ──> actions ──┬──> Dispatcher, App
//! workers: ready, reports ─────────────┘                            └──> Orders: JS main thread
//! ```

mod builds;
mod pool;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use self::pool::Pool;
pub use self::pool::{Order, Orders};
use super::App;
use crate::dispatch::{self, Standing, Suspects};
use crate::pool::{Event, Sample, Status, WorkerId};
use crate::telemetry::memory;

/// Time between two looks at the workers.
const TICK: Duration = Duration::from_millis(250);

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
    /// There is nothing left to look after.
    End,
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
    /// Starts the control plane, which has the workers started that `pool` orders; its path leads
    /// to the build, and to later ones. Without it there is one worker, in the main thread, and
    /// nothing to decide: it is only looked at.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn start(app: Arc<App>, pool: Option<(Box<dyn Orders>, PathBuf)>) -> io::Result<Arc<Self>> {
        let (news, received) = channel();
        let control = Arc::new(Self {
            news,
            status: Mutex::new(None),
            suspects: Mutex::new(HashMap::new()),
            began: Instant::now(),
        });
        let pool = pool.map(|(orders, place)| Pool::new(&app, orders, place, control.news.clone()));
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

/// The thread's own.
struct Plane {
    app: Arc<App>,
    control: Arc<Control>,
    pool: Option<Pool>,
    /// Processor time each worker's thread had used, and when.
    cpu: BTreeMap<u32, (Duration, Instant)>,
    pinged: Instant,
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
                Ok(News::Reload) => self.takes_over(Pool::reload),
                Ok(News::Replaced) => self.takes_over(Pool::replaced),
                Err(RecvTimeoutError::Timeout) => {
                    tick = Instant::now() + between;
                    self.look();
                }
                // the thread itself holds a handle, so it never sees them gone
                Ok(News::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn happens(&mut self, event: Event) {
        let Some(pool) = &mut self.pool else {
            return;
        };
        pool.on(&self.app, self.control.began.elapsed(), event);
        *self.control.status.lock() = Some(pool.status());
    }

    fn takes_over(&mut self, load: impl FnOnce(&mut Pool, &App) -> Option<Event>) {
        let event = self.pool.as_mut().and_then(|pool| load(pool, &self.app));
        if let Some(event) = event {
            self.happens(event);
        }
    }

    /// Lets a worker take exchanges, now that the files its pages name are served.
    fn admit(&self, id: WorkerId) {
        if let Some(worker) = self.app.dispatcher.worker(id.0) {
            self.app.dispatcher.admit(&worker);
            // its first figures, before its first turn to be looked at
            worker.send(dispatch::Event::Ping);
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
}
