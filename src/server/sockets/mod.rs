//! Sockets: where the hub and the workers meet, which do not know each other. Peers tell the
//! hub's hooks; here each is given to the worker that runs its hooks, and what clients wish of
//! the hub itself is granted.
//!
//! ```text
//! ws::Hooks (hooks) ──┬─ a message, an end ──────────────────> homes ──> Worker ──> JS
//!                     └─ a frame of the hub's own (frames) ─> wishes ─┬─> homes: may it?
//!                                                                     └─> Hub, answers
//! a stream's exchange (streams) ────────────────────────────────────────> homes: may it?
//! JS ──> ask (requests) ──> Hub ──> peer ──> frames ──> the worker that asked
//!              └── far ──> link ──> other processes
//! ```

mod answers;
mod departure;
mod far;
mod frames;
mod homes;
mod hooks;
mod public;
mod requests;
mod state;
mod streams;
mod task;
#[cfg(test)]
mod tests;
mod wishes;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Instant, SystemTime};

use bytes::Bytes;

use crate::dispatch::wire::LONGEST;
use crate::dispatch::{Dispatcher, PeerWatch, Standing, Worker};
use crate::link::Link;
use crate::ws::{Hub, Limits, PeerId, Position, TopicName};
use homes::Homes;
use public::PublicTopics;
use requests::Requests;
use task::Task;

pub use requests::{AskError, REQUESTS};
pub use state::WISHES;
pub use streams::NoTopic;

/// Bytes of what JS keeps with a peer at most: it must cross in one piece when the peer goes.
pub const CARD_BYTES: usize = LONGEST;

/// All sockets of the process, and who runs their hooks.
pub struct Sockets {
    /// Peers and topics.
    pub hub: Arc<Hub>,
    homes: Homes,
    requests: Requests,
    public: PublicTopics,
    /// Where the hub is joined with those of other processes.
    link: OnceLock<Link>,
}

impl Sockets {
    /// Its peers' hooks run on the workers of `dispatcher`. `public_topics` are those that a
    /// peer may have without a hook being asked; a trailing `*` stands for any rest.
    pub fn new(limits: Limits, public_topics: &[String], dispatcher: &Dispatcher) -> Arc<Self> {
        let sockets = Arc::new(Self {
            hub: Hub::new(limits, epoch(), Instant::now()),
            homes: Homes::default(),
            requests: Requests::default(),
            public: PublicTopics::new(public_topics),
            link: OnceLock::new(),
        });
        let watch: Weak<dyn PeerWatch> = Arc::<Self>::downgrade(&sockets);
        dispatcher.watch(watch);
        // those that were admitted before anybody watched
        for worker in dispatcher.workers() {
            if worker.standing() == Standing::Ready {
                sockets.homes.admitted(&worker);
            }
        }
        sockets
    }

    /// A peer that has joined the hub is about to be served. Its `home` has answered its
    /// handshake and runs its hooks, unless it has gone since.
    pub fn opened(&self, peer: PeerId, home: Option<Arc<Worker>>) {
        self.homes.opened(peer, home.map(|worker| worker.id()));
    }

    /// Whether workers have been told all there is of peers, and have done with it.
    pub fn is_idle(&self) -> bool {
        self.homes.is_idle()
    }

    /// What JS keeps with the peer, which may have left while not all of it has been told.
    pub fn card(&self, peer: PeerId) -> Option<Bytes> {
        self.hub.context(peer).or_else(|| self.homes.card(peer))
    }

    /// Keeps something else with it. Whether anybody will ask for it.
    pub fn set_card(&self, peer: PeerId, card: Bytes) -> bool {
        self.hub.set_context(peer, card.clone()) || self.homes.set_card(peer, card)
    }

    /// What a peer has said or asks for in the event of that token, which the worker holds.
    pub fn message(&self, worker: &Worker, token: u32) -> Option<Bytes> {
        self.homes.look(worker.id(), token, Task::payload)?
    }

    /// Takes the topic from the peer, and with it whoever else has it. Whether the peer had it.
    pub fn unsubscribe(&self, peer: PeerId, topic: &TopicName<'_>) -> bool {
        let had = self.hub.unsubscribe(peer, topic);
        self.hub.unsubscribe(peer, &topic.presence());
        had
    }

    /// Where a topic is at this moment, as JSON: `{"epoch":"…","seq":…,"eventId":"…"}`.
    pub fn position(&self, topic: &TopicName<'_>) -> String {
        let (Position { epoch, seq }, moment) = self.hub.position(topic);
        format!("{{\"epoch\":\"{epoch:x}\",\"seq\":{seq},\"eventId\":\"{moment}\"}}")
    }

    /// Who is in a topic, as JSON: `{"seq":…,"users":[{"id":…,"info":…}]}`.
    pub fn roll(&self, topic: &TopicName<'_>) -> String {
        answers::roll(&self.hub.presence(topic))
    }
}

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sockets")
            .field("hub", &self.hub)
            .finish_non_exhaustive()
    }
}

/// Another number for each process. No secret: clients are told it.
fn epoch() -> u64 {
    RandomState::new().hash_one(SystemTime::now())
}
