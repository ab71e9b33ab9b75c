//! The control plane's face to the JS main thread and to workers: orders out, news in, and
//! the status for whoever shows it.

use std::path::PathBuf;
use std::sync::Arc;

use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Error, Status};
use napi_derive::napi;

use super::process::process;
use super::worker::own;
use crate::dispatch::{ExchangeId, Suspects, Usage};
use crate::pool::{Cause, Event, WorkerId};
use crate::server::control::{Control, News, Order, Orders};

/// What the JS main thread has to do. What a kind does not need is 0 or empty.
#[napi(object)]
pub struct PoolAction {
    /// `spawn`, `end`, `terminate`, `ready` (the first worker is there: listen) or `giveUp`
    /// (none has ever started: exit).
    pub kind: String,
    /// Which worker.
    pub worker: u32,
    /// Its place in the pool.
    pub seat: u32,
    /// The number of the build it runs.
    pub build: u32,
    /// The folder of the build.
    pub dir: String,
    /// What that build calls itself.
    pub name: String,
    /// Why.
    pub reason: String,
}

type Teller = ThreadsafeFunction<PoolAction, (), PoolAction, Status, false, true>;

struct OrderJs {
    teller: Teller,
}

impl Orders for OrderJs {
    fn order(&self, order: Order) {
        let action = |kind: &str| PoolAction {
            kind: kind.to_owned(),
            worker: 0,
            seat: 0,
            build: 0,
            dir: String::new(),
            name: String::new(),
            reason: String::new(),
        };
        let action = match order {
            Order::Spawn {
                worker,
                seat,
                build,
                name,
                dir,
            } => PoolAction {
                worker: worker.0,
                seat: seat.0,
                build: build.0,
                name,
                dir: dir.display().to_string(),
                ..action("spawn")
            },
            Order::End(worker) => PoolAction {
                worker: worker.0,
                ..action("end")
            },
            Order::Terminate { worker, why } => PoolAction {
                worker: worker.0,
                reason: why.name().to_owned(),
                ..action("terminate")
            },
            Order::Listen => action("ready"),
            Order::GiveUp(reason) => PoolAction {
                reason,
                ..action("giveUp")
            },
        };
        // A closing environment refuses, and then the process is about to end.
        self.teller
            .call(action, ThreadsafeFunctionCallMode::NonBlocking);
    }
}

/// Starts the control plane of a pool, from the main thread. `tell` gets its orders; `place` is a
/// path that leads to the build, and will lead to those that replace it.
#[napi(catch_unwind)]
pub fn start_pool(tell: Function<'_, PoolAction, ()>, place: String) -> Result<()> {
    let teller: Teller = tell
        .build_threadsafe_function::<PoolAction>()
        .callee_handled::<false>()
        .weak::<true>()
        .build()?;
    start(Some((Box::new(OrderJs { teller }), place.into())))
}

/// Starts the control plane of the one worker in the main thread, which only looks after it.
pub(super) fn start_alone() -> Result<()> {
    start(None)
}

fn start(pool: Option<(Box<dyn Orders>, PathBuf)>) -> Result<()> {
    let process = process()?;
    let control = Control::start(process.app.clone(), pool)
        .map_err(|error| Error::from_reason(format!("cannot start the control plane: {error}")))?;
    process
        .control
        .set(control)
        .map_err(|_| Error::from_reason("the control plane is already running"))
}

fn control() -> Result<Arc<Control>> {
    let process = process()?;
    let control = process.control.get().cloned();
    control.ok_or_else(|| Error::from_reason("the control plane is not running"))
}

/// Why a worker's thread has ended.
#[napi(object)]
pub struct DeathCause {
    /// `exit`, `error` (which nobody caught) or `oom`.
    pub kind: String,
    /// The exit code.
    pub code: i32,
    /// The error's message.
    pub message: String,
}

/// The thread of a worker has ended; called from the main thread, and by it alone: only there it
/// is known of what.
#[napi(catch_unwind)]
pub fn worker_exited(worker: u32, cause: DeathCause) -> Result<()> {
    let process = process()?;
    let cause = match &*cause.kind {
        "exit" => Cause::Exit(cause.code),
        "oom" => Cause::OutOfMemory,
        _ => Cause::Error(cause.message),
    };
    abandon(worker)?;
    process.tell(Event::Exited {
        worker: WorkerId(worker),
        cause,
    });
    Ok(())
}

/// Nothing more is expected of that worker: what it has is lost now, whenever its thread goes. One
/// that is stuck in native code cannot be ended.
#[napi(catch_unwind)]
pub fn abandon(worker: u32) -> Result<()> {
    let suspects = control()?.suspected(worker);
    let process = process()?;
    let dispatcher = &process.app.dispatcher;
    if let Some(worker) = dispatcher.worker(worker) {
        dispatcher.dismiss(&worker, suspects);
    }
    Ok(())
}

/// The calling worker is about to die over this exchange.
#[napi(catch_unwind)]
pub fn running(slot: u32, generation: u32) -> Result<()> {
    let worker = own()?.id();
    running_in(worker, slot, generation)
}

/// That worker, which is about to be killed, is at this exchange.
#[napi(catch_unwind)]
pub fn running_in(worker: u32, slot: u32, generation: u32) -> Result<()> {
    control()?.suspect(worker, Suspects::One(ExchangeId { slot, generation }));
    Ok(())
}

/// That worker died or hangs, and nobody can tell over which of its exchanges.
#[napi(catch_unwind)]
pub fn running_unknown(worker: u32) -> Result<()> {
    control()?.suspect(worker, Suspects::All);
    Ok(())
}

/// The calling worker's answer to a ping: bytes of its heap, bytes outside of it, and the
/// share of the time, from 0 to 1, in which its event loop was not waiting.
#[napi(catch_unwind)]
pub fn report(heap: f64, external: f64, event_loop: f64) -> Result<()> {
    own()?.set_usage(Usage {
        heap: heap as u64,
        external: external as u64,
        event_loop,
    });
    Ok(())
}

/// What people and signals ask of the pool: `restart` replaces the workers one by one,
/// `reload` takes over the build in the folder or, where it is the same, restarts, `add` and
/// `remove` change the number of workers by one, `scale` sets it to `count`.
#[napi(catch_unwind)]
pub fn pool(verb: String, count: Option<u32>) -> Result<()> {
    let event = match (&*verb, count) {
        ("reload", _) => {
            control()?.tell(News::Reload);
            return Ok(());
        }
        ("restart", _) => Event::Restart,
        ("add", _) => Event::Add,
        ("remove", _) => Event::Remove,
        ("scale", Some(count)) => Event::Scale(count as usize),
        _ => return Err(Error::from_reason(format!("pool: no such verb: {verb}"))),
    };
    control()?.tell(News::Event(event));
    Ok(())
}
