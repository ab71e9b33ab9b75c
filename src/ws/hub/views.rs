//! What can be asked of the hub without changing anything for a client: who is there, who has
//! what, and what the app keeps with a peer.

use std::sync::Arc;

use bytes::Bytes;

use super::{Hub, Position, Roll};
use crate::ws::id::PeerId;
use crate::ws::moment::Moment;
use crate::ws::name::TopicName;
use crate::ws::presence::{Presence, User};
use crate::ws::transport::Transport;

impl Hub {
    /// How many peers have the topic, here and in other processes.
    pub fn count(&self, topic: &TopicName<'_>) -> usize {
        let registry = self.registry.lock();
        let here = registry.topics.get(topic.as_str());
        let here = here.map_or(0, |topic| topic.subscribers.len());
        here + registry.elsewhere.count(topic.as_str())
    }

    /// Which peers of this process have the topic, in no order.
    pub fn subscribers(&self, topic: &TopicName<'_>) -> Vec<PeerId> {
        let registry = self.registry.lock();
        let topic = registry.topics.get(topic.as_str());
        topic.map_or_else(Vec::new, |topic| {
            topic.subscribers.iter().copied().collect()
        })
    }

    /// Whether the peer has the topic.
    pub fn has(&self, peer: PeerId, topic: &TopicName<'_>) -> bool {
        let registry = self.registry.lock();
        let topic = registry.topics.get(topic.as_str());
        topic.is_some_and(|topic| topic.subscribers.contains(&peer))
    }

    /// Which topics the peer has; `None` if it has gone.
    pub fn subscriptions(&self, peer: PeerId) -> Option<Vec<Arc<str>>> {
        let registry = self.registry.lock();
        let entry = registry.peers.entry(peer)?;
        Some(entry.topics.iter().map(|card| card.name.clone()).collect())
    }

    /// Who is in the topic, here and in other processes.
    pub fn presence(&self, topic: &TopicName<'_>) -> Roll {
        let registry = self.registry.lock();
        let topics = &registry.topics;
        let here = topics.get(topic.as_str()).map(|topic| &topic.presence);
        let mut users = here.map(Presence::users).unwrap_or_default();
        if let Some(away) = registry.elsewhere.users(topic.as_str()) {
            let new = |user: &User| here.is_none_or(|here| !here.has(&user.id));
            users.extend(away.users().into_iter().filter(new));
        }
        let watched = topics.get(topic.presence().as_str());
        Roll {
            seq: watched.map_or(0, |topic| topic.seq),
            users,
        }
    }

    /// The number of the topic's last message, and the present moment: whoever shows what the
    /// topic is now can go on from there.
    pub fn position(&self, topic: &TopicName<'_>) -> (Position, Moment) {
        let registry = self.registry.lock();
        let epoch = self.epoch;
        let (seq, at) = (registry.last(topic.as_str()), registry.moment);
        (Position { epoch, seq }, Moment { epoch, at })
    }

    /// How the peer is reached; `None` if it has gone.
    pub fn transport(&self, peer: PeerId) -> Option<Transport> {
        let registry = self.registry.lock();
        Some(registry.peers.entry(peer)?.transport)
    }

    /// How many peers there are, here and in other processes.
    pub fn open(&self) -> usize {
        let registry = self.registry.lock();
        registry.peers.open + registry.elsewhere.open
    }

    /// How many topics there are.
    pub fn topics(&self) -> usize {
        self.registry.lock().topics.len()
    }

    /// All peers of this process.
    pub fn peers(&self) -> Vec<PeerId> {
        self.registry.lock().peers.ids().collect()
    }

    /// What the app keeps with the peer; `None` if it has gone.
    pub fn context(&self, peer: PeerId) -> Option<Bytes> {
        let registry = self.registry.lock();
        Some(registry.peers.entry(peer)?.context.clone())
    }

    /// Keeps something else with the peer. Whether it is there.
    pub fn set_context(&self, peer: PeerId, context: Bytes) -> bool {
        let mut registry = self.registry.lock();
        let entry = registry.peers.entry_mut(peer);
        entry.map(|entry| entry.context = context).is_some()
    }
}
