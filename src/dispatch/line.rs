//! The line: requests that no worker has taken yet, in the order in which they came. Who takes them,
//! and who is woken for them, is decided in `workers.rs`.

use std::collections::VecDeque;

use super::event::RequestEvent;
use super::slots::Slots;

/// The line is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests are waiting")]
pub struct Busy;

#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: VecDeque<Box<RequestEvent>>,
    /// About how many of them nobody waits for any more.
    dead: usize,
    /// No worker comes any more.
    closed: bool,
}

impl Line {
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether one more may wait where `bound` may.
    pub fn takes(&mut self, bound: usize, slots: &Slots) -> bool {
        let full = self.waiting.len() >= bound;
        !self.closed && (!full || self.make_room(slots))
    }

    pub fn push(&mut self, request: Box<RequestEvent>) {
        self.waiting.push_back(request);
    }

    /// At its front, for one whose worker could not take it.
    pub fn put_back(&mut self, request: Box<RequestEvent>) {
        self.waiting.push_front(request);
    }

    pub fn pop(&mut self) -> Option<Box<RequestEvent>> {
        self.waiting.pop_front()
    }

    /// A request that may still be in it has lost its client.
    pub fn left(&mut self) {
        self.dead += 1;
    }

    /// One that was taken had no client any more.
    pub fn passed_over(&mut self) {
        self.dead = self.dead.saturating_sub(1);
    }

    /// No worker takes anything from it any more.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// All that waits although nobody takes it.
    pub fn take_forsaken(&mut self) -> VecDeque<Box<RequestEvent>> {
        if !self.closed {
            return VecDeque::new();
        }
        self.dead = 0;
        std::mem::take(&mut self.waiting)
    }

    /// Throws out requests without a client; not worth the while unless they are many.
    fn make_room(&mut self, slots: &Slots) -> bool {
        let before = self.waiting.len();
        if self.dead == 0 || self.dead * 8 < before {
            return false;
        }
        self.waiting.retain(|request| slots.is_waiting(request.id));
        self.dead = 0;
        self.waiting.len() < before
    }
}
