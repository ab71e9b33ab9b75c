//! Which worker is the home of which peer, and what it was told and has not settled: the
//! state that `homes` keeps under its lock. Nothing here wakes, drops or answers: what such
//! things are to be done to is handed back.
//!
//! A peer's events are told in order and to one worker at a time. Its home changes when
//! nothing of it is outstanding there: what comes meanwhile is parked.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::{FxHashMap, FxHashSet};

use super::task::Task;
use crate::dispatch::{Answer, PeerEvent, Standing, Worker};
use crate::telemetry::counters;
use crate::ws::{Closed, PeerId};

/// Wishes of one peer that hooks have not answered at most.
pub const WISHES: u32 = 16;

/// No worker and no seat.
pub(super) const NOBODY: u32 = u32::MAX;

/// Whether a home knows that a peer has taken all that waited for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drained {
    /// There is nothing to know.
    No,
    /// It is told, or has yet to be.
    Told,
    /// It happened again since it was told, which its hook may not have seen.
    Again,
}

/// A peer, until the last of it is settled.
#[derive(Debug)]
pub(super) struct Resident {
    /// The worker that runs its hooks, if that is still there.
    pub home: u32,
    /// That worker's seat, whose next occupant is asked first.
    seat: u32,
    /// Tokens of what its home was told and has not settled.
    pub outstanding: Vec<u32>,
    /// Wishes that hooks have not answered.
    pub wishes: u32,
    /// Whether its home knows that its queue is empty.
    pub drained: Drained,
    /// What is left of it, once it has left the hub.
    card: Option<Bytes>,
    /// What its home is to be told when it has one again.
    pub parked: VecDeque<Task>,
}

impl Resident {
    /// It has left, and that was the last thing to be told.
    pub fn is_over(&self) -> bool {
        self.card.is_some() && self.outstanding.is_empty() && self.parked.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Home {
    worker: Arc<Worker>,
    peers: usize,
}

/// A task that a worker has not settled.
#[derive(Debug)]
pub(super) struct Held {
    pub peer: PeerId,
    pub task: Task,
    pub worker: u32,
}

/// Workers that sleep and were given something.
#[derive(Debug, Default)]
#[must_use = "nobody else wakes them"]
pub(super) struct Sleepers(Vec<Arc<Worker>>);

impl Sleepers {
    /// Others as well; most often it is the same one again.
    pub fn join(&mut self, others: Self) {
        for worker in others.0 {
            if !self.0.iter().any(|own| Arc::ptr_eq(own, &worker)) {
                self.0.push(worker);
            }
        }
    }

    pub fn rouse(self) {
        for worker in self.0 {
            worker.rouse();
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub residents: FxHashMap<PeerId, Resident>,
    pub homes: FxHashMap<u32, Home>,
    pub held: FxHashMap<u32, Held>,
    last_token: u32,
    /// Peers with something parked that no worker was there for.
    homeless: FxHashSet<PeerId>,
    pub sleepers: Sleepers,
    /// Of no use any more, as `unheard`. Dropping what a peer sent may wake its I/O thread.
    pub dropped: Vec<Task>,
    /// To questions that nobody is left of who has asked them.
    pub unheard: Vec<Answer>,
}

impl State {
    /// The worker may be a home.
    pub fn admit(&mut self, worker: &Arc<Worker>) {
        let worker = worker.clone();
        let home = Home { worker, peers: 0 };
        self.homes.entry(home.worker.id()).or_insert(home);
        for peer in std::mem::take(&mut self.homeless) {
            self.unpark(peer);
        }
    }

    pub fn open(&mut self, peer: PeerId, home: Option<u32>) {
        let (home, seat) = match home.and_then(|home| self.homes.get_mut(&home)) {
            Some(home) => {
                home.peers += 1;
                (home.worker.id(), home.worker.seat())
            }
            // it has gone since it answered the handshake
            None => (NOBODY, NOBODY),
        };
        let resident = Resident {
            home,
            seat,
            outstanding: Vec::new(),
            wishes: 0,
            drained: Drained::No,
            card: None,
            parked: VecDeque::new(),
        };
        self.residents.insert(peer, resident);
        // there is one now, so it is taken
        let _ = self.tell(peer, Task::Open);
    }

    /// Nothing is outstanding or parked.
    pub fn is_idle(&self) -> bool {
        let mut residents = self.residents.values();
        residents.all(|resident| resident.outstanding.is_empty() && resident.parked.is_empty())
    }

    /// Tells the peer's home, or parks it. What cannot be told comes back: of a peer that is
    /// not there, a wish too many.
    pub fn tell(&mut self, peer: PeerId, task: Task) -> Result<(), Task> {
        let Some(resident) = self.residents.get_mut(&peer) else {
            return Err(task);
        };
        if task.is_wish() {
            if resident.wishes >= WISHES {
                return Err(task);
            }
            resident.wishes += 1;
        }
        if matches!(task, Task::Drain) {
            let told = resident.drained != Drained::No;
            resident.drained = if told { Drained::Again } else { Drained::Told };
            if told {
                return Ok(());
            }
        }
        if resident.parked.is_empty()
            && let Some(worker) = self.place(peer)
        {
            self.hand(peer, task, &worker);
        } else if let Some(resident) = self.residents.get_mut(&peer) {
            counters().ws_parked.increment();
            resident.parked.push_back(task);
        }
        Ok(())
    }

    /// The peer has left the hub; its home is still to be told so.
    pub fn leave(&mut self, peer: PeerId, closed: Closed, card: Bytes) -> Result<(), Task> {
        if let Some(resident) = self.residents.get_mut(&peer) {
            resident.card = Some(card);
        }
        self.tell(peer, Task::Close(closed))
    }

    pub fn card(&mut self, peer: PeerId) -> Option<&mut Bytes> {
        self.residents.get_mut(&peer)?.card.as_mut()
    }

    /// The worker that may be told something of the peer now: its home, or a new one.
    fn place(&mut self, peer: PeerId) -> Option<Arc<Worker>> {
        let resident = self.residents.get_mut(&peer)?;
        if let Some(home) = self.homes.get(&resident.home) {
            if home.worker.standing() == Standing::Ready {
                return Some(home.worker.clone());
            }
            // it settles what it has, or ends and is known to have
            if !resident.outstanding.is_empty() {
                return None;
            }
        }
        let ready = self
            .homes
            .values()
            .filter(|home| home.worker.standing() == Standing::Ready);
        let next = ready.min_by_key(|home| {
            let elsewhere = home.worker.seat() != resident.seat;
            (elsewhere, home.peers, home.worker.id())
        });
        let Some(worker) = next.map(|home| home.worker.clone()) else {
            self.homeless.insert(peer);
            return None;
        };
        // how many the home before has left is of no interest: it takes nobody any more
        if let Some(home) = self.homes.get_mut(&worker.id()) {
            home.peers += 1;
        }
        resident.home = worker.id();
        resident.seat = worker.seat();
        Some(worker)
    }

    /// A token that nothing is held under; never 0.
    fn free_token(&mut self) -> u32 {
        loop {
            self.last_token = self.last_token.wrapping_add(1);
            if self.last_token != 0 && !self.held.contains_key(&self.last_token) {
                return self.last_token;
            }
        }
    }

    /// Puts the task into the worker's inbox and remembers what it owes.
    fn hand(&mut self, peer: PeerId, task: Task, worker: &Arc<Worker>) {
        let token = self.free_token();
        let Some(resident) = self.residents.get_mut(&peer) else {
            return;
        };
        resident.outstanding.push(token);
        let news = task.news(token, resident.card.as_ref());
        worker.owes();
        let held = Held {
            peer,
            task,
            worker: worker.id(),
        };
        self.held.insert(token, held);
        let peer = peer.to_bits();
        if worker.queue(PeerEvent { peer, news }) {
            self.sleepers.0.push(worker.clone());
        }
    }

    /// Tells what was parked, as far as there is somebody to be told.
    pub fn unpark(&mut self, peer: PeerId) {
        loop {
            let resident = self.residents.get(&peer);
            if resident.is_none_or(|resident| resident.parked.is_empty()) {
                return;
            }
            let Some(worker) = self.place(peer) else {
                return;
            };
            let resident = self.residents.get_mut(&peer);
            if let Some(task) = resident.and_then(|resident| resident.parked.pop_front()) {
                self.hand(peer, task, &worker);
            }
        }
    }

    /// That is no longer outstanding of the peer.
    fn settled(&mut self, peer: PeerId, token: u32) {
        let Some(resident) = self.residents.get_mut(&peer) else {
            return;
        };
        resident.outstanding.retain(|other| *other != token);
        if !resident.outstanding.is_empty() {
            return;
        }
        if resident.is_over() {
            self.release(peer);
        } else {
            self.unpark(peer);
        }
    }

    /// Keeps nothing more of a peer whose end was told: hooks that are still at something that
    /// came before it end when they like, or never, and are not waited for.
    fn release(&mut self, peer: PeerId) {
        let Some(resident) = self.residents.remove(&peer) else {
            return;
        };
        let home = self.homes.get_mut(&resident.home);
        for token in resident.outstanding {
            if let Some(held) = self.held.remove(&token) {
                if let Some(home) = &home {
                    home.worker.settles();
                }
                self.dropped.push(held.task);
            }
        }
        self.dropped.extend(resident.parked);
        if let Some(home) = home {
            home.peers -= 1;
        }
    }

    /// The peer's home has done with one that it was told of.
    fn knows_of_drain(&mut self, peer: PeerId) {
        let Some(resident) = self.residents.get_mut(&peer) else {
            return;
        };
        let before = std::mem::replace(&mut resident.drained, Drained::No);
        // that it has left is the last that is told of it
        if before == Drained::Again && resident.card.is_none() {
            // of a peer that is there, and no wish
            let _ = self.tell(peer, Task::Drain);
        }
    }

    /// What the worker holds under that token.
    pub fn held(&self, worker: u32, token: u32) -> Option<&Task> {
        let held = self.held.get(&token).filter(|held| held.worker == worker);
        held.map(|held| &held.task)
    }

    /// The worker has done with what it held under that token.
    pub fn settle(&mut self, worker: u32, token: u32) -> Option<Held> {
        let Entry::Occupied(place) = self.held.entry(token) else {
            return None;
        };
        if place.get().worker != worker {
            return None;
        }
        let held = place.remove();
        if let Some(home) = self.homes.get(&worker) {
            home.worker.settles();
        }
        if held.task.is_wish()
            && let Some(resident) = self.residents.get_mut(&held.peer)
        {
            resident.wishes -= 1;
        }
        if matches!(held.task, Task::Drain) {
            self.knows_of_drain(held.peer);
        }
        self.settled(held.peer, token);
        if matches!(held.task, Task::Close(_)) {
            self.release(held.peer);
        }
        Some(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_round_without_meeting() {
        let mut state = State {
            last_token: u32::MAX - 1,
            ..State::default()
        };
        for token in [u32::MAX, 2] {
            let held = Held {
                peer: PeerId::from_bits(0),
                task: Task::Open,
                worker: 0,
            };
            state.held.insert(token, held);
        }
        let tokens = [(); 3].map(|()| state.free_token());
        assert_eq!(tokens, [1, 3, 4], "0 is none, and two are in use");
    }
}
