//! The words of the link: what instances tell each other. `wire.rs` is how they stand in bytes.

use std::sync::Arc;

use bytes::Bytes;

use crate::ws::{FarPeer, Kind, PeerId, User};

/// Topics are spread over so many lanes, each a channel of its own: a cluster can share them out,
/// and an instance keeps one number for each instead of one for each topic.
pub const LANES: usize = 16;

/// A process that takes part: its hub's epoch.
pub type Instance = u64;

/// A numbered sequence of what one instance tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// To all others, about the topics of that lane.
    Lane(u8),
    /// To one other.
    To(Instance),
}

/// What is told of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// How it stands on the wire.
    pub kind: Kind,
    /// What it says.
    pub data: Bytes,
    /// Of its key, the latest is enough for a slow peer.
    pub key: Option<Arc<str>>,
    /// A peer that does not get it.
    pub except: Option<FarPeer>,
}

/// How a topic stands at an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicState {
    /// Peers that have it.
    pub count: u32,
    /// Its users.
    pub users: Vec<User>,
}

/// What became of a request to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It replied; a JSON text.
    Data(Bytes),
    /// It replied that it will not; a JSON text.
    Error(Bytes),
    /// It has gone, or cannot be asked.
    Gone,
}

/// What has a number: it arrives in order, once, or is known to be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Something was published.
    Publish(Arc<str>, Letter),
    /// Something was sent to all peers.
    Broadcast(Letter),
    /// So many peers have the topic.
    Count(Arc<str>, u32),
    /// A user is in the topic, and this is to be seen of him.
    Present(Arc<str>, User),
    /// He is not in it.
    Absent(Arc<str>, Arc<str>),
    /// What the lane's topics are now has to be asked for.
    Reset,
    /// For a peer.
    Send(PeerId, Letter),
    /// A peer is to be closed.
    Close(PeerId, u16, String),
    /// A peer is to be asked something under that number; a JSON text.
    Ask(u32, PeerId, Bytes),
    /// The reply to that number is not waited for any more.
    Forget(u32),
    /// The reply to that number.
    Reply(u32, Outcome),
    /// What the app keeps with peers is wanted as the reply to that number, of those from that slot on.
    Survey(u32, u32),
}

impl Body {
    /// It tells of counts or presence.
    pub fn is_state(&self) -> bool {
        matches!(
            self,
            Body::Count(..) | Body::Present(..) | Body::Absent(..) | Body::Reset
        )
    }
}

/// What instances tell each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// It is alive.
    Beat {
        /// The last number it has sent on each lane.
        heads: [u64; LANES],
        /// Its peers.
        open: u32,
        /// The last number it has sent to each instance of late.
        direct: Vec<(Instance, u64)>,
    },
    /// It ends.
    Bye,
    /// One of a sequence.
    Numbered(Stream, u64, Body),
    /// Everything from that number on is missing.
    Nack(Stream, u64),
    /// Everything up to that number is gone for good.
    Lost(Stream, u64),
    /// The state of these lanes is wanted, a bit for each.
    Want(u16),
    /// A part of the state of a lane.
    State {
        /// Which lane.
        lane: u8,
        /// The last number that is contained in it.
        seq: u64,
        /// The how many-th part, from 0.
        part: u32,
        /// Whether it is the last.
        last: bool,
        /// Topics.
        topics: Vec<(Arc<str>, TopicState)>,
    },
}
