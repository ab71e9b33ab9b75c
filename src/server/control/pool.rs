//! The pool where workers have threads of their own: the policy, the builds it may choose from,
//! and who carries out what it wants. What concerns exchanges is done here; threads are for the
//! JS main thread to make and to end, so that is ordered.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::News;
use super::builds::Builds;
use crate::config::handoff::HandoffError;
use crate::pool::{
    Action, BuildId, Cause, Event, Policy, PolicyConfig, Seat, Status, Why, WorkerId,
};
use crate::server::App;
use crate::telemetry::log;

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
        /// What the build calls itself.
        name: String,
        /// Where it lies.
        dir: PathBuf,
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
}

/// Takes orders to the JS main thread. Called from the control plane's thread.
pub trait Orders: Send {
    /// Carries one order.
    fn order(&self, order: Order);
}

/// What there is to decide, and with what.
pub(super) struct Pool {
    policy: Policy,
    orders: Box<dyn Orders>,
    builds: Builds,
    news: Sender<News>,
}

impl Pool {
    pub fn new(app: &App, orders: Box<dyn Orders>, place: PathBuf, news: Sender<News>) -> Self {
        Self {
            policy: Policy::new(policy_config(app), random()),
            orders,
            builds: Builds::new(&app.config, place),
            news,
        }
    }

    /// Tells the policy, and does what it wants done.
    pub fn on(&mut self, app: &App, now: Duration, event: Event) {
        for action in self.policy.on(now, event) {
            self.act(app, action);
        }
    }

    pub fn status(&self) -> Status {
        self.policy.status()
    }

    /// What a build that is to be taken over means to the policy; none where there is none.
    pub fn reload(&mut self, app: &App) -> Option<Event> {
        match self.builds.load(&app.config, true) {
            Ok(Some(build)) => Some(Event::TakeOver(build)),
            Ok(None) => Some(Event::Restart),
            Err(error) => refused(&error),
        }
    }

    /// Without its code the old build cannot go on for long: where a new one lies in its
    /// place, it is taken over although nobody has asked for it yet.
    pub fn replaced(&mut self, app: &App) -> Option<Event> {
        match self.builds.load(&app.config, false) {
            Ok(build) => build.map(Event::TakeOver),
            Err(error) => refused(&error),
        }
    }

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
            Action::Forsake => app.dispatcher.forsake(),
            Action::Listen => self.orders.order(Order::Listen),
            Action::Switch(build) => {
                if let Some(site) = self.builds.take(build) {
                    app.switch(site);
                }
            }
            Action::Refuse { build, .. } => self.builds.refuse(build),
            Action::Unready(reason) => app.set_unready(Some(reason)),
            Action::ReadyAgain => app.set_unready(None),
            Action::GiveUp(reason) => self.orders.order(Order::GiveUp(reason)),
            // the threads' own ends end the process
            Action::Stopped => {}
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
        let (dir, name) = match self.builds.find(build) {
            Ok((dir, name)) => (dir.to_owned(), name.to_owned()),
            Err(reason) => {
                // once the policy has heard all of what it decided
                let cause = Cause::Error(reason);
                let exited = Event::Exited { worker, cause };
                let _ = self.news.send(News::Event(exited));
                let _ = self.news.send(News::Replaced);
                return;
            }
        };
        app.dispatcher.enlist(worker.0, seat.0);
        self.orders.order(Order::Spawn {
            worker,
            seat,
            build,
            name,
            dir,
        });
    }
}

fn policy_config(app: &App) -> PolicyConfig {
    let config = &app.config;
    let workers = &config.workers;
    PolicyConfig {
        count: workers.count,
        recycle: workers.recycle,
        unresponsive_timeout: workers.unresponsive_timeout,
        shutdown_timeout: config.timeouts.shutdown,
        start_timeout: START_TIMEOUT,
        auto_scale: workers.auto_scale,
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

fn refused(error: &HandoffError) -> Option<Event> {
    let fields: [log::Field<'_>; 1] = [("reason", error)];
    log::error("build refused, the one before it goes on", &fields);
    None
}

fn retire(app: &App, worker: WorkerId) {
    if let Some(worker) = app.dispatcher.worker(worker.0) {
        app.dispatcher.retire(&worker);
    }
}
