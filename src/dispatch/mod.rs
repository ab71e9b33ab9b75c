//! Choosing a worker and handing the exchange over: slots, the line and the workers, the wire,
//! streaming bodies both ways, and what becomes of exchanges whose worker dies. Knows neither
//! HTTP servers nor napi; a worker is anything that can be woken and then drains.
//!
//! ```text
//! Dispatcher::dispatch ── takes a Slot ──> line ──(wake the best that sleeps)──> JS drain()
//!   Exchange::reply    <── Slot state  <── flush() / push() / end() / fail()
//! ```

mod balance;
mod containment;
mod event;
mod exchange;
mod inbound;
mod line;
mod outbound;
mod peers;
mod slots;
#[cfg(test)]
mod tests;
mod text;
pub mod wire;
mod worker;
mod workers;

use std::sync::{Arc, Weak};

pub use containment::{Lost, Suspects};
pub use event::{BodyFault, Event, Opens, RequestBody, RequestEvent};
pub use exchange::{Exchange, Reply, ReplyBody, ReplyError};
pub use inbound::{BodyBounds, BodyOutcome, BodySource, Eager, discard, eager, pump};
pub use line::Busy;
pub use outbound::OutStream;
pub use peers::{Answer, Farewell, PeerEvent, PeerNews, PeerWatch};
pub use slots::{ExchangeId, Push, Slots, Taken};
pub use text::encode_utf8;
pub use worker::{Standing, Usage, Wake, Worker};
pub use workers::{Bounds, EVENT_WORK};

use crate::config::Balancing;
use crate::telemetry::counters;
use workers::Workers;

/// Hands exchanges to workers. One per process; shared by all threads.
#[derive(Debug)]
pub struct Dispatcher {
    slots: Slots,
    workers: Arc<Workers>,
}

impl Dispatcher {
    /// `slots` is the number of slots made in advance and the size the pool shrinks back to.
    pub fn new(slots: usize, balancing: Balancing, bounds: Bounds) -> Self {
        Self {
            slots: Slots::new(slots),
            workers: Arc::new(Workers::new(balancing, bounds)),
        }
    }

    /// Slots and what JS does to the exchanges in them.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The workers that have not gone.
    pub fn workers(&self) -> Vec<Arc<Worker>> {
        self.workers.members()
    }

    /// The worker of that name, unless it has gone.
    pub fn worker(&self, id: u32) -> Option<Arc<Worker>> {
        let mut workers = self.workers.members().into_iter();
        workers.find(|worker| worker.id() == id)
    }

    /// The seats of those that take exchanges, in order: a replacement changes nothing.
    pub fn seats(&self) -> Vec<u32> {
        let workers = self.workers.members().into_iter();
        let ready = workers.filter(|worker| worker.standing() == Standing::Ready);
        let mut seats: Vec<u32> = ready.map(|worker| worker.seat()).collect();
        seats.sort_unstable();
        seats.dedup();
        seats
    }

    /// Whether a worker starts on the seat.
    pub fn starts_on(&self, seat: u32) -> bool {
        let mut workers = self.workers.members().into_iter();
        workers.any(|it| it.seat() == seat && it.standing() == Standing::Starting)
    }

    /// How many of them take exchanges.
    pub fn ready(&self) -> usize {
        self.workers.ready()
    }

    /// Requests that no worker has taken yet.
    pub fn waiting(&self) -> usize {
        self.workers.waiting()
    }

    /// Asks another worker to come if somebody waits still. One that was asked may be busy with
    /// what nobody told us of; so this is called from time to time.
    pub fn look_after_the_line(&self) {
        if self.waiting() > 0 {
            self.workers.empty_if_closed(&self.slots);
            self.workers.stir();
        }
    }

    /// The last worker has gone, and no other will come: whatever waits for one is told so, and
    /// nothing waits any more.
    pub fn forsake(&self) {
        self.workers.forsake(&self.slots);
    }

    /// Adds a worker that is still starting.
    pub fn enlist(&self, id: u32, seat: u32) -> Arc<Worker> {
        self.workers.enlist(id, seat)
    }

    /// Who is told from now on what concerns peers. There is one; the first stands.
    pub fn watch(&self, watch: Weak<dyn PeerWatch>) {
        self.workers.watch(watch);
    }

    /// The JS of a worker is ready, on the calling thread. It takes exchanges once it has been
    /// admitted.
    pub fn attach(&self, worker: &Arc<Worker>, wake: Box<dyn Wake>) {
        self.workers.attach(worker, wake);
    }

    /// A worker takes exchanges from now on, unless it is to go already.
    pub fn admit(&self, worker: &Arc<Worker>) {
        self.workers.admit(worker);
    }

    /// A worker is given nothing new from now on; what it has, it finishes.
    pub fn retire(&self, worker: &Arc<Worker>) {
        self.workers.retire(worker);
    }

    /// The thread of a worker ends: it is not woken any more. What it had waits until it is
    /// known of what it died.
    pub fn detach(&self, worker: &Arc<Worker>) {
        self.workers.detach(worker);
    }

    /// The thread of a worker has ended. What it had and did not answer is lost. Returns how
    /// many exchanges that are; the second time, none.
    pub fn dismiss(&self, worker: &Arc<Worker>, suspects: Suspects) -> usize {
        if !self.workers.dismiss(worker) {
            return 0;
        }
        self.workers.empty_if_closed(&self.slots);
        let lost = self.slots.lose(worker, suspects);
        counters().lost.add(lost as u64);
        lost
    }

    /// Takes a slot and lets the request wait for a worker, for that on `seat` where there is
    /// one. Dropping the returned exchange before its reply is complete aborts it in JS.
    pub fn dispatch(
        &self,
        seat: Option<u32>,
        build: impl FnOnce(ExchangeId) -> RequestEvent,
    ) -> Result<Exchange, Busy> {
        let slot = self.slots.acquire();
        let request = Box::new(build(slot.id()));
        self.workers.enter(request, seat, &self.slots)?;
        counters().renders.increment();
        Ok(Exchange::new(self.workers.clone(), slot))
    }

    /// Writes events for `worker` into `buffer`, as many as `work` takes: one of a peer takes 1,
    /// any other [`EVENT_WORK`], of which the last may take more than is left. Returns the bytes
    /// written and whether more are waiting; if so the caller comes again without being woken.
    pub fn drain(&self, worker: &Arc<Worker>, buffer: &mut [u8], work: usize) -> (usize, bool) {
        self.workers.drain(worker, &self.slots, buffer, work)
    }
}
