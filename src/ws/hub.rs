//! The hub: the one handle on all peers and topics of the process, from any thread. It decides
//! under the registry's lock and leaves the work to the I/O threads.

mod joined;
mod membership;
mod stream;
mod views;
mod words;

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::code::Goodbye;
use super::id::PeerId;
use super::inbound::Inbound;
use super::limits::Limits;
use super::mailbox::Post;
use super::message::Message;
use super::name::TopicName;
use super::registry::{Registry, Wakes};
use super::relay::FarPeer;
use super::reply::{Resume, Subscribed};
pub use joined::Standing;
pub use words::{
    Change, JoinError, Position, PublishError, Published, Refused, Roll, SubscribeError,
    Subscription, TooManyThreads,
};

/// All peers and topics of the process.
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    epoch: u64,
    registry: Mutex<Registry>,
}

impl Hub {
    /// `epoch` tells the numbers of this process from those of another: a peer whose epoch
    /// is not this one cannot resume.
    pub fn new(limits: Limits, epoch: u64, now: Instant) -> Arc<Self> {
        let registry = Mutex::new(Registry::new(&limits, now));
        Arc::new(Self {
            limits,
            epoch,
            registry,
        })
    }

    /// Its bounds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Which process's numbers these are.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// To all subscribers of a topic but one.
    pub fn publish(
        &self,
        topic: &TopicName<'_>,
        message: Message,
        except: Option<PeerId>,
    ) -> Result<Published, PublishError> {
        self.publish_from_here(topic, message, except, None)
    }

    /// To all subscribers of a topic but one of another process.
    pub fn publish_but(
        &self,
        topic: &TopicName<'_>,
        message: Message,
        except: FarPeer,
    ) -> Result<Published, PublishError> {
        self.publish_from_here(topic, message, None, Some(except))
    }

    fn publish_from_here(
        &self,
        topic: &TopicName<'_>,
        message: Message,
        except: Option<PeerId>,
        far: Option<FarPeer>,
    ) -> Result<Published, PublishError> {
        self.check(&message)?;
        self.decide(|registry, wakes| {
            let told = registry.relay.is_some().then(|| message.clone());
            let mut published = self.fan_out(registry, wakes, topic, message, except)?;
            if let (Some(relay), Some(message)) = (&registry.relay, told) {
                relay.published(topic.as_str(), &message, far);
                wakes.relay = true;
                published.recipients += registry.elsewhere.count(topic.as_str());
            }
            Ok(published)
        })
    }

    /// Gives the message its number here and posts it to the threads.
    fn fan_out(
        &self,
        registry: &mut Registry,
        wakes: &mut Wakes,
        topic: &TopicName<'_>,
        message: Message,
        except: Option<PeerId>,
    ) -> Result<Published, PublishError> {
        if let Some(found) = registry.topics.get(topic.as_str()) {
            self.check_room(registry, found.reach(), message.len())?;
        } else if self.limits.replay.size > 0 && registry.topics.len() < self.limits.topics {
            registry.topic(topic.as_str());
        }
        let (seq, recipients) = registry.publish(topic.as_str(), message, except, wakes);
        registry.tidy(topic.as_str());
        Ok(Published { seq, recipients })
    }

    /// To one peer. Whether it is there.
    pub fn send(&self, peer: PeerId, message: Message) -> Result<bool, PublishError> {
        self.check(&message)?;
        self.decide(|registry, wakes| {
            let Some(entry) = registry.entry(peer) else {
                return Ok(false);
            };
            self.check_room(registry, [entry.thread], message.len())?;
            wakes.post(
                &registry.threads,
                entry.thread,
                Post::Send { peer, message },
            );
            Ok(true)
        })
    }

    /// To one peer, as the answer to a wish of its own: it is not left out, however much waits
    /// for the peer. Instead the peer is not read while much waits that it has asked for, nor
    /// while the `wish`, if it is given, and its answer are on their way. Whether it is there.
    pub fn answer(
        &self,
        peer: PeerId,
        message: Message,
        mut wish: Option<Inbound>,
    ) -> Result<bool, PublishError> {
        self.check(&message)?;
        if let Some(wish) = &mut wish {
            wish.charge(message.len());
        }
        let mut post = Some(Post::Answer {
            peer,
            message,
            wish,
        });
        // Of a peer that has gone it is dropped, which may wake a thread, without the lock.
        let there = self.decide(|registry, wakes| {
            let Some(entry) = registry.entry(peer) else {
                return false;
            };
            if let Some(post) = post.take() {
                wakes.post(&registry.threads, entry.thread, post);
            }
            true
        });
        Ok(there)
    }

    /// To all peers but one. How many those are.
    pub fn broadcast(
        &self,
        message: Message,
        except: Option<PeerId>,
    ) -> Result<usize, PublishError> {
        self.broadcast_from_here(message, except, None)
    }

    /// To all peers but one of another process. How many those are.
    pub fn broadcast_but(&self, message: Message, except: FarPeer) -> Result<usize, PublishError> {
        self.broadcast_from_here(message, None, Some(except))
    }

    fn broadcast_from_here(
        &self,
        message: Message,
        except: Option<PeerId>,
        far: Option<FarPeer>,
    ) -> Result<usize, PublishError> {
        self.check(&message)?;
        self.decide(|registry, wakes| {
            let told = registry.relay.is_some().then(|| message.clone());
            let mut reached = self.send_all(registry, wakes, &message, except)?;
            if let (Some(relay), Some(message)) = (&registry.relay, told) {
                relay.broadcast(&message, far);
                wakes.relay = true;
                reached += registry.elsewhere.open;
            }
            Ok(reached)
        })
    }

    fn send_all(
        &self,
        registry: &Registry,
        wakes: &mut Wakes,
        message: &Message,
        except: Option<PeerId>,
    ) -> Result<usize, PublishError> {
        self.check_room(registry, 0..registry.threads.len(), message.len())?;
        let excepted = except.is_some_and(|id| registry.entry(id).is_some());
        for thread in 0..registry.threads.len() {
            let post = Post::Broadcast {
                message: message.clone(),
                except,
                joined: registry.joined,
            };
            wakes.post(&registry.threads, thread, post);
        }
        Ok(registry.open - usize::from(excepted))
    }

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
            let entry = registry.entry(peer).ok_or(SubscribeError::Gone)?;
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
            if let Some((watched, len)) =
                user.as_ref().and_then(|user| registry.watchers(name, user))
            {
                let room = self.check_room(registry, watched.reach(), len);
                room.map_err(|_| SubscribeError::Overloaded)?;
            }
            let room = self.room(registry, thread);
            let room = room.ok_or(SubscribeError::Overloaded)?;
            let topic = registry.topic(name);
            let new = topic.add(peer, thread);
            let card = topic.card.clone();
            let name_of = card.name.clone();
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
            let joined = user
                .as_ref()
                .filter(|user| new && topic.presence.join(user));
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
            if new && let Some(entry) = registry.entry_mut(peer) {
                entry.topics.push(card);
            }
            if let Some(maker) = maker {
                registry.charge(name, maker);
            }
            if let Some(user) = joined
                && !registry.elsewhere.has(name, &user.id)
            {
                registry.tell(name, "join", user, wakes);
            }
            if new {
                registry.changed(&name_of, user.as_ref(), wakes);
            }
            Ok(subscribed)
        });
        granted.map_err(|error| Refused { error, wish })
    }

    /// Takes the topic from the peer. Whether it had it.
    pub fn unsubscribe(&self, peer: PeerId, topic: &TopicName<'_>) -> bool {
        let name = topic.as_str();
        self.decide(|registry, wakes| {
            let Some(entry) = registry.entry_mut(peer) else {
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

    /// Closes a peer. Whether it is there.
    pub fn disconnect(&self, peer: PeerId, goodbye: Goodbye) -> bool {
        self.decide(|registry, wakes| {
            let Some(entry) = registry.entry_mut(peer) else {
                return false;
            };
            // once is enough, and bounds what an app can put into the mailbox with it
            if !std::mem::replace(&mut entry.closing, true) {
                let thread = entry.thread;
                wakes.post(&registry.threads, thread, Post::Close { peer, goodbye });
            }
            true
        })
    }

    /// Closes all peers, as a drain does with [`CloseCode::RESTART`](super::CloseCode).
    pub fn disconnect_all(&self, goodbye: &Goodbye) {
        self.decide(|registry, wakes| {
            for thread in 0..registry.threads.len() {
                let post = Post::CloseAll {
                    goodbye: goodbye.clone(),
                    joined: registry.joined,
                };
                wakes.post(&registry.threads, thread, post);
            }
        });
    }

    /// Runs one decision under the lock, and wakes whom it concerns without it.
    fn decide<T>(&self, decision: impl FnOnce(&mut Registry, &mut Wakes) -> T) -> T {
        let mut wakes = Wakes::default();
        let mut registry = self.registry.lock();
        let decided = decision(&mut registry, &mut wakes);
        if wakes.is_empty() {
            return decided;
        }
        let sleepers: Vec<_> = registry.sleepers(&wakes);
        let relay = registry.relay.clone().filter(|_| wakes.relay);
        drop(registry);
        for mailbox in sleepers {
            mailbox.wake();
        }
        if let Some(relay) = relay {
            relay.wake();
        }
        decided
    }

    fn check(&self, message: &Message) -> Result<(), PublishError> {
        if message.len() > self.limits.outgoing_bytes {
            return Err(PublishError::TooLong);
        }
        Ok(())
    }

    /// Bytes of a message that its thread still takes; `None`: not even an empty one.
    fn room(&self, registry: &Registry, thread: usize) -> Option<usize> {
        let bound = self.limits.mailbox_bytes;
        match registry.threads.get(thread) {
            Some(Some(mailbox)) => mailbox.room(bound),
            _ => Some(bound),
        }
    }

    fn check_room(
        &self,
        registry: &Registry,
        threads: impl IntoIterator<Item = usize>,
        len: usize,
    ) -> Result<(), PublishError> {
        let fits = |thread| self.room(registry, thread).is_some_and(|room| len <= room);
        if threads.into_iter().all(fits) {
            Ok(())
        } else {
            Err(PublishError::Overloaded)
        }
    }
}
