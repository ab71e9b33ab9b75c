//! The homes of peers, from any thread: each call is one look at the state under its lock.
//! Waking a worker and dropping what a peer sent, which may wake its I/O thread, wait until
//! the lock is free.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::state::{Held, Sleepers, State};
use super::task::Task;
use crate::dispatch::Worker;
use crate::ws::{Closed, PeerId};

thread_local! {
    /// Workers that were told something and sleep until all of it is told.
    static TOLD: RefCell<Sleepers> = RefCell::default();
}

/// Wakes the workers that were told something by [`Homes::tell_soon`].
pub(super) fn wake_told() {
    TOLD.take().rouse();
}

#[derive(Debug, Default)]
pub(super) struct Homes(Mutex<State>);

impl Homes {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let (done, sleepers) = self.with_asleep(act);
        sleepers.rouse();
        done
    }

    fn with_asleep<T>(&self, act: impl FnOnce(&mut State) -> T) -> (T, Sleepers) {
        let mut state = self.0.lock();
        let done = act(&mut state);
        let sleepers = std::mem::take(&mut state.sleepers);
        let dropped = std::mem::take(&mut state.dropped);
        let unheard = std::mem::take(&mut state.unheard);
        drop(state);
        drop((dropped, unheard));
        (done, sleepers)
    }

    pub fn admitted(&self, worker: &Arc<Worker>) {
        self.with(|state| state.admit(worker));
    }

    pub fn opened(&self, peer: PeerId, home: Option<u32>) {
        self.with(|state| state.open(peer, home));
    }

    pub fn is_idle(&self) -> bool {
        self.with(|state| state.is_idle())
    }

    /// Tells the peer's home. What cannot be told comes back: of a peer that is not there, a
    /// wish too many.
    pub fn tell(&self, peer: PeerId, task: Task) -> Result<(), Task> {
        self.with(|state| state.tell(peer, task))
    }

    /// As [`Homes::tell`], where more may follow on this thread: [`wake_told`] ends it. A wake for
    /// each message would have a worker take them one by one.
    pub fn tell_soon(&self, peer: PeerId, task: Task) -> Result<(), Task> {
        let (told, sleepers) = self.with_asleep(|state| state.tell(peer, task));
        TOLD.with_borrow_mut(|told| told.join(sleepers));
        told
    }

    pub fn left(&self, peer: PeerId, closed: Closed, card: Bytes) {
        // one that was never opened has no home that would be told
        let _ = self.with(|state| state.leave(peer, closed, card));
    }

    /// What is kept of a peer that has left.
    pub fn card(&self, peer: PeerId) -> Option<Bytes> {
        self.with(|state| state.card(peer).cloned())
    }

    pub fn set_card(&self, peer: PeerId, card: Bytes) -> bool {
        self.with(|state| state.card(peer).map(|kept| *kept = card))
            .is_some()
    }

    /// A look at what a worker holds.
    pub fn look<T>(&self, worker: u32, token: u32, look: impl FnOnce(&Task) -> T) -> Option<T> {
        self.with(|state| state.held(worker, token).map(look))
    }

    pub fn settle(&self, worker: u32, tokens: &[u32]) -> Vec<Held> {
        self.with(|state| {
            let settled = tokens.iter().map(|token| state.settle(worker, *token));
            settled.flatten().collect()
        })
    }

    /// Takes one thing that is to be answered.
    pub fn settle_one(&self, worker: u32, token: u32) -> Option<Held> {
        self.with(|state| state.settle(worker, token))
    }

    pub fn gone(&self, worker: &Arc<Worker>) -> Vec<Held> {
        self.with(|state| state.gone(worker))
    }
}
