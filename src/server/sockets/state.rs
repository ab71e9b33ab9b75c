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

use crate::dispatch::wire::INLINE_MESSAGE;
use crate::dispatch::{Farewell, PeerEvent, PeerNews, Standing, Worker};
use crate::telemetry::counters;
use crate::ws::{Closed, Data, Inbound, PeerId, Position};

/// Wishes of one peer that hooks have not answered at most.
pub const WISHES: u32 = 16;

/// No worker and no seat.
const NOBODY: u32 = u32::MAX;

/// What a home is to be told of a peer. What the peer sent counts against what it may have
/// waiting as long as the task lives.
#[derive(Debug)]
pub(super) enum Task {
    Open,
    Drain,
    Message(Inbound),
    Close(Closed),
    Subscribe(Box<Subscribe>),
    Request(Box<Request>),
}

/// A wish for a topic.
#[derive(Debug)]
pub(super) struct Subscribe {
    pub id: u64,
    pub topic: Box<str>,
    pub since: Option<Position>,
    pub frame: Inbound,
}

/// A wish for anything the app knows.
#[derive(Debug)]
pub(super) struct Request {
    pub id: u32,
    /// A part of the frame: a JSON text.
    pub data: Bytes,
    pub frame: Inbound,
}

impl Task {
    /// What crosses only when it is asked for, where it is long.
    pub fn payload(&self) -> Option<Bytes> {
        match self {
            Task::Message(message) => Some(message.data.bytes().clone()),
            Task::Request(request) => Some(request.data.clone()),
            _ => None,
        }
    }

    fn inline(&self) -> Option<Bytes> {
        self.payload().filter(|data| data.len() <= INLINE_MESSAGE)
    }

    fn is_wish(&self) -> bool {
        matches!(self, Task::Subscribe(_) | Task::Request(_))
    }
}

/// A peer, until the last of it is settled.
#[derive(Debug)]
struct Resident {
    /// The worker that runs its hooks, if that is still there.
    home: u32,
    /// That worker's seat, whose next occupant is asked first.
    seat: u32,
    /// What its home was told and has not settled, or has not even taken.
    outstanding: u32,
    /// Wishes that hooks have not answered.
    wishes: u32,
    /// It is to be told already that its queue is empty.
    drained: bool,
    /// What is left of it, once it has left the hub.
    card: Option<Bytes>,
    /// What its home is to be told when it has one again.
    parked: VecDeque<Task>,
}

impl Resident {
    /// It has left, and that was the last thing to be told.
    fn is_over(&self) -> bool {
        self.card.is_some() && self.outstanding == 0 && self.parked.is_empty()
    }
}

#[derive(Debug)]
struct Home {
    worker: Arc<Worker>,
    peers: usize,
}

/// A task that a worker has not settled.
#[derive(Debug)]
pub(super) struct Held {
    pub peer: PeerId,
    pub task: Task,
    worker: u32,
}

/// Workers that sleep and were given something.
#[derive(Debug, Default)]
#[must_use = "nobody else wakes them"]
pub(super) struct Sleepers(Vec<Arc<Worker>>);

impl Sleepers {
    pub fn rouse(self) {
        for worker in self.0 {
            worker.rouse();
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    residents: FxHashMap<PeerId, Resident>,
    homes: FxHashMap<u32, Home>,
    held: FxHashMap<u32, Held>,
    last_token: u32,
    /// Peers with something parked that no worker was there for.
    homeless: FxHashSet<PeerId>,
    pub sleepers: Sleepers,
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
            outstanding: 0,
            wishes: 0,
            drained: false,
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
        residents.all(|resident| resident.outstanding == 0 && resident.parked.is_empty())
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
        if matches!(task, Task::Drain) && std::mem::replace(&mut resident.drained, true) {
            return Ok(());
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
            if resident.outstanding > 0 {
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
        if let Some(before) = self.homes.get_mut(&resident.home) {
            before.peers -= 1;
        }
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
        let token = match task {
            Task::Open | Task::Drain => 0,
            _ => self.free_token(),
        };
        let Some(resident) = self.residents.get_mut(&peer) else {
            return;
        };
        resident.outstanding += 1;
        let news = match &task {
            Task::Open => PeerNews::Open,
            Task::Drain => PeerNews::Drain,
            Task::Message(message) => PeerNews::Message {
                token,
                text: matches!(message.data, Data::Text(_)),
                data: task.inline(),
            },
            Task::Close(closed) => PeerNews::Close {
                token,
                farewell: Box::new(Farewell {
                    code: closed.code,
                    was_clean: closed.was_clean,
                    reason: closed.reason.clone(),
                    card: resident.card.clone().unwrap_or_default(),
                }),
            },
            Task::Subscribe(wish) => PeerNews::Subscribe {
                token,
                topic: wish.topic.clone(),
            },
            Task::Request(wish) => PeerNews::Request {
                token,
                wish: wish.id,
                data: task.inline(),
            },
        };
        if !matches!(task, Task::Open | Task::Drain) {
            worker.owes();
            let worker = worker.id();
            self.held.insert(token, Held { peer, task, worker });
        }
        let peer = peer.to_bits();
        if worker.queue(PeerEvent { peer, news }) {
            self.sleepers.0.push(worker.clone());
        }
    }

    /// Tells what was parked, as far as there is somebody to be told.
    fn unpark(&mut self, peer: PeerId) {
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

    /// The worker has taken something that needs no settling.
    pub fn taken(&mut self, peer: PeerId, worker: u32, drain: bool) {
        let Some(resident) = self.residents.get_mut(&peer) else {
            return;
        };
        // one that was given up and comes late has lost its peers already
        if resident.home != worker {
            return;
        }
        if drain {
            resident.drained = false;
        }
        self.settled(peer);
    }

    /// One thing less is outstanding of the peer.
    fn settled(&mut self, peer: PeerId) {
        let Entry::Occupied(mut place) = self.residents.entry(peer) else {
            return;
        };
        let resident = place.get_mut();
        resident.outstanding -= 1;
        if resident.outstanding > 0 {
            return;
        }
        if !resident.parked.is_empty() {
            self.unpark(peer);
        } else if resident.is_over() {
            if let Some(home) = self.homes.get_mut(&resident.home) {
                home.peers -= 1;
            }
            place.remove();
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
        self.settled(held.peer);
        Some(held)
    }

    /// The worker has gone. What it had taken and not settled is lost and comes back; what it
    /// had not taken is told to other homes, before what was parked behind it.
    pub fn gone(&mut self, worker: &Arc<Worker>) -> Vec<Held> {
        let id = worker.id();
        if self.homes.remove(&id).is_none() {
            return Vec::new();
        }
        for event in worker.reclaim().into_iter().rev() {
            let task = match event.news {
                PeerNews::Open => Some(Task::Open),
                PeerNews::Drain => Some(Task::Drain),
                PeerNews::Message { token, .. }
                | PeerNews::Close { token, .. }
                | PeerNews::Subscribe { token, .. }
                | PeerNews::Request { token, .. } => {
                    worker.settles();
                    self.held.remove(&token).map(|held| held.task)
                }
                // nobody is left who has asked
                PeerNews::Reply { .. } => None,
            };
            let resident = self.residents.get_mut(&PeerId::from_bits(event.peer));
            if let (Some(task), Some(resident)) = (task, resident) {
                resident.parked.push_front(task);
            }
        }
        let lost = self.held.extract_if(|_, held| held.worker == id);
        let lost: Vec<Held> = lost.map(|(_, held)| held).collect();
        for held in &lost {
            worker.settles();
            if let Some(resident) = self.residents.get_mut(&held.peer) {
                resident.wishes -= u32::from(held.task.is_wish());
            }
        }
        counters().ws_lost.add(lost.len() as u64);
        self.evict(id);
        lost
    }

    /// Finds other homes for those who had theirs with that worker.
    fn evict(&mut self, worker: u32) {
        let mut waiting = Vec::new();
        self.residents.retain(|peer, resident| {
            if resident.home != worker {
                return true;
            }
            resident.home = NOBODY;
            // also what the worker was about to take when it was given up
            resident.outstanding = 0;
            let drains = |task: &Task| matches!(task, Task::Drain);
            resident.drained = resident.parked.iter().any(drains);
            if !resident.parked.is_empty() {
                waiting.push(*peer);
            }
            !resident.is_over()
        });
        for peer in waiting {
            self.unpark(peer);
        }
    }
}
