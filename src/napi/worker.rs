//! What a worker calls while it renders. The hot path of the boundary: numbers and one
//! buffer that JS owns go in, a number comes out, and no JS object is made.
//!
//! Unsafe is allowed in `drain` and `encode_utf8` alone: writing into a buffer of JS cannot be
//! checked by the compiler.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::Arc;

use napi::bindgen_prelude::{Env, Function, Result, Uint8ArraySlice};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Error, Status};
use napi_derive::napi;

use super::process::{Opened, Process, process};
use crate::dispatch::{self, EVENT_WORK, ExchangeId, Wake, Worker, wire};
use crate::pool::{self, WorkerId};

type Waker = ThreadsafeFunction<(), (), (), Status, false, true>;

struct WakeJs(Waker);

impl Wake for WakeJs {
    fn wake(&self) {
        // A closing environment refuses; its cleanup hook detaches the worker.
        self.0.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

/// Bytes that `drain` needs to be offered, so that every event fits.
#[napi]
pub const WIRE_BUFFER_SIZE: u32 = wire::BUFFER_SIZE as u32;

/// Set in the result of `drain` when more events are waiting.
#[napi]
pub const MORE: u32 = 1 << 31;

thread_local! {
    /// The worker whose thread this is.
    static WORKER: RefCell<Option<Arc<Worker>>> = const { RefCell::new(None) };
}

/// Makes the calling thread the worker of that number, which exchanges come to from now on, or
/// soon: `wake` is called, without arguments, when there is something to drain and it may be asleep. It does
/// not keep the process alive.
#[napi(catch_unwind)]
pub fn attach(env: Env, wake: Function<'_, (), ()>, worker: u32) -> Result<()> {
    let wake: Waker = wake
        .build_threadsafe_function::<()>()
        .callee_handled::<false>()
        .weak::<true>()
        .build()?;
    let process = process()?;
    let dispatcher = &process.app.dispatcher;
    let worker = match dispatcher.worker(worker) {
        Some(worker) => worker,
        // that of the main thread, whom nobody has ordered
        None if !process.app.config.workers.pooled => dispatcher.enlist(worker, 0),
        None => return Err(Error::from_reason("this worker is not wanted any more")),
    };
    dispatcher.attach(&worker, Box::new(WakeJs(wake)));
    WORKER.set(Some(worker.clone()));
    let owner = Arc::downgrade(dispatcher);
    if process.app.config.workers.pooled {
        // its build may have to become current first
        process.tell(pool::Event::Ready(WorkerId(worker.id())));
    } else {
        dispatcher.admit(&worker);
    }
    env.add_env_cleanup_hook((owner, worker), |(owner, worker)| {
        if let Some(dispatcher) = owner.upgrade() {
            dispatcher.detach(&worker);
        }
    })?;
    Ok(())
}

/// The calling thread is no worker any more.
pub(super) fn leave(process: &Process) {
    if let Some(worker) = WORKER.take() {
        process.app.dispatcher.detach(&worker);
    }
}

/// The worker whose thread is calling.
pub(super) fn own() -> Result<Arc<Worker>> {
    WORKER
        .with_borrow(Option::clone)
        .ok_or_else(|| Error::from_reason("this thread is no worker"))
}

/// Takes up to `max` events into `buffer`, and of peers, whose hooks take less, up to four times as
/// many. Returns the bytes written, with `MORE` set when
/// others are waiting; the caller then comes again without being woken.
#[napi(catch_unwind)]
#[allow(unsafe_code)]
pub fn drain(mut buffer: Uint8ArraySlice<'_>, max: u32) -> Result<u32> {
    // SAFETY: JS lends the buffer for this call and its thread is here, in it; `runtime/worker.js`
    // keeps the buffer to itself, so no other thread has a view of its memory.
    let buffer = unsafe { buffer.as_mut() };
    let process = process()?;
    let dispatcher = &process.app.dispatcher;
    let (written, more) = WORKER.with_borrow(|worker| match worker {
        Some(worker) => dispatcher.drain(worker, buffer, max as usize * EVENT_WORK),
        None => (0, false),
    });
    Ok(written as u32 | if more { MORE } else { 0 })
}

/// Delivers the replies in the first `length` bytes of `buffer`.
#[napi(catch_unwind)]
pub fn flush(buffer: &[u8], length: u32) -> Result<()> {
    let replies = buffer
        .get(..length as usize)
        .ok_or_else(|| Error::from_reason("flush: length is beyond the buffer"))?;
    wire::deliver(&*slots()?, replies).map_err(Error::from_reason)
}

/// Writes the first `length` units of the UTF-16 in `text` into `buffer` from `at` on, as UTF-8.
/// Returns the bytes written; there must be room for three a unit.
#[napi(catch_unwind)]
#[allow(unsafe_code)]
pub fn encode_utf8(
    text: &[u16],
    length: u32,
    mut buffer: Uint8ArraySlice<'_>,
    at: u32,
) -> Result<u32> {
    // SAFETY: as in `drain`; `runtime/text.js` keeps `text`, which is other memory, to itself too.
    let buffer = unsafe { buffer.as_mut() };
    let text = text.get(..length as usize);
    let room = buffer.get_mut(at as usize..);
    text.zip(room)
        .and_then(|(text, room)| dispatch::encode_utf8(text, room))
        .map(|written| written as u32)
        .ok_or_else(|| Error::from_reason("encodeUtf8: the text or its bytes are beyond a buffer"))
}

/// Appends to a streamed response: 0 taken, 1 taken but wait for `Drain`, 2 the exchange
/// is over, 3 not taken since an earlier 1 was not heeded.
#[napi(catch_unwind)]
pub fn push(slot: u32, generation: u32, chunk: &[u8]) -> Result<u32> {
    Ok(slots()?.push(ExchangeId { slot, generation }, chunk) as u32)
}

/// Completes a streamed response.
#[napi(catch_unwind)]
pub fn end(slot: u32, generation: u32) -> Result<()> {
    slots()?.end(ExchangeId { slot, generation });
    Ok(())
}

/// Breaks a streamed response off, visibly for the client.
#[napi(catch_unwind)]
pub fn fail(slot: u32, generation: u32) -> Result<()> {
    slots()?.fail(ExchangeId { slot, generation });
    Ok(())
}

/// The reader of a request body has taken `bytes`: as many more may come.
#[napi(catch_unwind)]
pub fn credit(slot: u32, generation: u32, bytes: u32) -> Result<()> {
    slots()?.credit(ExchangeId { slot, generation }, bytes.into());
    Ok(())
}

/// The rest of a request body is not wanted.
#[napi(catch_unwind)]
pub fn cancel_body(slot: u32, generation: u32) -> Result<()> {
    slots()?.cancel_body(ExchangeId { slot, generation });
    Ok(())
}

/// The slots of what is open.
struct Slots(Opened);

impl Deref for Slots {
    type Target = dispatch::Slots;

    fn deref(&self) -> &dispatch::Slots {
        self.0.app.dispatcher.slots()
    }
}

fn slots() -> Result<Slots> {
    process().map(Slots)
}
