//! A topic as the registry knows it: its numbers, its subscribers, how many of them each I/O
//! thread has, what it remembers and who is present.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::history::History;
use super::id::PeerId;
use super::mailbox::TopicCard;
use super::message::Head;
use super::presence::Presence;

#[derive(Debug)]
pub(super) struct Topic {
    pub card: Arc<TopicCard>,
    /// The number of the last message.
    pub seq: u64,
    pub subscribers: FxHashSet<PeerId>,
    /// Subscribers by I/O thread.
    pub threads: Vec<u32>,
    pub history: History,
    pub presence: Presence,
    /// The address of the client at whose wish it was made.
    pub maker: Option<Arc<str>>,
}

impl Topic {
    /// A topic whose next message has number `seq` + 1, and of which nothing up to the moment
    /// `forgotten` is remembered.
    pub fn new(id: u64, name: Arc<str>, seq: u64, forgotten: u64) -> Self {
        let head = Head::new(&name);
        Self {
            card: Arc::new(TopicCard { id, name, head }),
            seq,
            subscribers: FxHashSet::default(),
            threads: Vec::new(),
            history: History::new(forgotten),
            presence: Presence::default(),
            maker: None,
        }
    }

    /// Whether the peer was not there before.
    pub fn add(&mut self, peer: PeerId, thread: usize) -> bool {
        let new = self.subscribers.insert(peer);
        if new {
            if self.threads.len() <= thread {
                self.threads.resize(thread + 1, 0);
            }
            self.threads[thread] += 1;
        }
        new
    }

    /// Whether the peer was there.
    pub fn remove(&mut self, peer: PeerId, thread: usize) -> bool {
        let was = self.subscribers.remove(&peer);
        if was && let Some(count) = self.threads.get_mut(thread) {
            *count -= 1;
        }
        was
    }

    /// The threads that have subscribers.
    pub fn reach(&self) -> impl Iterator<Item = usize> {
        let threads = self.threads.iter().enumerate();
        threads.filter(|(_, count)| **count > 0).map(|(i, _)| i)
    }

    /// Nothing would be lost with it but its number.
    pub fn is_idle(&self) -> bool {
        self.subscribers.is_empty() && self.history.is_empty()
    }
}
