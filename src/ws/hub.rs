//! The hub: the one handle on all peers and topics of the process, from any thread. It decides
//! under the registry's lock and leaves the work to the I/O threads.

mod joined;
mod membership;
mod stream;
mod topics;
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
            let Some(entry) = registry.peers.entry(peer) else {
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
            let Some(entry) = registry.peers.entry(peer) else {
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
        let excepted = except.is_some_and(|id| registry.peers.entry(id).is_some());
        for thread in 0..registry.threads.len() {
            let post = Post::Broadcast {
                message: message.clone(),
                except,
                joined: registry.peers.joined,
            };
            wakes.post(&registry.threads, thread, post);
        }
        Ok(registry.peers.open - usize::from(excepted))
    }

    /// Closes a peer. Whether it is there.
    pub fn disconnect(&self, peer: PeerId, goodbye: Goodbye) -> bool {
        self.decide(|registry, wakes| {
            let Some(entry) = registry.peers.entry_mut(peer) else {
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
                    joined: registry.peers.joined,
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
