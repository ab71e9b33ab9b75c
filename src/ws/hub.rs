//! The hub: the one handle on all peers and topics of the process, from any thread. It decides
//! under the registry's lock and leaves the work to the I/O threads.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use thiserror::Error;

use super::code::Goodbye;
use super::id::PeerId;
use super::inbound::Inbound;
use super::limits::Limits;
use super::mailbox::{Mailbox, Post};
use super::message::Message;
use super::name::TopicName;
use super::presence::User;
use super::registry::{Admission, Entry, Registry, THREADS, Wakes};
use super::reply::{Resume, Subscribed};

/// Why a message was not taken. Nobody got it and no number was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PublishError {
    /// It is longer than [`Limits::outgoing_bytes`].
    #[error("the message is longer than a message may be")]
    TooLong,
    /// An I/O thread has more to send out than [`Limits::mailbox_bytes`].
    #[error("more is being published than can be sent out")]
    Overloaded,
}

/// Why a peer may not subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SubscribeError {
    /// The peer has gone.
    #[error("the peer has gone")]
    Gone,
    /// It has as many topics as [`Limits::subscriptions`].
    #[error("the peer has as many topics as it may have")]
    Subscriptions,
    /// There are as many topics as [`Limits::topics`].
    #[error("there are as many topics as there may be")]
    Topics,
    /// Its I/O thread has more to do than [`Limits::mailbox_bytes`].
    #[error("more is being published than can be sent out")]
    Overloaded,
}

/// A wish for a topic that was not granted.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: SubscribeError,
    /// What the peer sent, if that was given.
    pub wish: Option<Inbound>,
}

/// Why a peer may not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JoinError {
    /// There are as many peers as [`Limits::peers`].
    #[error("there are as many peers as there may be")]
    Full,
    /// The address has as many peers as [`Limits::peers_per_address`].
    #[error("the address has as many peers as it may have")]
    Address,
}

/// More I/O threads than the hub can wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a hub takes at most {THREADS} I/O threads")]
pub struct TooManyThreads;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Its number in the topic.
    pub seq: u64,
    /// How many subscribers it was for.
    pub recipients: usize,
}

/// How far a peer has seen a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which process's numbers it has: [`Hub::epoch`].
    pub epoch: u64,
    /// The last number it has seen.
    pub seq: u64,
}

/// How a peer wants to have a topic.
#[derive(Debug, Clone, Default)]
pub struct Subscription {
    /// What it has seen already, if it comes again.
    pub since: Option<Position>,
    /// It wants to be told, under the name it gave its wish.
    pub answer: Option<u64>,
}

/// Who is in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roll {
    /// The number of the last change that is in here, in the topic
    /// [`TopicName::presence`].
    pub seq: u64,
    /// One entry for each user, in no order.
    pub users: Vec<User>,
}

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
        self.check(&message)?;
        self.decide(|registry, wakes| {
            if let Some(found) = registry.topics.get(topic.as_str()) {
                self.check_room(registry, found.reach(), message.len())?;
            } else if self.limits.replay.size > 0 && registry.topics.len() < self.limits.topics {
                registry.topic(topic.as_str());
            }
            let (seq, recipients) = registry.publish(topic.as_str(), message, except, wakes);
            registry.tidy(topic.as_str());
            Ok(Published { seq, recipients })
        })
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
        self.check(&message)?;
        self.decide(|registry, wakes| {
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
        })
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
    /// it wished for, and what it is told for that, is on its way.
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
            match registry.topics.get(name) {
                Some(found) if found.subscribers.contains(&peer) => {}
                _ if full => return Err(SubscribeError::Subscriptions),
                Some(_) => {}
                None if registry.topics.len() >= self.limits.topics => {
                    return Err(SubscribeError::Topics);
                }
                None => {}
            }
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
            let joined = user.filter(|user| new && topic.presence.join(user));
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
            if let Some(user) = joined {
                registry.tell(name, "join", &user, wakes);
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

    /// How many peers have the topic.
    pub fn count(&self, topic: &TopicName<'_>) -> usize {
        let registry = self.registry.lock();
        let topic = registry.topics.get(topic.as_str());
        topic.map_or(0, |topic| topic.subscribers.len())
    }

    /// Which peers have the topic, in no order.
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
        let entry = registry.entry(peer)?;
        Some(entry.topics.iter().map(|card| card.name.clone()).collect())
    }

    /// Who is in the topic.
    pub fn presence(&self, topic: &TopicName<'_>) -> Roll {
        let registry = self.registry.lock();
        let topics = &registry.topics;
        let users = topics
            .get(topic.as_str())
            .map(|topic| topic.presence.users());
        let watched = topics.get(topic.presence().as_str());
        Roll {
            seq: watched.map_or(0, |topic| topic.seq),
            users: users.unwrap_or_default(),
        }
    }

    /// How many peers there are.
    pub fn open(&self) -> usize {
        self.registry.lock().open
    }

    /// How many topics there are.
    pub fn topics(&self) -> usize {
        self.registry.lock().topics.len()
    }

    /// All peers.
    pub fn peers(&self) -> Vec<PeerId> {
        self.registry.lock().ids().collect()
    }

    /// What the app keeps with the peer; `None` if it has gone.
    pub fn context(&self, peer: PeerId) -> Option<Bytes> {
        let registry = self.registry.lock();
        Some(registry.entry(peer)?.context.clone())
    }

    /// Keeps something else with the peer. Whether it is there.
    pub fn set_context(&self, peer: PeerId, context: Bytes) -> bool {
        let mut registry = self.registry.lock();
        let entry = registry.entry_mut(peer);
        entry.map(|entry| entry.context = context).is_some()
    }

    /// One more I/O thread. Its number and its mailbox.
    pub(super) fn attach(&self) -> Result<(usize, Arc<Mailbox>), TooManyThreads> {
        let mut registry = self.registry.lock();
        let free = registry.threads.iter().position(Option::is_none);
        let thread = free.unwrap_or(registry.threads.len());
        if thread >= THREADS {
            return Err(TooManyThreads);
        }
        if free.is_none() {
            registry.threads.push(None);
        }
        let mailbox = Arc::new(Mailbox::default());
        registry.threads[thread] = Some(mailbox.clone());
        Ok((thread, mailbox))
    }

    /// The I/O thread ends; its peers have left before.
    pub(super) fn detach(&self, thread: usize) {
        if let Some(place) = self.registry.lock().threads.get_mut(thread) {
            *place = None;
        }
    }

    /// A peer joins. Its name, and the how many-th it is.
    pub(super) fn join(
        &self,
        admission: Admission,
        thread: usize,
    ) -> Result<(PeerId, u64), JoinError> {
        let mut registry = self.registry.lock();
        if registry.open >= self.limits.peers {
            return Err(JoinError::Full);
        }
        let address = admission.address;
        let neighbours = address.as_ref().and_then(|it| registry.addresses.get(it));
        if neighbours.is_some_and(|count| *count >= self.limits.peers_per_address) {
            return Err(JoinError::Address);
        }
        let entry = Entry {
            thread,
            address,
            user: admission.user,
            context: admission.context,
            topics: Vec::new(),
            closing: false,
        };
        let id = registry.insert(entry).ok_or(JoinError::Full)?;
        Ok((id, registry.joined))
    }

    /// The peer leaves. What the app kept with it.
    pub(super) fn leave(&self, peer: PeerId) -> Option<Bytes> {
        self.decide(|registry, wakes| {
            let entry = registry.take(peer)?;
            let (thread, user) = (entry.thread, entry.user.as_ref());
            for card in &entry.topics {
                registry.leave_topic(peer, thread, user, &card.name, wakes);
            }
            Some(entry.context)
        })
    }

    /// Time has passed; histories forget.
    pub(super) fn sweep(&self, now: Instant) {
        self.registry.lock().sweep(now);
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
        drop(registry);
        for mailbox in sleepers {
            mailbox.wake();
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
        let mut mailboxes = threads
            .into_iter()
            .filter_map(|thread| registry.threads.get(thread)?.as_ref());
        if mailboxes.all(|mailbox| mailbox.has_room(len, self.limits.mailbox_bytes)) {
            Ok(())
        } else {
            Err(PublishError::Overloaded)
        }
    }
}
