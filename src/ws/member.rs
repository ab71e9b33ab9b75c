//! A peer as its I/O thread knows it: what its task and whoever sends to it share. No locks, as both
//! run on that thread.

use std::cell::{Cell, RefCell};
use std::task::{Context, Waker};
use std::time::Instant;

use super::code::{Closed, Goodbye};
use super::heartbeat::Heartbeat;
use super::id::PeerId;
use super::message::Message;
use super::queue::Queue;
use super::reply;
use super::run::Run;
use super::transport::Transport;

/// A peer as its thread knows it.
pub(super) struct Member {
    pub id: PeerId,
    pub transport: Transport,
    /// How many had joined with it.
    pub nth: u64,
    pub queue: RefCell<Queue>,
    pub heartbeat: Cell<Heartbeat>,
    /// It is to be closed.
    pub order: RefCell<Option<Goodbye>>,
    /// A goodbye has been said or ordered: nothing else is sent to it any more.
    pub leaving: Cell<bool>,
    /// Its socket is to be dropped.
    pub dead: Cell<bool>,
    /// Nothing has come for a while: its task keeps as little as it can.
    pub quiet: Cell<bool>,
    /// The task has to be polled and has been told so.
    stirred: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    /// How it ended.
    pub closed: RefCell<Option<Closed>>,
    pub topics: RefCell<Vec<u64>>,
    /// Of a stream: it has been told how it begins.
    pub begun: Cell<bool>,
}

impl Member {
    pub fn new(id: PeerId, transport: Transport, nth: u64, now: Instant) -> Self {
        Self {
            id,
            transport,
            nth,
            queue: RefCell::default(),
            heartbeat: Cell::new(Heartbeat::new(now)),
            order: RefCell::default(),
            leaving: Cell::new(false),
            dead: Cell::new(false),
            quiet: Cell::new(false),
            stirred: Cell::new(false),
            waker: RefCell::default(),
            closed: RefCell::default(),
            topics: RefCell::default(),
            begun: Cell::new(false),
        }
    }

    pub fn close(&self, goodbye: Goodbye) {
        if !self.leaving.replace(true) {
            *self.order.borrow_mut() = Some(goodbye);
            self.stir();
        }
    }

    /// Something happens by which it is judged whether it lives.
    pub fn beat(&self, with: impl FnOnce(&mut Heartbeat)) {
        let mut heartbeat = self.heartbeat.get();
        with(&mut heartbeat);
        self.heartbeat.set(heartbeat);
    }

    /// Queues an answer: whoever waits for one is not left waiting, however much is queued.
    pub fn answer(&self, message: &Message) {
        if !self.leaving.get() {
            let run = Run::of(message, self.transport);
            self.queue.borrow_mut().push_answer(&run);
            self.stir();
        }
    }

    /// It has caught up: tells it how many messages it was left out of, if any.
    pub fn tell_skipped(&self) {
        let skipped = self.queue.borrow_mut().take_skipped();
        if skipped > 0 {
            self.answer(&reply::skipped(skipped));
        }
    }

    /// The task is being polled and sees whatever was done to it.
    pub fn listen(&self, cx: &Context<'_>) {
        self.stirred.set(false);
        let mut waker = self.waker.borrow_mut();
        match &mut *waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    /// Has its task polled, once however often it is said.
    pub fn stir(&self) {
        if !self.stirred.replace(true)
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }
}
