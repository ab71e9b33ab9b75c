//! Requests of the server to peers: which are under way, who asked, and what becomes of them.
//! Time is JavaScript's to keep: it forgets what took too long.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::{Sockets, answers};
use crate::dispatch::wire::LONGEST;
use crate::dispatch::{Answer, PeerEvent, PeerNews, Standing, Worker};
use crate::ws::{Inbound, PeerId, PublishError};

/// Requests of the process that wait for a reply at most.
pub const REQUESTS: usize = 10_000;

/// Why a peer was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It is not there.
    #[error("the peer has gone")]
    Gone,
    /// [`REQUESTS`] wait already.
    #[error("{REQUESTS} requests wait for a reply, and there may be no more")]
    Requests,
    /// The question cannot be sent.
    #[error(transparent)]
    Unsent(PublishError),
}

/// No request.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Pending {
    peer: PeerId,
    asker: Arc<Worker>,
}

#[derive(Debug, Default)]
struct Table {
    last: u32,
    pending: FxHashMap<u32, Pending>,
    /// What each peer has been asked.
    peers: FxHashMap<PeerId, Vec<u32>>,
}

/// Requests that wait for a reply.
#[derive(Debug, Default)]
pub(super) struct Requests(Mutex<Table>);

impl Table {
    fn ask(&mut self, peer: PeerId, asker: Arc<Worker>) -> Result<u32, AskError> {
        if self.pending.len() >= REQUESTS {
            return Err(AskError::Requests);
        }
        loop {
            self.last = self.last.wrapping_add(1);
            if self.last != NONE && !self.pending.contains_key(&self.last) {
                break;
            }
        }
        self.pending.insert(self.last, Pending { peer, asker });
        self.peers.entry(peer).or_default().push(self.last);
        Ok(self.last)
    }

    fn remove(&mut self, id: u32) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        if let Some(asked) = self.peers.get_mut(&pending.peer) {
            asked.retain(|other| *other != id);
            if asked.is_empty() {
                self.peers.remove(&pending.peer);
            }
        }
        Some(pending)
    }
}

impl Requests {
    /// What the worker has asked is of no interest any more.
    pub fn forget_all_of(&self, worker: u32) {
        let mut table = self.0.lock();
        let asked = table.pending.iter();
        let asked = asked.filter(|(_, pending)| pending.asker.id() == worker);
        let asked: Vec<u32> = asked.map(|(id, _)| *id).collect();
        for id in asked {
            table.remove(id);
        }
    }
}

impl Sockets {
    /// Asks a peer something for a worker, which is told the reply; `data` is a JSON text.
    ///
    /// # Errors
    /// If it is not asked.
    pub fn ask(&self, worker: Arc<Worker>, peer: PeerId, data: &str) -> Result<u32, AskError> {
        let id = self.requests.0.lock().ask(peer, worker)?;
        let error = match self.hub.send(peer, answers::request(id, data)) {
            Ok(true) => return Ok(id),
            Ok(false) => AskError::Gone,
            Err(error) => AskError::Unsent(error),
        };
        self.requests.0.lock().remove(id);
        Err(error)
    }

    /// The worker does not wait for the reply any more.
    pub fn forget(&self, worker: &Worker, id: u32) {
        let mut table = self.requests.0.lock();
        let own = table.pending.get(&id);
        if own.is_some_and(|pending| pending.asker.id() == worker.id()) {
            table.remove(id);
        }
    }

    /// A peer replies. What nobody has asked it is not told to anybody.
    pub(super) fn replied(
        &self,
        peer: PeerId,
        id: u32,
        said: Result<Bytes, Bytes>,
        frame: Inbound,
    ) {
        let asker = {
            let mut table = self.requests.0.lock();
            let asked = table.pending.get(&id);
            if asked.is_none_or(|pending| pending.peer != peer) {
                return;
            }
            table.remove(id)
        };
        let answer = match said {
            Ok(data) if data.len() <= LONGEST => Answer::Data(data, Box::new(frame)),
            Err(error) if error.len() <= LONGEST => Answer::Error(Bytes::copy_from_slice(&error)),
            _ => Answer::Error(Bytes::from_static(b"\"the reply is too long\"")),
        };
        if let Some(pending) = asker {
            tell(&pending.asker, peer, id, answer);
        }
    }

    /// The peer has gone: whoever has asked it something need not wait.
    pub(super) fn unanswered(&self, peer: PeerId) {
        let waiting: Vec<(u32, Pending)> = {
            let mut table = self.requests.0.lock();
            let asked = table.peers.remove(&peer).unwrap_or_default();
            let pending = asked.into_iter();
            pending
                .filter_map(|id| Some((id, table.pending.remove(&id)?)))
                .collect()
        };
        for (id, pending) in waiting {
            tell(&pending.asker, peer, id, Answer::Gone);
        }
    }
}

fn tell(worker: &Worker, peer: PeerId, request: u32, answer: Answer) {
    if worker.standing() == Standing::Gone {
        return;
    }
    let event = PeerEvent {
        peer: peer.to_bits(),
        news: PeerNews::Reply { request, answer },
    };
    if worker.queue(event) {
        worker.rouse();
    }
}
