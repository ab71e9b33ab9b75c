//! Slots: the permission for one exchange in flight, and the place where the two
//! sides of it meet. Slots are pooled: `base` are made in advance, more on demand,
//! and the surplus is freed again when the rush is over. Every number a client can
//! see (`ExchangeId`) carries a 32-bit generation, so a late call from JS for an
//! aborted exchange can never reach the next one in the same slot.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Waker;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::telemetry::counters;

/// Response bytes held for a client that reads slower than JS writes. One chunk
/// beyond it is still taken, so that a chunk of any size can pass.
pub const OUT_HIGH_WATER: usize = 128 * 1024;

/// JS is told to go on when the client has taken all but this much.
pub const OUT_LOW_WATER: usize = 32 * 1024;

/// Request bytes that may wait in JS before its reader asks for more.
pub const IN_WINDOW: u64 = 64 * 1024;

/// Names one exchange for as long as it is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeId {
    /// Place in the table.
    pub slot: u32,
    /// How often that place has been used.
    pub generation: u32,
}

/// JS's answer to `push`, as it crosses the boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Push {
    /// Taken; go on.
    Taken = 0,
    /// Taken; wait for `Drain` before the next.
    Wait = 1,
    /// The client is gone or the exchange over: stop.
    Gone = 2,
    /// Not taken: the queue was already full.
    Full = 3,
}

/// A reply head as JS wrote it, still unparsed: the I/O thread has the time for that.
#[derive(Debug)]
pub(super) struct RawReply {
    pub status: u16,
    /// `name\nvalue\n` pairs.
    pub headers: Bytes,
    pub body: RawBody,
}

#[derive(Debug)]
pub(super) enum RawBody {
    /// No body at all (`response.body === null`).
    Null,
    Whole(Bytes),
    Stream,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutEnd {
    Complete,
    Failed,
}

/// Both directions of one exchange.
#[derive(Debug, Default)]
pub(super) struct State {
    pub generation: u32,
    /// The exchange is in flight on the Rust side.
    pub live: bool,
    pub reply: Option<RawReply>,
    /// Woken when a reply or a chunk has come.
    pub waker: Option<Waker>,
    pub out: VecDeque<Bytes>,
    pub out_bytes: usize,
    pub out_end: Option<OutEnd>,
    pub out_wait: bool,
    /// Request bytes JS will still take.
    pub in_credit: u64,
    /// JS does not want the rest of the request body.
    pub in_cancelled: bool,
    /// Woken when credit has come.
    pub in_waker: Option<Waker>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub index: u32,
    pub state: Mutex<State>,
}

impl Slot {
    fn new(index: u32, state: State) -> Arc<Self> {
        Arc::new(Self {
            index,
            state: Mutex::new(state),
        })
    }
}

impl State {
    fn taken(generation: u32) -> Self {
        Self {
            generation,
            live: true,
            in_credit: IN_WINDOW,
            ..Self::default()
        }
    }
}

/// A slot taken from the pool, with the generation it was taken under.
#[derive(Debug)]
pub(super) struct Taken {
    pub slot: Arc<Slot>,
    pub generation: u32,
}

impl Taken {
    pub fn id(&self) -> ExchangeId {
        ExchangeId {
            slot: self.slot.index,
            generation: self.generation,
        }
    }
}

/// Locks are taken in this order: `table`, `free`, a slot's state.
#[derive(Debug)]
struct Pool {
    table: RwLock<Vec<Arc<Slot>>>,
    free: Mutex<Vec<Arc<Slot>>>,
    base: usize,
    /// First generation of a slot made from now on, above that of every slot ever freed.
    first_generation: AtomicU32,
}

/// The pool. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Pool>);

impl Slots {
    /// Makes `base` slots in advance.
    pub fn new(base: usize) -> Self {
        let table: Vec<_> = (0..base as u32)
            .map(|index| Slot::new(index, State::default()))
            .collect();
        let free = table.iter().rev().cloned().collect();
        Self(Arc::new(Pool {
            table: RwLock::new(table),
            free: Mutex::new(free),
            base,
            first_generation: AtomicU32::new(0),
        }))
    }

    /// Slots that exist, free or taken.
    pub fn allocated(&self) -> usize {
        self.0.table.read().len()
    }

    pub(super) fn acquire(&self) -> Taken {
        let mut free = self.0.free.lock();
        let Some(slot) = free.pop() else {
            drop(free);
            return self.grow();
        };
        // Still under the lock: a slot that is neither free nor live could be trimmed.
        let generation = {
            let mut state = slot.state.lock();
            state.live = true;
            state.in_credit = IN_WINDOW;
            state.generation
        };
        drop(free);
        counters().slot_hits.increment();
        Taken { slot, generation }
    }

    fn grow(&self) -> Taken {
        counters().slot_misses.increment();
        let mut table = self.0.table.write();
        let generation = self.0.first_generation.load(Ordering::Relaxed);
        let slot = Slot::new(table.len() as u32, State::taken(generation));
        table.push(slot.clone());
        Taken { slot, generation }
    }

    /// Ends the exchange; everything it still held is dropped.
    pub(super) fn release(&self, taken: &Taken) {
        let mut free = self.0.free.lock();
        let mut state = taken.slot.state.lock();
        let generation = taken.generation.wrapping_add(1);
        let ended = std::mem::replace(
            &mut *state,
            State {
                generation,
                ..State::default()
            },
        );
        drop(state);
        free.push(taken.slot.clone());
        drop(free);
        if let Some(waker) = ended.in_waker {
            waker.wake();
        }
    }

    /// Frees the surplus of a rush that is over. Only the tail of the table can go: an
    /// index is a name that JS may still hold. Called from time to time, never per exchange.
    pub fn trim(&self) {
        if self.0.free.lock().len() <= self.0.base.max(16) * 2 {
            return;
        }
        let mut table = self.0.table.write();
        let mut free = self.0.free.lock();
        let mut keep = table.len();
        let mut newest = self.0.first_generation.load(Ordering::Relaxed);
        while keep > self.0.base {
            let state = table[keep - 1].state.lock();
            if state.live {
                break;
            }
            newest = newest.max(state.generation);
            drop(state);
            keep -= 1;
        }
        self.0.first_generation.store(newest, Ordering::Relaxed);
        table.truncate(keep);
        free.retain(|slot| (slot.index as usize) < keep);
    }

    /// Runs `act` on the exchange if it is still in flight under that generation.
    pub(super) fn with<R>(&self, id: ExchangeId, act: impl FnOnce(&mut State) -> R) -> Option<R> {
        let table = self.0.table.read();
        let slot = table.get(id.slot as usize)?;
        let mut state = slot.state.lock();
        (state.live && state.generation == id.generation).then(|| act(&mut state))
    }

    pub(super) fn reply(&self, id: ExchangeId, reply: RawReply) -> bool {
        let waker = self.with(id, |state| {
            state.reply = Some(reply);
            state.waker.take()
        });
        wake(waker)
    }

    /// Appends a chunk to the response stream.
    pub fn push(&self, id: ExchangeId, chunk: &[u8]) -> Push {
        let pushed = self.with(id, |state| {
            if state.out_end.is_some() {
                return (Push::Gone, None);
            }
            if state.out_bytes >= OUT_HIGH_WATER {
                state.out_wait = true;
                return (Push::Full, None);
            }
            if !chunk.is_empty() {
                state.out.push_back(Bytes::copy_from_slice(chunk));
                state.out_bytes += chunk.len();
            }
            if state.out_bytes >= OUT_HIGH_WATER {
                state.out_wait = true;
                (Push::Wait, state.waker.take())
            } else {
                (Push::Taken, state.waker.take())
            }
        });
        match pushed {
            None => Push::Gone,
            Some((result, waker)) => {
                if let Some(waker) = waker {
                    waker.wake();
                }
                result
            }
        }
    }

    /// Completes the response stream.
    pub fn end(&self, id: ExchangeId) {
        self.finish(id, OutEnd::Complete);
    }

    /// Breaks the response stream: the client must see that it is not whole.
    pub fn fail(&self, id: ExchangeId) {
        self.finish(id, OutEnd::Failed);
    }

    fn finish(&self, id: ExchangeId, end: OutEnd) {
        wake(self.with(id, |state| {
            state.out_end.get_or_insert(end);
            state.waker.take()
        }));
    }

    /// JS's reader has taken `bytes` of the request body.
    pub fn credit(&self, id: ExchangeId, bytes: u64) {
        wake(self.with(id, |state| {
            state.in_credit = state.in_credit.saturating_add(bytes);
            state.in_waker.take()
        }));
    }

    /// JS does not want the rest of the request body.
    pub fn cancel_body(&self, id: ExchangeId) {
        wake(self.with(id, |state| {
            state.in_cancelled = true;
            state.in_waker.take()
        }));
    }
}

/// Wakes outside the slot's lock, so that the woken thread never waits for it.
fn wake(waker: Option<Option<Waker>>) -> bool {
    match waker {
        None => false,
        Some(waker) => {
            if let Some(waker) = waker {
                waker.wake();
            }
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_call_never_reaches_the_next_exchange_in_the_slot() {
        let slots = Slots::new(1);
        let first = slots.acquire();
        let stale = first.id();
        slots.release(&first);
        let second = slots.acquire();
        assert_eq!(second.id().slot, stale.slot);
        assert_eq!(slots.push(stale, b"x"), Push::Gone);
        slots.end(stale);
        assert_eq!(slots.push(second.id(), b"x"), Push::Taken);
        slots.release(&second);
    }

    #[test]
    fn one_chunk_beyond_the_high_water_mark_is_taken_and_no_more() {
        let slots = Slots::new(1);
        let taken = slots.acquire();
        let big = vec![0; OUT_HIGH_WATER * 3];
        assert_eq!(slots.push(taken.id(), &big), Push::Wait);
        assert_eq!(slots.push(taken.id(), b"x"), Push::Full);
        slots.end(taken.id());
        assert_eq!(slots.push(taken.id(), b"x"), Push::Gone);
        slots.release(&taken);
    }

    #[test]
    fn grows_under_load_and_shrinks_when_it_is_over() {
        let slots = Slots::new(16);
        let taken: Vec<_> = (0..100).map(|_| slots.acquire()).collect();
        assert_eq!(slots.allocated(), 100);
        for taken in &taken {
            slots.release(taken);
        }
        slots.trim();
        assert_eq!(slots.allocated(), 16);
        let stale = taken[50].id();
        let again: Vec<_> = (0..200).map(|_| slots.acquire()).collect();
        let mut ids: Vec<_> = again.iter().map(|t| t.slot.index).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 200, "no slot is handed out twice");
        assert_eq!(
            slots.push(stale, b"x"),
            Push::Gone,
            "a slot made anew has a new generation"
        );
        for taken in &again {
            slots.release(taken);
        }
    }
}
