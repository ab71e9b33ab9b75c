//! The status of the pool, for the admin page, the command line and whoever else shows it.

use std::time::Duration;

use napi::bindgen_prelude::Result;
use napi_derive::napi;

use super::process::{Process, process};
use crate::dispatch::Standing;
use crate::pool::{self, State};
use crate::server::App;

/// The pool at this moment.
#[napi(object)]
pub struct PoolStatus {
    /// Workers there should be.
    pub wanted: u32,
    /// Workers that take exchanges.
    pub ready: u32,
    /// Requests that no worker has taken yet.
    pub waiting: u32,
    /// The number of the current build: 1 at the start, one more for each that was taken over.
    pub build: u32,
    /// Workers are being replaced, by a restart or a new build.
    pub rolling: bool,
    /// The process is draining.
    pub draining: bool,
    /// Why readiness fails, where the pool is the reason.
    pub unready: Option<String>,
    /// Every worker whose thread exists.
    pub workers: Vec<WorkerStatus>,
}

/// One worker.
#[derive(Default)]
#[napi(object)]
pub struct WorkerStatus {
    /// Its number, unique in the process.
    pub id: u32,
    /// Its place in the pool, which its replacement will have.
    pub seat: u32,
    /// The number of the build it runs.
    pub build: u32,
    /// `starting`, `ready`, `draining`, `ending` or `terminated`.
    pub state: String,
    /// Exchanges it has: from taking one to the last byte of its reply.
    pub in_flight: u32,
    /// Exchanges it has ever taken.
    pub requests: f64,
    /// Bytes of its heap, as it said last.
    pub heap: f64,
    /// Bytes outside of it that its objects hold.
    pub external: f64,
    /// How busy its thread is, from 0 to 1.
    pub cpu: f64,
    /// The share of the time, from 0 to 1, in which its event loop was not waiting.
    pub event_loop: f64,
    /// Milliseconds from a wake to the turn that answers it, smoothed.
    pub event_loop_delay: f64,
    /// Seconds since its thread was started.
    pub uptime: f64,
    /// Workers of its seat that have died.
    pub restarts: f64,
    /// What the last of them died of.
    pub last_death: Option<String>,
}

/// A snapshot of the pool.
#[napi(catch_unwind)]
pub fn status() -> Result<PoolStatus> {
    let process = process()?;
    let app = &process.app;
    let (policy, now) = policy(&process);
    let mut workers = live_workers(app);
    for known in policy.iter().flat_map(|policy| &policy.workers) {
        let at = match workers.iter().position(|worker| worker.id == known.id.0) {
            Some(at) => at,
            None if known.state == State::Terminated => {
                workers.push(stuck(known, now));
                workers.len() - 1
            }
            None => continue,
        };
        let worker = &mut workers[at];
        worker.build = known.build.0;
        worker.state = known.state.name().to_owned();
        worker.restarts = known.restarts as f64;
        worker.last_death = known.last_death.as_ref().map(ToString::to_string);
    }
    Ok(PoolStatus {
        wanted: wanted(&process, &policy),
        ready: app.dispatcher.ready() as u32,
        waiting: app.dispatcher.waiting() as u32,
        build: policy.as_ref().map_or(1, |policy| policy.build.0),
        rolling: policy.as_ref().is_some_and(|policy| policy.rolling),
        draining: app.draining(),
        unready: app.unready(),
        workers,
    })
}

/// How many workers there are to be.
#[napi(catch_unwind)]
pub fn worker_count() -> Result<u32> {
    let process = process()?;
    Ok(wanted(&process, &policy(&process).0))
}

fn policy(process: &Process) -> (Option<pool::Status>, Duration) {
    let control = process.control.get();
    control.map_or((None, Duration::ZERO), |control| control.status())
}

fn wanted(process: &Process, policy: &Option<pool::Status>) -> u32 {
    let started_with = process.app.config.workers.count;
    policy.as_ref().map_or(started_with, |policy| policy.wished) as u32
}

/// One that the dispatcher has done with while its thread has not gone.
fn stuck(worker: &pool::WorkerStatus, now: Duration) -> WorkerStatus {
    WorkerStatus {
        id: worker.id.0,
        seat: worker.seat.0,
        uptime: now.saturating_sub(worker.started_at).as_secs_f64(),
        ..WorkerStatus::default()
    }
}

/// What the dispatcher knows of each.
fn live_workers(app: &App) -> Vec<WorkerStatus> {
    let workers = app.dispatcher.workers().into_iter().map(|worker| {
        let usage = worker.usage();
        let state = match worker.standing() {
            Standing::Starting => "starting",
            Standing::Ready => "ready",
            Standing::Draining => "draining",
            Standing::Gone => "terminated",
        };
        WorkerStatus {
            id: worker.id(),
            seat: worker.seat(),
            build: 1,
            state: state.to_owned(),
            in_flight: worker.in_flight(),
            requests: worker.requests() as f64,
            heap: usage.heap as f64,
            external: usage.external as f64,
            cpu: worker.cpu(),
            event_loop: usage.event_loop,
            event_loop_delay: worker.event_loop_delay().as_secs_f64() * 1000.0,
            uptime: worker.uptime().as_secs_f64(),
            restarts: 0.0,
            last_death: None,
        }
    });
    workers.collect()
}
