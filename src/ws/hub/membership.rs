//! How I/O threads and peers come and go. Only [`Local`](crate::ws::Local) calls it: a peer joins
//! and leaves on the thread that owns its socket.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::{Hub, JoinError, TooManyThreads};
use crate::ws::id::PeerId;
use crate::ws::mailbox::Mailbox;
use crate::ws::registry::THREADS;
use crate::ws::roster::{Admission, Entry};

impl Hub {
    /// One more I/O thread. Its number and its mailbox.
    pub(in crate::ws) fn attach(&self) -> Result<(usize, Arc<Mailbox>), TooManyThreads> {
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
    pub(in crate::ws) fn detach(&self, thread: usize) {
        if let Some(place) = self.registry.lock().threads.get_mut(thread) {
            *place = None;
        }
    }

    /// A peer joins. Its name, and the how many-th it is.
    pub(in crate::ws) fn join(
        &self,
        admission: Admission,
        thread: usize,
    ) -> Result<(PeerId, u64), JoinError> {
        let mut registry = self.registry.lock();
        if registry.peers.open >= self.limits.peers {
            return Err(JoinError::Full);
        }
        let address = admission.address;
        let neighbours = address.as_ref().map(|it| registry.peers.neighbours(it));
        if neighbours.is_some_and(|count| count >= self.limits.peers_per_address) {
            return Err(JoinError::Address);
        }
        let entry = Entry {
            thread,
            transport: admission.transport,
            address,
            user: admission.user,
            context: admission.context,
            topics: Vec::new(),
            closing: false,
        };
        let id = registry.peers.insert(entry).ok_or(JoinError::Full)?;
        Ok((id, registry.peers.joined))
    }

    /// The peer leaves. What the app kept with it.
    pub(in crate::ws) fn leave(&self, peer: PeerId) -> Option<Bytes> {
        self.decide(|registry, wakes| {
            let entry = registry.peers.take(peer)?;
            let (thread, user) = (entry.thread, entry.user.as_ref());
            for card in &entry.topics {
                registry.leave_topic(peer, thread, user, &card.name, wakes);
            }
            Some(entry.context)
        })
    }

    /// Time has passed; histories forget. The present moment, if everything up to it has been
    /// done that stood in the mailbox.
    pub(in crate::ws) fn sweep(&self, now: Instant, mailbox: &Mailbox) -> Option<u64> {
        let mut registry = self.registry.lock();
        registry.sweep(now);
        mailbox.is_settled().then_some(registry.moment)
    }
}
