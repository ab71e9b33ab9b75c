//! One worker as the other threads see it: its inbox, what it has in flight, and its signs
//! of life. A wake is sent only when it may be asleep; it then drains until there is nothing
//! left for it, a batch a turn, so a thousand waiting events cost one wake.
//!
//! Which requests come to it is decided in `workers`; this file owns what is already its own.

use std::collections::VecDeque;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::event::{Event, RequestEvent};
use super::peers::PeerEvent;
use crate::telemetry::thread::Thread;

/// How a worker is asked to come and drain.
pub trait Wake: Send + Sync {
    /// Called from any thread, at most once until the worker has found nothing left to do.
    fn wake(&self);
}

/// What a worker may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    /// Its JS is not ready yet.
    Starting = 0,
    /// It takes exchanges.
    Ready = 1,
    /// It finishes what it has and is given nothing new.
    Draining = 2,
    /// Its thread has ended.
    Gone = 3,
}

/// One JS thread.
pub struct Worker {
    id: u32,
    seat: u32,
    inbox: Mutex<VecDeque<Event>>,
    wake: RwLock<Option<Box<dyn Wake>>>,
    standing: AtomicU8,
    /// A wake is on its way, or its answer is still draining.
    awake: AtomicBool,
    /// Exchanges it has, from taking one to the last byte of its reply.
    in_flight: AtomicU32,
    /// Those of them that it has not begun to answer. Only taking one makes it more, so that
    /// whoever makes it less than the bound is the one who notices.
    rendering: AtomicU32,
    /// Exchanges it has ever taken.
    taken: AtomicU64,
    /// Events of peers that it was given and has not settled.
    peer_tasks: AtomicU32,
    /// Events of peers that it has taken since it last looked for requests.
    peers_in_a_row: AtomicU32,
    /// Requests that are bound to its seat and that it has not taken: a line of its own.
    assigned: Mutex<VecDeque<Box<RequestEvent>>>,
    /// How many, so that nobody takes the lock to find that there are none.
    assigned_count: AtomicUsize,
    /// When it was made; the times below are microseconds since.
    made: Instant,
    woken: AtomicU64,
    seen: AtomicU64,
    delay: AtomicU64,
    /// How busy its thread is, in thousandths, as sampled last.
    cpu: AtomicU32,
    /// What its JS has said last that it uses.
    usage: Mutex<Usage>,
    /// Its thread, for those who measure it.
    thread: OnceLock<Thread>,
}

/// What a worker's JS says that it uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Bytes of V8's heap.
    pub heap: u64,
    /// Bytes outside of it that its objects hold.
    pub external: u64,
    /// The part of the time, from 0 to 1, in which its event loop was not waiting.
    pub event_loop: f64,
}

impl Worker {
    pub(super) fn new(id: u32, seat: u32) -> Self {
        Self {
            id,
            seat,
            inbox: Mutex::new(VecDeque::with_capacity(64)),
            wake: RwLock::new(None),
            standing: AtomicU8::new(Standing::Starting as u8),
            awake: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
            rendering: AtomicU32::new(0),
            taken: AtomicU64::new(0),
            peer_tasks: AtomicU32::new(0),
            peers_in_a_row: AtomicU32::new(0),
            assigned: Mutex::new(VecDeque::new()),
            assigned_count: AtomicUsize::new(0),
            made: Instant::now(),
            woken: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            delay: AtomicU64::new(0),
            cpu: AtomicU32::new(0),
            usage: Mutex::new(Usage::default()),
            thread: OnceLock::new(),
        }
    }

    /// Unique in the process.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Its place in the pool, which its replacement will have.
    pub fn seat(&self) -> u32 {
        self.seat
    }

    /// What it may be given.
    pub fn standing(&self) -> Standing {
        match self.standing.load(SeqCst) {
            0 => Standing::Starting,
            1 => Standing::Ready,
            2 => Standing::Draining,
            _ => Standing::Gone,
        }
    }

    pub(super) fn set_standing(&self, standing: Standing) {
        self.standing.store(standing as u8, SeqCst);
    }

    pub(super) fn set_wake(&self, wake: Option<Box<dyn Wake>>) {
        *self.wake.write() = wake;
    }

    /// Queues an event of an exchange that it has, or one for itself.
    pub fn send(&self, event: Event) {
        self.inbox.lock().push_back(event);
        self.rouse();
    }

    /// Queues an event of a peer. Whether it sleeps and has to be woken with
    /// [`Worker::rouse`]; that costs a system call, so it is left to when no lock is held.
    #[must_use = "nobody else wakes it"]
    pub fn queue(&self, event: PeerEvent) -> bool {
        self.inbox.lock().push_back(Event::Peer(event));
        !self.is_awake()
    }

    /// Takes back the events of peers that it has not taken, in order.
    pub fn reclaim(&self) -> Vec<PeerEvent> {
        let mut inbox = self.inbox.lock();
        let mut peers = Vec::new();
        for event in std::mem::take(&mut *inbox) {
            match event {
                Event::Peer(event) => peers.push(event),
                event => inbox.push_back(event),
            }
        }
        peers
    }

    /// It was given something of a peer to settle.
    pub fn owes(&self) {
        self.peer_tasks.fetch_add(1, SeqCst);
    }

    /// It has settled one, or never will.
    pub fn settles(&self) {
        self.peer_tasks.fetch_sub(1, SeqCst);
    }

    /// Events of peers that it has not settled.
    pub fn peer_tasks(&self) -> u32 {
        self.peer_tasks.load(SeqCst)
    }

    /// Whether it has taken so many events of peers that requests come first, where a turn has
    /// `max` of those. Asked by its own thread alone.
    pub(super) fn has_had_its_peers(&self, max: usize) -> bool {
        self.peers_in_a_row.load(Relaxed) as usize >= (max / 2).max(1)
    }

    pub(super) fn takes_peer(&self) {
        self.peers_in_a_row.fetch_add(1, Relaxed);
    }

    pub(super) fn looks_for_requests(&self) {
        self.peers_in_a_row.store(0, Relaxed);
    }

    /// Queues a request that only this worker may take. One that is still starting looks for it
    /// when it is admitted, and must not be woken before.
    pub(super) fn assign(&self, request: Box<RequestEvent>) {
        self.with_assigned(|assigned| assigned.push_back(request));
        if self.standing() != Standing::Starting {
            self.rouse();
        }
    }

    /// How many that are.
    pub(super) fn assigned(&self) -> usize {
        self.assigned_count.load(SeqCst)
    }

    fn with_assigned<R>(&self, act: impl FnOnce(&mut VecDeque<Box<RequestEvent>>) -> R) -> R {
        let mut assigned = self.assigned.lock();
        let result = act(&mut assigned);
        self.assigned_count.store(assigned.len(), SeqCst);
        result
    }

    pub(super) fn next_assigned(&self) -> Option<Box<RequestEvent>> {
        if self.assigned() == 0 {
            return None;
        }
        self.with_assigned(VecDeque::pop_front)
    }

    pub(super) fn next_event(&self) -> Option<Event> {
        self.inbox.lock().pop_front()
    }

    /// The buffer had no room for it.
    pub(super) fn put_back(&self, event: Event) {
        match event {
            Event::Request(request) => self.with_assigned(|own| own.push_front(request)),
            event => self.inbox.lock().push_front(event),
        }
    }

    pub(super) fn has_events(&self) -> bool {
        !self.inbox.lock().is_empty()
    }

    /// Sends a wake unless one is on its way. Returns whether it was asleep.
    pub fn rouse(&self) -> bool {
        if self.is_awake() {
            return false;
        }
        // before it counts as awake, or it would for a moment seem silent since it was seen last
        self.woken.store(self.age(), Relaxed);
        if self.awake.swap(true, SeqCst) {
            return false;
        }
        if let Some(wake) = &*self.wake.read() {
            wake.wake();
        }
        true
    }

    pub(super) fn is_awake(&self) -> bool {
        self.awake.load(SeqCst)
    }

    /// It has found nothing left to do. Whoever queues something from now on wakes it; what
    /// was queued before that is for the caller to look for once more.
    pub(super) fn falls_asleep(&self) {
        self.woken.store(0, Relaxed);
        self.awake.store(false, SeqCst);
    }

    /// It stays awake after all. False if a wake is on its way anyway.
    pub(super) fn stays_awake(&self) -> bool {
        !self.awake.swap(true, SeqCst)
    }

    /// It is here, draining.
    pub(super) fn shows_up(&self) {
        let now = self.age();
        // before what it was woken for is forgotten: one of the two says that it is not silent
        self.seen.store(now, Relaxed);
        let woken = self.woken.swap(0, AcqRel);
        if woken != 0 {
            // an eighth of the way to the newest: one long turn shows, and passes
            let delay = self.delay.load(Relaxed);
            let newest = now.saturating_sub(woken);
            self.delay.store(delay - delay / 8 + newest / 8, Relaxed);
        }
    }

    /// Microseconds since it was made, never 0.
    fn age(&self) -> u64 {
        self.made.elapsed().as_micros() as u64 + 1
    }

    /// How long it has been made.
    pub fn uptime(&self) -> Duration {
        self.made.elapsed()
    }

    /// How long something has been waiting for it without a sign of life.
    pub fn silent_for(&self) -> Duration {
        if !self.is_awake() {
            return Duration::ZERO;
        }
        let last = self.woken.load(Acquire).max(self.seen.load(Relaxed));
        Duration::from_micros(self.age().saturating_sub(last))
    }

    /// From a wake to the turn that answers it, smoothed: how late its event loop runs.
    pub fn event_loop_delay(&self) -> Duration {
        Duration::from_micros(self.delay.load(Relaxed))
    }

    pub(super) fn takes(&self) {
        self.in_flight.fetch_add(1, SeqCst);
        self.rendering.fetch_add(1, SeqCst);
        self.taken.fetch_add(1, Relaxed);
    }

    /// It has begun to answer one. Returns how many it had not, with this one.
    pub(super) fn begins(&self) -> u32 {
        self.rendering.fetch_sub(1, SeqCst)
    }

    /// One that it has begun to answer is over.
    pub(super) fn gives_back(&self) {
        self.in_flight.fetch_sub(1, SeqCst);
    }

    /// Exchanges it has, from taking one to the last byte of its reply.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(SeqCst)
    }

    /// Exchanges it has not begun to answer.
    pub fn rendering(&self) -> u32 {
        self.rendering.load(SeqCst)
    }

    /// Exchanges it has ever taken.
    pub fn requests(&self) -> u64 {
        self.taken.load(Relaxed)
    }

    /// Nothing is left of what it was given. While it is awake it may be about to take something.
    pub fn is_idle(&self) -> bool {
        !self.is_awake()
            && self.in_flight() == 0
            && self.peer_tasks() == 0
            && !self.has_events()
            && self.assigned() == 0
    }

    /// How busy its thread is, from 0 to 1, as sampled last.
    pub fn cpu(&self) -> f64 {
        f64::from(self.cpu.load(Relaxed)) / 1000.0
    }

    /// What its JS has said last that it uses.
    pub fn usage(&self) -> Usage {
        *self.usage.lock()
    }

    /// Notes what its JS says that it uses.
    pub fn set_usage(&self, usage: Usage) {
        *self.usage.lock() = usage;
    }

    /// Its thread, once it has attached, where the system tells of threads.
    pub fn thread(&self) -> Option<&Thread> {
        self.thread.get()
    }

    /// The calling thread is this worker's.
    pub(super) fn runs_here(&self) {
        if let Some(thread) = Thread::current() {
            let _ = self.thread.set(thread);
        }
    }

    /// Notes how busy its thread is.
    pub fn set_cpu(&self, share: f64) {
        self.cpu.store((share * 1000.0) as u32, Relaxed);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("id", &self.id)
            .field("seat", &self.seat)
            .field("standing", &self.standing())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
