//! All workers and the line in front of them (`line.rs`). A request waits there until a worker
//! takes it: nothing is handed to a thread that is busy while another is free. On arrival the
//! best of those that sleep is woken; one that is awake comes back by itself.
//!
//! ```text
//! enter ──> line ──(take, in order)──> the worker that drains
//!       └──> line of one worker, where a session is bound to its seat
//! ```

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::{Mutex, RwLock};

use super::balance::{Balance, Load};
use super::containment::Bound;
use super::event::{Event, RequestEvent};
use super::line::{Busy, Line};
use super::peers::PeerWatch;
use super::slots::Slots;
use super::wire;
use super::worker::{Standing, Wake, Worker};
use crate::config::Balancing;

/// What an event is to a turn of JS, where one of a peer is 1: a hook takes some microseconds,
/// and what many of them publish in one turn goes out in one write for each peer.
pub const EVENT_WORK: usize = 4;

/// How much may wait and be under way.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Requests in the line, and as many in that of each worker that sessions are bound to.
    pub queue: usize,
    /// Exchanges of one worker without an answer yet.
    pub in_flight: usize,
}

/// The pool's members and its line.
pub(super) struct Workers {
    line: Mutex<Line>,
    members: RwLock<Vec<Arc<Worker>>>,
    /// Members that take exchanges.
    ready: AtomicUsize,
    balance: Balance,
    bounds: Bounds,
    /// Who gives them their peers, where there are any.
    watch: OnceLock<Weak<dyn PeerWatch>>,
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers")
            .field("line", &self.line)
            .field("members", &self.members)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl Workers {
    pub fn new(balancing: Balancing, bounds: Bounds) -> Self {
        Self {
            line: Mutex::new(Line::default()),
            members: RwLock::new(Vec::new()),
            ready: AtomicUsize::new(0),
            balance: Balance::new(balancing),
            bounds,
            watch: OnceLock::new(),
        }
    }

    /// Who is told what concerns peers. The first stands.
    pub fn watch(&self, watch: Weak<dyn PeerWatch>) {
        let _ = self.watch.set(watch);
    }

    fn watcher(&self) -> Option<Arc<dyn PeerWatch>> {
        self.watch.get()?.upgrade()
    }

    /// Adds a worker that is still starting.
    pub fn enlist(&self, id: u32, seat: u32) -> Arc<Worker> {
        let worker = Arc::new(Worker::new(id, seat));
        self.members.write().push(worker.clone());
        worker
    }

    /// Its JS is ready, on the calling thread.
    pub fn attach(&self, worker: &Worker, wake: Box<dyn Wake>) {
        worker.runs_here();
        worker.set_wake(Some(wake));
    }

    /// It takes exchanges from now on; one that is to go already does not.
    pub fn admit(&self, worker: &Arc<Worker>) {
        if worker.standing() != Standing::Starting {
            return;
        }
        self.set_standing(worker, Standing::Ready);
        if let Some(watcher) = self.watcher() {
            watcher.admitted(worker);
        }
        if self.has_anything(worker) {
            worker.rouse();
        }
    }

    /// It is given nothing new from now on.
    pub fn retire(&self, worker: &Arc<Worker>) {
        if matches!(worker.standing(), Standing::Starting | Standing::Ready) {
            self.set_standing(worker, Standing::Draining);
            // it may have been asked to come for what another must take now
            self.stir();
        }
    }

    /// Its thread ends and cannot be woken any more.
    pub fn detach(&self, worker: &Arc<Worker>) {
        self.retire(worker);
        worker.set_wake(None);
    }

    /// Its thread has ended. False if that is known already.
    pub fn dismiss(&self, worker: &Arc<Worker>) -> bool {
        let known = worker.standing() == Standing::Gone;
        self.set_standing(worker, Standing::Gone);
        worker.set_wake(None);
        self.members
            .write()
            .retain(|other| !Arc::ptr_eq(other, worker));
        self.orphan(worker);
        self.stir();
        if !known && let Some(watcher) = self.watcher() {
            watcher.gone(worker);
        }
        !known
    }

    /// What only this worker might take is for all now.
    fn orphan(&self, worker: &Worker) {
        let orphans: Vec<_> = std::iter::from_fn(|| worker.next_assigned()).collect();
        for orphan in orphans.into_iter().rev() {
            self.line.lock().put_back(orphan);
            self.stir();
        }
    }

    fn set_standing(&self, worker: &Worker, standing: Standing) {
        let members = self.members.write();
        worker.set_standing(standing);
        let ready = members
            .iter()
            .filter(|worker| worker.standing() == Standing::Ready);
        self.ready.store(ready.count(), SeqCst);
    }

    pub fn members(&self) -> Vec<Arc<Worker>> {
        self.members.read().clone()
    }

    pub fn ready(&self) -> usize {
        self.ready.load(SeqCst)
    }

    /// Requests in the line.
    pub fn waiting(&self) -> usize {
        self.line.lock().len()
    }

    /// Lets a request wait for a worker, for that of `seat` where there is one.
    pub fn enter(
        &self,
        request: Box<RequestEvent>,
        seat: Option<u32>,
        slots: &Slots,
    ) -> Result<(), Busy> {
        if let Some(worker) = seat.and_then(|seat| self.on_seat(seat)) {
            if worker.assigned() >= self.bounds.queue {
                return Err(Busy);
            }
            worker.assign(request);
            if worker.standing() != Standing::Gone {
                return Ok(());
            }
            // it went while we came: nobody but us looks what it was assigned any more
            self.dismiss(&worker);
            return Ok(());
        }
        {
            let mut line = self.line.lock();
            if !line.takes(self.bounds.queue, slots) {
                return Err(Busy);
            }
            line.push(request);
        }
        self.stir();
        Ok(())
    }

    /// The worker that serves a seat; where none does, the one that starts there: what only it
    /// may take can wait for it, under the same bounds.
    fn on_seat(&self, seat: u32) -> Option<Arc<Worker>> {
        let members = self.members.read();
        let on_seat = |standing: Standing| {
            let mut members = members.iter();
            members.find(|worker| worker.seat() == seat && worker.standing() == standing)
        };
        on_seat(Standing::Ready)
            .or_else(|| on_seat(Standing::Starting))
            .cloned()
    }

    /// No worker takes anything any more: what waits, and what comes, is answered without.
    pub fn forsake(&self, slots: &Slots) {
        self.line.lock().close();
        self.empty_if_closed(slots);
    }

    /// What has come back to a line that nobody takes from is answered as well.
    pub fn empty_if_closed(&self, slots: &Slots) {
        let forsaken = self.line.lock().take_forsaken();
        for request in forsaken {
            slots.forsake(request.id);
        }
    }

    /// Wakes the best of those that sleep and could take something. All being awake, they
    /// come back by themselves.
    pub fn stir(&self) {
        let members = self.members.read();
        loop {
            let load = |place: usize| {
                let worker = &members[place];
                let comes = !worker.is_awake() && self.takes(worker);
                comes.then(|| Load {
                    in_flight: worker.in_flight(),
                    cpu: worker.cpu(),
                })
            };
            match self.balance.choose(members.len(), load) {
                // another thread may have been faster; then the next is asked
                Some(place) if !members[place].rouse() => {}
                _ => return,
            }
        }
    }

    /// Whether it may be given anything.
    fn takes(&self, worker: &Worker) -> bool {
        worker.standing() == Standing::Ready && self.has_room(worker)
    }

    fn has_room(&self, worker: &Worker) -> bool {
        (worker.rendering() as usize) < self.bounds.in_flight
    }

    fn may_take(&self, worker: &Worker) -> bool {
        let started = worker.standing() != Standing::Starting;
        let own = || started && worker.assigned() > 0 && self.has_room(worker);
        own() || (self.takes(worker) && !self.line.lock().is_empty())
    }

    fn has_anything(&self, worker: &Worker) -> bool {
        worker.has_events() || self.may_take(worker)
    }

    /// It has begun to answer one of its exchanges, or need not any more.
    pub fn relieved(&self, worker: &Worker) {
        let before = worker.begins() as usize;
        if before >= self.bounds.in_flight && self.may_take(worker) {
            worker.rouse();
        }
    }

    /// A request that may still be in the line has lost its client.
    pub fn left(&self) {
        self.line.lock().left();
    }

    /// Writes events for `worker` into `buffer`, as many as `work` takes: its own first, then its
    /// share of the line. Returns the bytes written and whether it should come again without
    /// being woken.
    pub fn drain(
        &self,
        worker: &Arc<Worker>,
        slots: &Slots,
        buffer: &mut [u8],
        work: usize,
    ) -> (usize, bool) {
        worker.shows_up();
        let mut written = 0;
        let mut share = None;
        let mut spent = 0;
        while spent < work {
            let Some(event) = self.next(worker, &mut share, work) else {
                return (written, self.has_more(worker));
            };
            // Encoded outside the locks: the copy must not hold up the I/O threads.
            let Some(len) = wire::encode(&event, &mut buffer[written..]) else {
                worker.put_back(event);
                if worker.standing() == Standing::Gone {
                    self.orphan(worker);
                }
                return (written, true);
            };
            let request = match event {
                Event::Request(request) => request,
                event => {
                    written += len;
                    spent += match event {
                        Event::Peer(_) => {
                            worker.takes_peer();
                            1
                        }
                        _ => EVENT_WORK,
                    };
                    continue;
                }
            };
            spent += EVENT_WORK;
            match slots.bind(request.id, worker) {
                Bound::Yes => written += len,
                // a request without a client is passed over
                Bound::Unwanted => self.line.lock().passed_over(),
                Bound::Gone => {
                    self.line.lock().put_back(request);
                    self.stir();
                    return (written, false);
                }
            }
        }
        (written, self.has_more(worker))
    }

    /// What comes next: its own events, but requests have their turn among those of peers.
    fn next(&self, worker: &Worker, share: &mut Option<usize>, work: usize) -> Option<Event> {
        if worker.has_had_its_peers(work / EVENT_WORK) {
            worker.looks_for_requests();
            return self.take(worker, share).or_else(|| worker.next_event());
        }
        worker.next_event().or_else(|| {
            worker.looks_for_requests();
            self.take(worker, share)
        })
    }

    /// The next of those bound to its seat, which it serves to the last; else of the line,
    /// within its share of it.
    fn take(&self, worker: &Worker, share: &mut Option<usize>) -> Option<Event> {
        if !self.has_room(worker) {
            return None;
        }
        if worker.standing() != Standing::Starting
            && let Some(request) = worker.next_assigned()
        {
            return Some(Event::Request(request));
        }
        if !self.takes(worker) {
            return None;
        }
        let mut line = self.line.lock();
        let share = share.get_or_insert_with(|| {
            // what others could begin with at once is left to them
            line.len().div_ceil(self.ready().max(1))
        });
        *share = share.checked_sub(1)?;
        line.pop().map(Event::Request)
    }

    /// Whether it has to come again; if not, it sleeps.
    fn has_more(&self, worker: &Worker) -> bool {
        if self.has_anything(worker) {
            return true;
        }
        worker.falls_asleep();
        // what came in between has found it awake
        self.has_anything(worker) && worker.stays_awake()
    }
}
