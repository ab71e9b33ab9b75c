//! Requests of the server to peers: which are under way, who asked, and what becomes of them. A peer
//! may be another process's, and so may be who asks. Time is JavaScript's to keep: it forgets what took
//! too long.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::{Sockets, answers};
use crate::dispatch::wire::LONGEST;
use crate::dispatch::{Answer, PeerEvent, PeerNews, Standing, Worker};
use crate::link::{Instance, Outcome};
use crate::ws::{FarPeer, Inbound, PeerId, PublishError, Transport};

/// Requests of the process that wait for a reply at most.
pub const REQUESTS: usize = 10_000;

/// Why a peer was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It is not there.
    #[error("the peer has gone")]
    Gone,
    /// It is a stream of events.
    #[error("a stream of events cannot reply")]
    OneWay,
    /// [`REQUESTS`] wait already.
    #[error("{REQUESTS} requests wait for a reply, and there may be no more")]
    Requests,
    /// The question cannot be sent.
    #[error(transparent)]
    Unsent(PublishError),
}

/// No request.
const NONE: u32 = u32::MAX;

/// Who asks.
#[derive(Debug, Clone)]
enum Asker {
    Worker(Arc<Worker>),
    /// Another process, under a number of its own.
    Hub(Instance, u32),
}

#[derive(Debug)]
struct Pending {
    peer: PeerId,
    /// The process that has the peer, if it is another.
    at: Option<Instance>,
    asker: Asker,
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
    fn ask(&mut self, peer: PeerId, at: Option<Instance>, asker: Asker) -> Result<u32, AskError> {
        if self.pending.len() >= REQUESTS {
            return Err(AskError::Requests);
        }
        loop {
            self.last = self.last.wrapping_add(1);
            if self.last != NONE && !self.pending.contains_key(&self.last) {
                break;
            }
        }
        self.pending.insert(self.last, Pending { peer, at, asker });
        if at.is_none() {
            self.peers.entry(peer).or_default().push(self.last);
        }
        Ok(self.last)
    }

    fn remove(&mut self, id: u32) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        if pending.at.is_some() {
            return Some(pending);
        }
        if let Some(asked) = self.peers.get_mut(&pending.peer) {
            asked.retain(|other| *other != id);
            if asked.is_empty() {
                self.peers.remove(&pending.peer);
            }
        }
        Some(pending)
    }

    /// Takes out all that are so.
    fn take(&mut self, which: impl Fn(&Pending) -> bool) -> Vec<(u32, Pending)> {
        let found = self.pending.iter().filter(|(_, pending)| which(pending));
        let found: Vec<u32> = found.map(|(id, _)| *id).collect();
        let taken = found.into_iter();
        taken
            .filter_map(|id| Some((id, self.remove(id)?)))
            .collect()
    }
}

impl Asker {
    fn is_worker(&self, id: u32) -> bool {
        matches!(self, Asker::Worker(worker) if worker.id() == id)
    }
}

impl Requests {
    /// What the worker has asked is of no interest any more.
    pub fn forget_all_of(&self, worker: u32) {
        self.0
            .lock()
            .take(|pending| pending.asker.is_worker(worker));
    }
}

impl Sockets {
    /// Asks a peer something for a worker, which is told the reply; `data` is a JSON text.
    ///
    /// # Errors
    /// If it is not asked.
    pub fn ask(&self, worker: Arc<Worker>, peer: PeerId, data: &str) -> Result<u32, AskError> {
        self.ask_here(Asker::Worker(worker), peer, data)
    }

    fn ask_here(&self, asker: Asker, peer: PeerId, data: &str) -> Result<u32, AskError> {
        if self.hub.transport(peer) == Some(Transport::Stream) {
            return Err(AskError::OneWay);
        }
        let id = self.requests.0.lock().ask(peer, None, asker)?;
        let error = match self.hub.send(peer, answers::request(id, data)) {
            Ok(true) => return Ok(id),
            Ok(false) => AskError::Gone,
            Err(error) => AskError::Unsent(error),
        };
        self.requests.0.lock().remove(id);
        Err(error)
    }

    /// As [`Sockets::ask`], of a peer of another process.
    ///
    /// # Errors
    /// If it is not asked.
    pub fn ask_far(&self, worker: Arc<Worker>, peer: FarPeer, data: &str) -> Result<u32, AskError> {
        let link = self.link().ok_or(AskError::Gone)?;
        let asker = Asker::Worker(worker);
        let at = Some(peer.epoch);
        let id = self.requests.0.lock().ask(peer.peer, at, asker)?;
        if link.ask(peer, id, Bytes::copy_from_slice(data.as_bytes())) {
            return Ok(id);
        }
        self.requests.0.lock().remove(id);
        Err(AskError::Gone)
    }

    /// Asks another process for the cards of its peers from that slot on; the worker is told them as a
    /// reply, in the form that `far.rs` gives them.
    ///
    /// # Errors
    /// If it is not asked.
    pub fn survey_far(
        &self,
        worker: Arc<Worker>,
        hub: Instance,
        from: u32,
    ) -> Result<u32, AskError> {
        let link = self.link().ok_or(AskError::Gone)?;
        let nobody = PeerId::from_bits(u64::MAX);
        let asker = Asker::Worker(worker);
        let id = self.requests.0.lock().ask(nobody, Some(hub), asker)?;
        if link.survey(hub, id, from) {
            return Ok(id);
        }
        self.requests.0.lock().remove(id);
        Err(AskError::Gone)
    }

    /// The worker does not wait for the reply any more.
    pub fn forget(&self, worker: &Worker, id: u32) {
        let forgotten = {
            let mut table = self.requests.0.lock();
            let own = table.pending.get(&id);
            let own = own.is_some_and(|pending| pending.asker.is_worker(worker.id()));
            if own { table.remove(id) } else { None }
        };
        if let Some(at) = forgotten.and_then(|pending| pending.at)
            && let Some(link) = self.link()
        {
            link.forget(at, id);
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
        let asked = {
            let mut table = self.requests.0.lock();
            let asked = table.pending.get(&id);
            if asked.is_none_or(|pending| pending.peer != peer || pending.at.is_some()) {
                return;
            }
            table.remove(id)
        };
        let answer = match said {
            Ok(data) if data.len() <= LONGEST => Answer::Data(data, Box::new(frame)),
            Err(error) if error.len() <= LONGEST => Answer::Error(Bytes::copy_from_slice(&error)),
            _ => Answer::Error(Bytes::from_static(b"\"the reply is too long\"")),
        };
        if let Some(pending) = asked {
            self.tell(pending, id, answer);
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
            self.tell(pending, id, Answer::Gone);
        }
    }

    /// Another process wants a peer here to be asked something; what it says is not trusted to be
    /// a JSON text.
    pub(super) fn ask_for(&self, by: Instance, id: u32, peer: PeerId, data: &Bytes) {
        let data = str::from_utf8(data).unwrap_or_default();
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok();
        let asker = Asker::Hub(by, id);
        if (!is_json || self.ask_here(asker, peer, data).is_err())
            && let Some(link) = self.link()
        {
            link.answer(by, id, Outcome::Gone);
        }
    }

    /// It does not wait any more.
    pub(super) fn forget_for(&self, by: Instance, id: u32) {
        let is_it = |pending: &Pending| match pending.asker {
            Asker::Hub(hub, its) => hub == by && its == id,
            Asker::Worker(_) => false,
        };
        self.requests.0.lock().take(is_it);
    }

    /// Another process has the reply of a peer of its own.
    pub(super) fn answered_at(&self, by: Instance, id: u32, outcome: Outcome) {
        let asked = {
            let mut table = self.requests.0.lock();
            let own = table.pending.get(&id);
            let own = own.is_some_and(|pending| pending.at == Some(by));
            if own { table.remove(id) } else { None }
        };
        let answer = match outcome {
            Outcome::Data(data) if data.len() <= LONGEST => Answer::Data(data, Box::new(())),
            Outcome::Error(error) if error.len() <= LONGEST => Answer::Error(error),
            Outcome::Gone => Answer::Gone,
            _ => Answer::Error(Bytes::from_static(b"\"the reply is too long\"")),
        };
        if let Some(pending) = asked {
            self.tell(pending, id, answer);
        }
    }

    /// Another process is gone: its peers will not reply, and it waits for nothing.
    pub(super) fn hub_gone(&self, hub: Instance) {
        let gone = {
            let mut table = self.requests.0.lock();
            table.take(|pending| matches!(pending.asker, Asker::Hub(by, _) if by == hub));
            table.take(|pending| pending.at == Some(hub))
        };
        for (id, pending) in gone {
            self.tell(pending, id, Answer::Gone);
        }
    }

    fn tell(&self, pending: Pending, request: u32, answer: Answer) {
        match pending.asker {
            Asker::Worker(worker) => tell(&worker, pending.peer, request, answer),
            Asker::Hub(hub, its) => {
                let outcome = match answer {
                    Answer::Data(data, _) => Outcome::Data(data),
                    Answer::Error(error) => Outcome::Error(error),
                    Answer::Gone => Outcome::Gone,
                };
                if let Some(link) = self.link() {
                    link.answer(hub, its, outcome);
                }
            }
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
