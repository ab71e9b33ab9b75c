//! Peers of other processes: what is for them goes through the link, and what the link has for this
//! process comes in here.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;

use super::Sockets;
use crate::link::{Desk, Instance, Link, Outcome, Settings};
use crate::ws::{FarPeer, Goodbye, Message, PeerId, PublishError};

/// For saying goodbye to the others, at the very end.
const GOODBYE: Duration = Duration::from_secs(1);

/// Bytes of an answer to a survey, about; what is left is asked for next.
const SURVEY_BYTES: usize = 256 << 10;

/// Bytes of a card that is told. The app's part takes 64 KiB at most, the rest is the head of a request.
const SURVEYED_CARD: usize = 256 << 10;

impl Sockets {
    /// Joins the hub with those of other processes.
    pub fn join_hubs(self: &Arc<Self>, settings: &Settings) -> io::Result<()> {
        let link = Link::new(self.hub.clone(), settings.clone());
        let desk: Weak<dyn Desk> = Arc::<Self>::downgrade(self);
        link.start(desk)?;
        // there is one for the life of the process
        let _ = self.link.set(link);
        Ok(())
    }

    /// Says goodbye to the others, and waits a little for that.
    pub fn leave_hubs(&self) {
        if let Some(link) = self.link() {
            link.leave(GOODBYE);
        }
    }

    pub(super) fn link(&self) -> Option<&Link> {
        self.link.get()
    }

    /// To a peer of another process. Whether that is there.
    pub fn send_far(&self, to: FarPeer, message: &Message) -> Result<bool, PublishError> {
        if message.len() > self.hub.limits().outgoing_bytes {
            return Err(PublishError::TooLong);
        }
        Ok(self.link().is_some_and(|link| link.send(to, message)))
    }

    /// Closes a peer of another process. Whether that is there.
    pub fn disconnect_far(&self, to: FarPeer, goodbye: &Goodbye) -> bool {
        self.link().is_some_and(|link| link.disconnect(to, goodbye))
    }
}

impl Sockets {
    /// The epochs of the other processes.
    pub fn hubs(&self) -> Vec<Instance> {
        self.link().map(Link::instances).unwrap_or_default()
    }

    /// The cards of peers from that slot on, as many as go into one answer:
    /// `{"peers":[[slot,generation,"card in hexadecimal",["topic",…]],…],"next":slot or null}`.
    pub(super) fn survey(&self, from: u32) -> String {
        let mut json = String::from("{\"peers\":[");
        let empty = json.len();
        let mut next = None;
        let peers = self.hub.peers().into_iter();
        for peer in peers.filter(|peer| peer.slot() >= from as usize) {
            if json.len() >= SURVEY_BYTES {
                next = Some(peer.slot());
                break;
            }
            let card = self.hub.context(peer);
            let Some(card) = card.filter(|card| card.len() <= SURVEYED_CARD) else {
                continue;
            };
            let topics = self.hub.subscriptions(peer).unwrap_or_default();
            let topics: Vec<&str> = topics.iter().map(|name| &**name).collect();
            if json.len() > empty {
                json.push(',');
            }
            // writing to a String never fails
            let _ = write!(json, "[{},{},\"", peer.slot(), peer.generation());
            for byte in &card {
                let _ = write!(json, "{byte:02x}");
            }
            let _ = write!(json, "\",{}]", serde_json::Value::from(topics));
        }
        let _ = match next {
            Some(next) => write!(json, "],\"next\":{next}}}"),
            None => write!(json, "],\"next\":null}}"),
        };
        json
    }
}

impl Desk for Sockets {
    fn asked(&self, by: Instance, id: u32, peer: PeerId, data: &Bytes) {
        self.ask_for(by, id, peer, data);
    }

    fn forgotten(&self, by: Instance, id: u32) {
        self.forget_for(by, id);
    }

    fn answered(&self, by: Instance, id: u32, outcome: Outcome) {
        self.answered_at(by, id, outcome);
    }

    fn surveyed(&self, by: Instance, id: u32, from: u32) {
        if let Some(link) = self.link() {
            link.answer(by, id, Outcome::Data(self.survey(from).into()));
        }
    }

    fn gone(&self, instance: Instance) {
        self.hub_gone(instance);
    }
}
