//! How peers get topics and give them back.

use super::{Hub, Refused, SubscribeError, Subscription};
use crate::ws::id::PeerId;
use crate::ws::inbound::Inbound;
use crate::ws::mailbox::Post;
use crate::ws::message::Message;
use crate::ws::name::TopicName;
use crate::ws::presence::User;
use crate::ws::registry::Registry;
use crate::ws::reply::{Resume, Subscribed};

impl Hub {
    /// Gives the peer the topic, unless it has it. Peer and topic agree on it at once; what is
    /// published from now on reaches the peer behind its answer and what it missed.
    pub fn subscribe(
        &self,
        peer: PeerId,
        topic: &TopicName<'_>,
        subscription: &Subscription,
    ) -> Result<Subscribed, SubscribeError> {
        self.grant(peer, topic, subscription, None)
            .map_err(|refused| refused.error)
    }

    /// As [`Hub::subscribe`], at the `wish` of the peer: it is not read while too much of what
    /// it wished for, and what it is told for that, is on its way. A topic that this makes counts
    /// against its address.
    pub fn grant(
        &self,
        peer: PeerId,
        topic: &TopicName<'_>,
        subscription: &Subscription,
        mut wish: Option<Inbound>,
    ) -> Result<Subscribed, Refused> {
        let name = topic.as_str();
        // A wish that is not granted is dropped, which may wake a thread, without the lock.
        let granted = self.decide(|registry, wakes| {
            let entry = registry.peers.entry(peer).ok_or(SubscribeError::Gone)?;
            let (thread, user) = (entry.thread, entry.user.clone());
            let full = entry.topics.len() >= self.limits.subscriptions;
            let mut maker = entry.address.clone().filter(|_| wish.is_some());
            let share = self.limits.topics_per_address();
            match registry.topics.get(name) {
                Some(found) if found.subscribers.contains(&peer) => {}
                _ if full => return Err(SubscribeError::Subscriptions),
                Some(_) => {}
                None if registry.topics.len() >= self.limits.topics => {
                    return Err(SubscribeError::Topics);
                }
                None if maker
                    .as_ref()
                    .is_some_and(|it| registry.made_by(it) >= share) =>
                {
                    return Err(SubscribeError::Share);
                }
                None => {}
            }
            maker = maker.filter(|_| !registry.topics.contains_key(name));
            self.check_watchers(registry, name, user.as_ref())?;
            let room = self.room(registry, thread);
            let room = room.ok_or(SubscribeError::Overloaded)?;
            let topic = registry.topic(name);
            let new = topic.add(peer, thread);
            let card = topic.card.clone();
            // One that has the topic already misses nothing, and must not get anything twice.
            let (resume, missed) = match subscription.since.filter(|_| new) {
                None => (Resume::Fresh, Vec::new()),
                Some(position) => {
                    let bytes = self.limits.queued_bytes.min(room);
                    let known = position.epoch == self.epoch;
                    let missed = topic.history.since(position.seq, topic.seq, bytes);
                    match missed.filter(|_| known) {
                        Some(missed) => (Resume::Whole(missed.len()), missed),
                        None => (Resume::Gap, Vec::new()),
                    }
                }
            };
            let subscribed = Subscribed {
                seq: topic.seq,
                epoch: self.epoch,
                resume,
                new,
            };
            let answer = subscription.answer.map(|id| subscribed.answer(id, name));
            let mut wish = wish.take();
            if let Some(wish) = &mut wish {
                let missed = missed.iter().map(|past| past.message.len());
                wish.charge(answer.as_ref().map_or(0, Message::len) + missed.sum::<usize>());
            }
            let post = Post::Subscribe {
                peer,
                topic: card.clone(),
                answer,
                missed,
                wish,
            };
            wakes.post(&registry.threads, thread, post);
            if let Some(maker) = maker {
                registry.charge(name, maker);
            }
            if new {
                registry.enter_topic(peer, user.as_ref(), card, wakes);
            }
            Ok(subscribed)
        });
        granted.map_err(|error| Refused { error, wish })
    }

    /// Whether there is room to tell those who watch the topic that the user comes.
    pub(super) fn check_watchers(
        &self,
        registry: &Registry,
        name: &str,
        user: Option<&User>,
    ) -> Result<(), SubscribeError> {
        let Some((watched, len)) = user.and_then(|user| registry.watchers(name, user)) else {
            return Ok(());
        };
        let room = self.check_room(registry, watched.reach(), len);
        room.map_err(|_| SubscribeError::Overloaded)
    }

    /// Takes the topic from the peer. Whether it had it.
    pub fn unsubscribe(&self, peer: PeerId, topic: &TopicName<'_>) -> bool {
        let name = topic.as_str();
        self.decide(|registry, wakes| {
            let Some(entry) = registry.peers.entry_mut(peer) else {
                return false;
            };
            let Some(at) = entry.topics.iter().position(|card| &*card.name == name) else {
                return false;
            };
            let card = entry.topics.swap_remove(at);
            let (thread, user) = (entry.thread, entry.user.clone());
            let topic = card.id;
            wakes.post(&registry.threads, thread, Post::Unsubscribe { peer, topic });
            registry.leave_topic(peer, thread, user.as_ref(), name, wakes)
        })
    }
}
