//! The subscribers of one topic on one I/O thread. They stand in a row, to be gone through for each
//! run of messages, and each can be taken out at once.

use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ws::id::PeerId;
use crate::ws::mailbox::TopicCard;
use crate::ws::member::Member;
use crate::ws::transport::Transport;

pub(super) struct Audience {
    card: Arc<TopicCard>,
    members: Vec<Rc<Member>>,
    /// How many of them are streams.
    streams: usize,
    /// Where in the row each stands.
    places: FxHashMap<PeerId, usize>,
}

impl Audience {
    pub fn new(card: Arc<TopicCard>) -> Self {
        Self {
            card,
            members: Vec::new(),
            streams: 0,
            places: FxHashMap::default(),
        }
    }

    pub fn card(&self) -> &TopicCard {
        &self.card
    }

    pub fn members(&self) -> &[Rc<Member>] {
        &self.members
    }

    pub fn has_streams(&self) -> bool {
        self.streams > 0
    }

    /// False: it has the topic already, and keeps its place.
    pub fn add(&mut self, member: &Rc<Member>) -> bool {
        let Entry::Vacant(place) = self.places.entry(member.id) else {
            return false;
        };
        place.insert(self.members.len());
        self.members.push(member.clone());
        self.streams += usize::from(member.transport == Transport::Stream);
        true
    }

    /// The last in the row takes its place.
    pub fn remove(&mut self, peer: PeerId) {
        let Some(place) = self.places.remove(&peer) else {
            return;
        };
        let gone = self.members.swap_remove(place);
        self.streams -= usize::from(gone.transport == Transport::Stream);
        if let Some(moved) = self.members.get(place) {
            self.places.insert(moved.id, place);
        }
    }
}
