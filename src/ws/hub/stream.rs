//! How a stream gets its topics: all at once, under one lock, so that one moment says up to where
//! it has seen all of them.

use super::{Hub, SubscribeError};
use crate::ws::id::PeerId;
use crate::ws::mailbox::{Opening, Post};
use crate::ws::message::Message;
use crate::ws::moment::Moment;
use crate::ws::name::TopicName;
use crate::ws::registry::Registry;
use crate::ws::reply::{Resume, Subscribed};
use crate::ws::roster::Entry;
use crate::ws::sse;

impl Hub {
    /// Gives the stream its topics, or none of them. It is told of each, under its place among
    /// `topics`, then gets in order what it has missed of them since `seen`, and then whatever is
    /// published. All of them are its client's wish, so those that this makes count against its
    /// address.
    pub fn stream(
        &self,
        peer: PeerId,
        topics: &[TopicName<'_>],
        seen: Option<Moment>,
    ) -> Result<(), SubscribeError> {
        self.decide(|registry, wakes| {
            let entry = registry.peers.entry(peer).ok_or(SubscribeError::Gone)?;
            let (thread, user) = (entry.thread, entry.user.clone());
            let address = entry.address.clone();
            self.check_topics(registry, entry, topics)?;
            let room = self.room(registry, thread);
            let room = room.ok_or(SubscribeError::Overloaded)?;
            let now = registry.moment;
            // what it has seen of another process says nothing, nor does what has not been yet
            let known = seen.filter(|seen| seen.epoch == self.epoch && seen.at <= now);
            let mut left = self.limits.queued_bytes.min(room);
            let mut opening = Opening {
                topics: Vec::with_capacity(topics.len()),
                missed: Vec::new(),
                moments: (now, now),
            };
            for (place, name) in topics.iter().enumerate() {
                let name = name.as_str();
                let makes = !registry.topics.contains_key(name);
                let topic = registry.topic(name);
                let new = topic.add(peer, thread);
                let card = topic.card.clone();
                // a hook gave it the topic already: since then it has missed nothing
                let resume = match seen.filter(|_| new) {
                    None => Resume::Fresh,
                    Some(_) => {
                        let weigh = |message: &Message| sse::bound(message, &card.head);
                        let missed =
                            known.and_then(|seen| topic.history.after(seen.at, left, weigh));
                        match missed {
                            None => Resume::Gap,
                            Some(missed) => {
                                let bytes = missed.iter().map(|past| weigh(&past.message));
                                left -= bytes.sum::<usize>();
                                let count = missed.len();
                                let missed = missed.into_iter().map(|past| (place, past));
                                opening.missed.extend(missed);
                                Resume::Whole(count)
                            }
                        }
                    }
                };
                let subscribed = Subscribed {
                    seq: topic.seq,
                    epoch: self.epoch,
                    resume,
                    new,
                };
                let answer = subscribed.answer(place as u64, name);
                opening.topics.push((card.clone(), answer));
                if let Some(maker) = address.clone().filter(|_| makes) {
                    registry.charge(name, maker);
                }
                if new {
                    registry.enter_topic(peer, user.as_ref(), card, wakes);
                }
            }
            opening.missed.sort_by_key(|(_, past)| past.moment);
            if let Some(seen) = known.filter(|_| !opening.missed.is_empty()) {
                // one that is cut off before it has all of that begins there again
                opening.moments.0 = seen.at;
            }
            let opening = Box::new(opening);
            wakes.post(&registry.threads, thread, Post::Stream { peer, opening });
            Ok(())
        })
    }

    /// Whether there is room for what it does not have yet.
    fn check_topics(
        &self,
        registry: &Registry,
        entry: &Entry,
        topics: &[TopicName<'_>],
    ) -> Result<(), SubscribeError> {
        let has = |name: &str| entry.topics.iter().any(|card| &*card.name == name);
        let new = topics.iter().filter(|name| !has(name.as_str())).count();
        if entry.topics.len() + new > self.limits.subscriptions {
            return Err(SubscribeError::Subscriptions);
        }
        let known = |name: &str| registry.topics.contains_key(name);
        let made = topics.iter().filter(|name| !known(name.as_str())).count();
        if made > 0 && registry.topics.len() + made > self.limits.topics {
            return Err(SubscribeError::Topics);
        }
        let share = self.limits.topics_per_address();
        let maker = entry.address.as_deref().filter(|_| made > 0);
        if maker.is_some_and(|maker| registry.made_by(maker) + made > share) {
            return Err(SubscribeError::Share);
        }
        topics
            .iter()
            .try_for_each(|name| self.check_watchers(registry, name.as_str(), entry.user.as_ref()))
    }
}
