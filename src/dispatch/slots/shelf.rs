//! A thread's own few free slots, so that taking one and giving it back costs no lock. Only
//! slots that are never freed rest here: a surplus one on the shelf of a thread that sleeps
//! would keep the pool from shrinking.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::{Pool, Slot};

/// Slots a thread keeps at most. Half as many move at once between it and the pool.
const ROOM: usize = 64;

thread_local! {
    static SHELF: RefCell<Shelf> = const { RefCell::new(Shelf::empty()) };
}

/// Free slots of one pool: a process has one, but for tests.
struct Shelf {
    pool: Weak<Pool>,
    slots: Vec<Arc<Slot>>,
}

impl Shelf {
    const fn empty() -> Self {
        Shelf {
            pool: Weak::new(),
            slots: Vec::new(),
        }
    }
}

impl Drop for Shelf {
    /// What the thread still has goes back to the pool.
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.put_back(self.slots.drain(..));
        }
    }
}

/// Takes a slot, from the pool only where the thread has none.
pub(super) fn take(pool: &Arc<Pool>) -> Option<Arc<Slot>> {
    let taken = SHELF.try_with(|shelf| {
        let shelf = &mut *shelf.borrow_mut();
        if !std::ptr::eq(shelf.pool.as_ptr(), Arc::as_ptr(pool)) {
            *shelf = Shelf {
                pool: Arc::downgrade(pool),
                slots: Vec::with_capacity(ROOM),
            };
        }
        let own = shelf.slots.pop();
        own.or_else(|| pool.take(&mut shelf.slots, ROOM / 2))
    });
    // a thread that ends has no shelf any more
    taken.unwrap_or_else(|_| pool.take(&mut Vec::new(), 0))
}

/// Puts a free slot down; it comes back where it has no place here.
pub(super) fn put(slot: Arc<Slot>) -> Option<Arc<Slot>> {
    if slot.surplus {
        return Some(slot);
    }
    let mut slot = Some(slot);
    let put = SHELF.try_with(|shelf| {
        let shelf = &mut *shelf.borrow_mut();
        let Some(own) = slot.take_if(|slot| slot.pool.ptr_eq(&shelf.pool)) else {
            return;
        };
        if shelf.slots.len() == ROOM
            && let Some(pool) = shelf.pool.upgrade()
        {
            pool.put_back(shelf.slots.drain(ROOM / 2..));
        }
        shelf.slots.push(own);
    });
    // no matter which: without a shelf the slot has not been moved
    let (Ok(()) | Err(_)) = put;
    slot
}
