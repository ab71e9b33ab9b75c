//! The hook by which whoever joins this hub with those of other processes hears what happens
//! here. It says nothing of how they are joined.

use std::fmt;
use std::sync::Arc;

use super::id::PeerId;
use super::message::Message;

/// A peer of another process, as the hub there knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FarPeer {
    /// The hub's epoch.
    pub epoch: u64,
    /// Its name there.
    pub peer: PeerId,
}

/// Hears of what is published and of who has which topic, in the order in which the hub has decided
/// it. Called under the registry's lock: it takes note and returns.
pub trait Relay: Send + Sync + fmt::Debug {
    /// Something has been published here, to all but perhaps one of another process.
    fn published(&self, topic: &str, message: &Message, except: Option<FarPeer>);

    /// Something has been sent to all peers here.
    fn broadcast(&self, message: &Message, except: Option<FarPeer>);

    /// The peers that have the topic are others now, or what is known of that user in it is.
    fn changed(&self, topic: &Arc<str>, user: Option<&Arc<str>>);

    /// The lock is free: somebody may look at what was noted.
    fn wake(&self);
}
