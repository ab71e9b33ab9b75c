//! A hub that is joined with those of other processes: what it says to the one that joins them, and
//! what it is told. Nothing that comes from there goes out to there again.

use std::sync::Arc;

use super::{Change, Hub};
use crate::ws::id::PeerId;
use crate::ws::message::Message;
use crate::ws::name::TopicName;
use crate::ws::registry::{Registry, Wakes};
use crate::ws::relay::Relay;
use crate::ws::{PublishError, User};

/// What others are to know of a topic here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Peers that have it.
    pub count: usize,
    /// What is to be seen of each user who was asked about; `None`: he is not in it.
    pub users: Vec<Option<Option<Arc<str>>>>,
}

impl Hub {
    /// From now on the relay hears of everything.
    pub fn join_relay(&self, relay: Arc<dyn Relay>) {
        self.registry.lock().relay = Some(relay);
    }

    /// How many peers this process has.
    pub fn open_here(&self) -> usize {
        self.registry.lock().peers.open
    }

    /// How a topic stands here, and some of its users.
    pub fn standing(&self, topic: &str, users: &[Arc<str>]) -> Standing {
        let registry = self.registry.lock();
        let found = registry.topics.get(topic);
        let info = |user: &Arc<str>| found.and_then(|topic| topic.presence.info(user));
        Standing {
            count: found.map_or(0, |topic| topic.subscribers.len()),
            users: users.iter().map(info).collect(),
        }
    }

    /// To the subscribers here of what was published in another process.
    pub fn deliver(
        &self,
        topic: &TopicName<'_>,
        message: Message,
        except: Option<PeerId>,
    ) -> Result<(), PublishError> {
        self.check(&message)?;
        self.decide(|registry, wakes| {
            let delivered = self.fan_out(registry, wakes, topic, message, except);
            delivered.map(|_| ())
        })
    }

    /// To the peers here of what was sent to all in another process.
    pub fn deliver_all(
        &self,
        message: &Message,
        except: Option<PeerId>,
    ) -> Result<(), PublishError> {
        self.check(message)?;
        self.decide(|registry, wakes| self.send_all(registry, wakes, message, except).map(|_| ()))
    }

    /// What is different in other processes; whoever watches presence here is told.
    pub fn take_note(&self, changes: impl IntoIterator<Item = Change>) {
        self.decide(|registry, wakes| {
            for change in changes {
                registry.take_note(change, wakes);
            }
        });
    }
}

impl Registry {
    fn is_here(&self, topic: &str, user: &User) -> bool {
        let found = self.topics.get(topic);
        found.is_some_and(|topic| topic.presence.has(&user.id))
    }

    fn take_note(&mut self, change: Change, wakes: &mut Wakes) {
        match change {
            Change::Open { before, after } => {
                let open = &mut self.elsewhere.open;
                *open = (*open + after).saturating_sub(before);
            }
            Change::Count {
                topic,
                before,
                after,
            } => self.elsewhere.recount(&topic, before, after),
            Change::Join { topic, user } => {
                if self.elsewhere.join(&topic, &user) && !self.is_here(&topic, &user) {
                    self.tell(&topic, "join", &user, wakes);
                }
            }
            Change::Restate { topic, user } => self.elsewhere.restate(&topic, &user),
            Change::Leave { topic, user } => {
                if self.elsewhere.leave(&topic, &user) && !self.is_here(&topic, &user) {
                    self.tell(&topic, "leave", &user, wakes);
                }
            }
        }
    }
}
