//! One worker's event queue. A wake is sent only when the queue turns non-empty;
//! the worker then drains until it is empty, a batch a turn, so a thousand waiting
//! events cost one wake.

use std::collections::VecDeque;
use std::fmt;

use parking_lot::{Mutex, RwLock};

use super::event::Event;
use super::wire;

/// How the queue asks its worker to come and drain it.
pub trait Wake: Send + Sync {
    /// Called from any thread, at most once until the queue has been empty again.
    fn wake(&self);
}

/// The queue between the I/O threads and one JS thread.
pub struct Worker {
    queue: Mutex<VecDeque<Event>>,
    wake: RwLock<Option<Box<dyn Wake>>>,
}

impl Worker {
    pub(super) fn new() -> Self {
        Self {
            queue: Mutex::new(VecDeque::with_capacity(256)),
            wake: RwLock::new(None),
        }
    }

    /// The JS side is ready. Events that came before it wake it now.
    pub fn attach(&self, wake: Box<dyn Wake>) {
        *self.wake.write() = Some(wake);
        if !self.queue.lock().is_empty() {
            self.wake();
        }
    }

    /// The JS side is gone; nothing will drain the queue any more.
    pub fn detach(&self) {
        *self.wake.write() = None;
    }

    /// Whether a JS thread stands behind this queue.
    pub fn attached(&self) -> bool {
        self.wake.read().is_some()
    }

    pub(super) fn send(&self, event: Event) {
        let was_empty = {
            let mut queue = self.queue.lock();
            let was_empty = queue.is_empty();
            queue.push_back(event);
            was_empty
        };
        if was_empty {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(wake) = &*self.wake.read() {
            wake.wake();
        }
    }

    /// Writes up to `max` events into `buffer`. Returns the bytes written and whether
    /// more are waiting; if so the caller comes again without being woken.
    pub fn drain(&self, buffer: &mut [u8], max: usize) -> (usize, bool) {
        let mut written = 0;
        for _ in 0..max {
            // Encoded outside the lock: the copy must not hold up the I/O threads.
            let Some(event) = self.queue.lock().pop_front() else {
                return (written, false);
            };
            match wire::encode(&event, &mut buffer[written..]) {
                Some(len) => written += len,
                None => {
                    self.queue.lock().push_front(event);
                    return (written, true);
                }
            }
        }
        (written, !self.queue.lock().is_empty())
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("queued", &self.queue.lock().len())
            .field("attached", &self.attached())
            .finish()
    }
}
