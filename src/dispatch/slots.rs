//! Slots: the permission for one exchange in flight, and the place where the two
//! sides of it meet. Slots are pooled: `base` are made in advance, more on demand,
//! and the surplus is freed again when the rush is over. Every number a client can
//! see (`ExchangeId`) carries a 32-bit generation, so a late call from JS for an
//! aborted exchange can never reach the next one in the same slot.

mod shelf;
mod state;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::Waker;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard, RwLock};

use crate::telemetry::counters;

pub use state::{OUT_HIGH_WATER, OUT_LOW_WATER};
pub(super) use state::{OutEnd, RawBody, RawReply, State};

/// Names one exchange for as long as it is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeId {
    /// Place in the table.
    pub slot: u32,
    /// How often that place has been used.
    pub generation: u32,
}

impl ExchangeId {
    /// No exchange at all.
    pub const NONE: Self = Self {
        slot: u32::MAX,
        generation: u32::MAX,
    };
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

#[derive(Debug)]
pub(super) struct Slot {
    pub index: u32,
    pub state: Mutex<State>,
    /// The generation and whether an exchange is in flight. Read by JS's calls and written at
    /// the end of the exchange under the lock of the state, so that a late call either comes
    /// before the end or finds the slot in other hands. Nobody knows the name of a free slot,
    /// so its next owner writes without the lock.
    holder: AtomicU64,
    /// It lies in the pool's own list.
    pooled: AtomicBool,
    /// Made on demand.
    surplus: bool,
    pool: Weak<Pool>,
}

const IN_FLIGHT: u64 = 1 << 32;

impl Slot {
    fn new(pool: &Weak<Pool>, index: u32, generation: u32, surplus: bool) -> Arc<Self> {
        Arc::new(Self {
            index,
            state: Mutex::new(State::new()),
            holder: AtomicU64::new(generation.into()),
            pooled: AtomicBool::new(false),
            surplus,
            pool: pool.clone(),
        })
    }

    /// That of the exchange in flight, or of the next one.
    fn generation(&self) -> u32 {
        self.holder.load(Relaxed) as u32
    }

    fn is_held_by(&self, generation: u32) -> bool {
        self.holder.load(Relaxed) == IN_FLIGHT | u64::from(generation)
    }
}

/// A slot taken from the pool. Dropping it ends the exchange and gives the slot back.
#[derive(Debug)]
pub struct Taken {
    /// Some until it is dropped.
    slot: Option<Arc<Slot>>,
    id: ExchangeId,
}

impl Taken {
    fn new(slot: Arc<Slot>) -> Self {
        let generation = slot.generation();
        slot.holder
            .store(IN_FLIGHT | u64::from(generation), Relaxed);
        let id = ExchangeId {
            slot: slot.index,
            generation,
        };
        Self {
            slot: Some(slot),
            id,
        }
    }

    /// The exchange's name.
    pub fn id(&self) -> ExchangeId {
        self.id
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let slot = self.slot.as_ref().expect("it is held until it is dropped");
        slot.state.lock()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else {
            return;
        };
        let mut state = slot.state.lock();
        let next = self.id.generation.wrapping_add(1);
        slot.holder.store(next.into(), Relaxed);
        let left = state.reset();
        drop(state);

        if let Some(slot) = shelf::put(slot)
            && let Some(pool) = slot.pool.upgrade()
        {
            pool.put_back([slot]);
        }
        if let Some(waker) = left.and_then(|left| left.in_waker) {
            waker.wake();
        }
    }
}

/// Locks are taken in this order: `table`, `free`, a slot's state.
#[derive(Debug)]
struct Pool {
    table: RwLock<Vec<Arc<Slot>>>,
    /// Free slots that lie on no thread's shelf.
    free: Mutex<Vec<Arc<Slot>>>,
    base: usize,
    /// First generation of a slot made from now on, above that of every slot ever freed.
    first_generation: AtomicU32,
}

impl Pool {
    /// Takes a slot, and up to `more` that are no surplus.
    fn take(&self, others: &mut Vec<Arc<Slot>>, more: usize) -> Option<Arc<Slot>> {
        let mut free = self.free.lock();
        let slot = free.pop()?;
        slot.pooled.store(false, Relaxed);
        let end = free.len();
        let fit = free.iter().rev().take(more);
        let start = end - fit.take_while(|slot| !slot.surplus).count();
        for slot in free.drain(start..) {
            slot.pooled.store(false, Relaxed);
            others.push(slot);
        }
        Some(slot)
    }

    fn put_back(&self, slots: impl IntoIterator<Item = Arc<Slot>>) {
        let mut free = self.free.lock();
        for slot in slots {
            slot.pooled.store(true, Relaxed);
            free.push(slot);
        }
    }

    fn grow(self: &Arc<Self>) -> Arc<Slot> {
        let mut table = self.table.write();
        let generation = self.first_generation.load(Relaxed);
        let pool = Arc::downgrade(self);
        let slot = Slot::new(&pool, table.len() as u32, generation, true);
        table.push(slot.clone());
        slot
    }
}

/// The pool. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Pool>);

impl Slots {
    /// Makes `base` slots in advance.
    pub fn new(base: usize) -> Self {
        Self(Arc::new_cyclic(|pool| {
            let table: Vec<_> = (0..base as u32)
                .map(|index| Slot::new(pool, index, 0, false))
                .collect();
            let made = Pool {
                table: RwLock::new(Vec::new()),
                free: Mutex::new(Vec::with_capacity(base)),
                base,
                first_generation: AtomicU32::new(0),
            };
            made.put_back(table.iter().rev().cloned());
            *made.table.write() = table;
            made
        }))
    }

    /// Slots that exist, free or taken.
    pub fn allocated(&self) -> usize {
        self.0.table.read().len()
    }

    /// Takes a slot; makes one where none is free.
    pub fn acquire(&self) -> Taken {
        let slot = match shelf::take(&self.0) {
            Some(slot) => {
                counters().slot_hits.increment();
                slot
            }
            None => {
                counters().slot_misses.increment();
                self.0.grow()
            }
        };
        Taken::new(slot)
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
        let mut newest = self.0.first_generation.load(Relaxed);
        while keep > self.0.base && table[keep - 1].pooled.load(Relaxed) {
            newest = newest.max(table[keep - 1].generation());
            keep -= 1;
        }
        self.0.first_generation.store(newest, Relaxed);
        table.truncate(keep);
        free.retain(|slot| (slot.index as usize) < keep);
    }

    /// Runs `act` on the exchange if it is still in flight under that generation.
    pub(super) fn with<R>(&self, id: ExchangeId, act: impl FnOnce(&mut State) -> R) -> Option<R> {
        let table = self.0.table.read();
        let slot = table.get(id.slot as usize)?;
        let mut state = slot.state.lock();
        slot.is_held_by(id.generation).then(|| act(&mut state))
    }

    /// The exchanges in flight at this moment.
    pub(super) fn held(&self) -> Vec<ExchangeId> {
        let table = self.0.table.read();
        let held = table.iter().filter_map(|slot| {
            let holder = slot.holder.load(Relaxed);
            (holder & IN_FLIGHT != 0).then_some(ExchangeId {
                slot: slot.index,
                generation: holder as u32,
            })
        });
        held.collect()
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
mod tests;
