//! The sockets of the server: the hub, and what peers tell the app.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

use crate::dispatch::Worker;
use crate::ws::{Closed, Hooks, Hub, Inbound, Limits, PeerId};

/// The hub of the process and whose its peers are.
#[derive(Debug)]
pub struct Sockets {
    /// All peers and topics.
    pub hub: Arc<Hub>,
}

impl Sockets {
    /// Without a peer yet.
    pub fn new(limits: Limits) -> Arc<Self> {
        let epoch = RandomState::new().hash_one(0);
        let hub = Hub::new(limits, epoch, Instant::now());
        Arc::new(Self { hub })
    }

    /// The peer's handshake is done; `home` accepted it.
    pub fn opened(&self, _peer: PeerId, _home: Option<Arc<Worker>>) {}
}

impl Hooks for Sockets {
    fn message(&self, _peer: PeerId, _message: Inbound) {}

    fn drained(&self, _peer: PeerId) {}

    fn closed(&self, _peer: PeerId, _closed: Closed) {}
}
