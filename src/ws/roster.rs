//! The peers that are there, each in a place with a number. A place that is given free is given to
//! another with the next generation, so that the name of one that has gone is nobody's.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::id::PeerId;
use super::mailbox::TopicCard;
use super::presence::User;
use super::transport::Transport;

/// A peer that wants to join.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// The client's address, against which peers are counted; `None` is not counted.
    pub address: Option<Arc<str>>,
    /// The person behind it, for presence.
    pub user: Option<User>,
    /// What the app wants to know of it later.
    pub context: Bytes,
    /// How it is reached.
    pub transport: Transport,
}

/// A peer that is there.
#[derive(Debug)]
pub(super) struct Entry {
    pub thread: usize,
    pub transport: Transport,
    pub address: Option<Arc<str>>,
    pub user: Option<User>,
    pub context: Bytes,
    pub topics: Vec<Arc<TopicCard>>,
    /// It has been told to go.
    pub closing: bool,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    entry: Option<Box<Entry>>,
}

#[derive(Debug, Default)]
pub(super) struct Roster {
    slots: Vec<Slot>,
    free: Vec<u32>,
    pub open: usize,
    /// Peers that have ever joined. A peer that joins takes no post, so this tells which
    /// posts to all were put in before it came.
    pub joined: u64,
    /// Peers by address.
    addresses: HashMap<Arc<str>, usize>,
}

impl Roster {
    /// Gives the peer a place. `None`: there are as many as can have a name.
    pub fn insert(&mut self, entry: Entry) -> Option<PeerId> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.slots.len()).ok()?;
                self.slots.push(Slot::default());
                slot
            }
        };
        if let Some(address) = &entry.address {
            *self.addresses.entry(address.clone()).or_default() += 1;
        }
        let place = &mut self.slots[slot as usize];
        place.entry = Some(Box::new(entry));
        self.open += 1;
        self.joined += 1;
        Some(PeerId::new(slot, place.generation))
    }

    pub fn entry(&self, id: PeerId) -> Option<&Entry> {
        let slot = self.slots.get(id.slot())?;
        let here = slot.generation == id.generation();
        slot.entry.as_deref().filter(|_| here)
    }

    pub fn entry_mut(&mut self, id: PeerId) -> Option<&mut Entry> {
        let slot = self.slots.get_mut(id.slot())?;
        let here = slot.generation == id.generation();
        slot.entry.as_deref_mut().filter(|_| here)
    }

    /// Takes the peer out and gives its place free. Its topics are the caller's to leave.
    pub fn take(&mut self, id: PeerId) -> Option<Entry> {
        self.entry(id)?;
        let slot = self.slots.get_mut(id.slot())?;
        let entry = slot.entry.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.slot() as u32);
        self.open -= 1;
        if let Some(address) = &entry.address
            && let Some(count) = self.addresses.get_mut(address)
        {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(address);
            }
        }
        Some(*entry)
    }

    /// How many peers come from that address.
    pub fn neighbours(&self, address: &str) -> usize {
        self.addresses.get(address).copied().unwrap_or_default()
    }

    pub fn ids(&self) -> impl Iterator<Item = PeerId> {
        let slots = (0u32..).zip(&self.slots);
        let taken = slots.filter(|(_, slot)| slot.entry.is_some());
        taken.map(|(i, slot)| PeerId::new(i, slot.generation))
    }
}
