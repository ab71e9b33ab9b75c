//! What the hub and the dispatcher tell: of peers the one, of workers the other.

use std::sync::Arc;

use bytes::Bytes;

use super::homes::wake_told;
use super::task::Task;
use super::{CARD_BYTES, Sockets, frames};
use crate::dispatch::{PeerWatch, Worker};
use crate::telemetry::counters;
use crate::ws::{Closed, Data, Hooks, Inbound, PeerId};

impl Hooks for Sockets {
    fn message(&self, peer: PeerId, message: Inbound) {
        counters().ws_messages.increment();
        match &message.data {
            Data::Text(text) if frames::is_frame(text) => self.wish(peer, message),
            // one that was never opened has nobody to talk to
            _ => drop(self.homes.tell_soon(peer, Task::Message(message))),
        }
    }

    fn heard(&self) {
        wake_told();
    }

    fn drained(&self, peer: PeerId) {
        // as above
        drop(self.homes.tell(peer, Task::Drain));
    }

    fn closed(&self, peer: PeerId, closed: Closed, mut context: Bytes) {
        if context.len() > CARD_BYTES {
            // It could not cross; a home that knows the peer does not need it.
            context = Bytes::new();
        }
        self.unanswered(peer);
        self.homes.left(peer, closed, context);
    }
}

impl PeerWatch for Sockets {
    fn admitted(&self, worker: &Arc<Worker>) {
        self.homes.admitted(worker);
    }

    fn gone(&self, worker: &Arc<Worker>) {
        self.requests.forget_all_of(worker.id());
        for lost in self.homes.gone(worker) {
            self.lost(lost);
        }
    }
}
