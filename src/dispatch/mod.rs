//! Choosing a worker and handing the exchange over: slots, the worker's event
//! queue, the wire, and streaming bodies both ways. Knows neither HTTP servers
//! nor napi; a worker is anything that can be woken and then drains its queue.
//!
//! ```text
//! Dispatcher::dispatch ── takes a Slot ──> Worker queue ──(one wake)──> JS drain()
//!   Exchange::reply    <── Slot state  <── flush() / push() / end() / fail()
//! ```

mod event;
mod exchange;
mod inbound;
mod outbound;
mod slots;
mod text;
pub mod wire;
mod worker;

use std::sync::Arc;

pub use event::{BodyFault, Event, RequestBody, RequestEvent};
pub use exchange::{Exchange, Reply, ReplyBody, ReplyError};
pub use inbound::{BodyBounds, BodyOutcome, BodySource, Eager, discard, eager, pump};
pub use outbound::OutStream;
pub use slots::{ExchangeId, Push, Slots, Taken};
pub use text::encode_utf8;
pub use worker::{Wake, Worker};

use crate::telemetry::counters;

/// Hands exchanges to the worker. One per process; shared by all I/O threads.
#[derive(Debug)]
pub struct Dispatcher {
    slots: Slots,
    worker: Arc<Worker>,
}

impl Dispatcher {
    /// `slots` is the number of slots made in advance and the size the pool shrinks back to.
    pub fn new(slots: usize) -> Self {
        Self {
            slots: Slots::new(slots),
            worker: Arc::new(Worker::new()),
        }
    }

    /// The worker that renders. It is present from the start and attaches when its JS is ready.
    pub fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }

    /// Slots and what JS does to the exchanges in them.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Takes a slot and queues the request for the worker. Dropping the returned
    /// exchange before its reply is complete aborts it in JS.
    pub fn dispatch(&self, build: impl FnOnce(ExchangeId) -> RequestEvent) -> Exchange {
        counters().renders.increment();
        let slot = self.slots.acquire();
        let event = build(slot.id());
        let exchange = Exchange::new(self.worker.clone(), slot);
        self.worker.send(Event::Request(Box::new(event)));
        exchange
    }
}
