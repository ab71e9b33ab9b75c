//! What is known of one accepted client: its phase, since when, and what is to become of it.
//! Everything here runs on the connection's own I/O thread, so its state is plain cells.
//! `drive.rs` acts on it.
//!
//! Timeouts are kept by a sweep over all connections of the thread (`sweep.rs`), not by
//! a timer each: arming one costs more than serving a small file.

mod writing;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::App;
use super::admission::Admitted;
use super::outbox::Outbox;
use super::stream::{Peer, Stream};
use super::sweep::{Clock, Registry, Tick};
use crate::ws;

/// What a connection is doing; the sweep decides by it which timeout applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accepted, or a request's first bytes have come: its head must follow.
    Head,
    /// An exchange waits for its reply head.
    Exchange,
    /// A response is being written.
    Reply,
    /// A response is complete on our side; the client has yet to take the rest of it.
    Flush,
    /// Between two requests.
    Idle,
    /// Idle, and what only a request needs has been given back.
    Rest,
    /// It is a WebSocket, and the hub keeps its time.
    Peer,
    /// Closed by us; the client's last bytes are read so that it gets our answer.
    Linger,
}

/// What the sweep wants of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Close now; nothing is in flight.
    Close,
    /// The request head did not come in time: 408 (RFC 9110, 15.5.9).
    HeadTimeout,
}

/// Shared by the connection's socket, its service and the sweep.
#[derive(Debug)]
pub struct Connection {
    /// Who is at the other end.
    pub peer: Peer,
    app: Arc<App>,
    stream: RefCell<Option<Stream>>,
    outbox: RefCell<Outbox>,
    /// Request heads that have come, at least.
    heads: Cell<u64>,
    /// Requests that have been taken up; those between are in hyper's buffer.
    begun: Cell<u64>,
    clock: Clock,
    phase: Cell<Phase>,
    since: Cell<Tick>,
    verdict: Cell<Verdict>,
    waker: RefCell<Option<Waker>>,
    /// The reply did not come within the request timeout.
    overdue: Cell<bool>,
    /// Since when its request may be waiting for a worker.
    queued: Cell<Tick>,
    /// No worker took it within the time for that.
    waited_long: Cell<bool>,
    /// The request body broke before its end.
    body_failed: Cell<bool>,
    /// The request body that is still on its way, by its number on this connection.
    body_pending: Cell<Option<u32>>,
    bodies: Cell<u32>,
    /// Close after the response in flight.
    last: Cell<bool>,
    framing_conflict: Cell<bool>,
    /// The client has sent its last byte.
    half_closed: Cell<bool>,
    /// Where it joins if it becomes a WebSocket.
    peers: Option<Rc<ws::Local>>,
    /// It becomes one as soon as the 101 has gone.
    admitted: RefCell<Option<Box<Admitted>>>,
    /// hyper has nothing more to write, and the rest is for a stream of events.
    handed_over: Cell<bool>,
}

impl Connection {
    /// Just accepted.
    pub(super) fn new(app: Arc<App>, stream: Stream, registry: &Registry) -> Self {
        let clock = registry.clock();
        Self {
            app,
            peer: stream.peer(),
            stream: RefCell::new(Some(stream)),
            outbox: RefCell::default(),
            heads: Cell::new(0),
            begun: Cell::new(0),
            phase: Cell::new(Phase::Head),
            since: Cell::new(clock.now()),
            queued: Cell::new(clock.now()),
            clock,
            verdict: Cell::new(Verdict::Continue),
            waker: RefCell::new(None),
            overdue: Cell::new(false),
            waited_long: Cell::new(false),
            body_failed: Cell::new(false),
            body_pending: Cell::new(None),
            bodies: Cell::new(0),
            last: Cell::new(false),
            framing_conflict: Cell::new(false),
            half_closed: Cell::new(false),
            peers: registry.peers(),
            admitted: RefCell::default(),
            handed_over: Cell::new(false),
        }
    }

    /// Lends the stream; `None` once the connection has ended.
    pub fn with_stream<R>(&self, act: impl FnOnce(&mut Stream) -> R) -> Option<R> {
        self.stream.borrow_mut().as_mut().map(act)
    }

    /// The client has sent its last byte. Most have gone; some only have nothing to add
    /// and still read. An answer that is ready soon is worth sending to either.
    pub fn half_close(&self) {
        if !self.half_closed.replace(true) {
            self.touch();
            self.wake();
        }
    }

    /// Whether the client has reset the connection while we were not reading: its request
    /// body waits for JS, which may never want it.
    pub fn is_reset(&self) -> bool {
        self.body_pending() && self.with_stream(|stream| stream.is_reset()) == Some(true)
    }

    /// While an answer is awaited hyper does not read, so it would not notice.
    pub(super) fn watch_for_hangup(&self, cx: &mut Context<'_>) {
        let answering = matches!(self.phase.get(), Phase::Exchange | Phase::Reply);
        if answering
            && !self.half_closed.get()
            && !self.body_pending()
            && self.with_stream(|stream| stream.poll_hangup(cx)) == Some(true)
        {
            self.half_close();
        }
    }

    /// The client has sent its last byte.
    pub fn half_closed(&self) -> bool {
        self.half_closed.get()
    }

    /// Whether the client has sent nothing that we have not read.
    pub fn is_silent(&self) -> bool {
        self.with_stream(|stream| stream.is_silent())
            .unwrap_or(true)
    }

    /// What the sweep wants.
    pub fn verdict(&self) -> Verdict {
        self.verdict.get()
    }

    /// Closes the stream; others may hold the connection a little longer.
    pub fn close(&self) {
        drop(self.stream.borrow_mut().take());
        // one whose 101 has not gone is no peer any more
        drop(self.take_admitted());
    }

    /// Takes the stream away; whoever has it closes it.
    pub fn take_stream(&self) -> Option<Stream> {
        self.stream.borrow_mut().take()
    }

    /// Where it joins if it becomes a WebSocket.
    pub fn peers(&self) -> Option<&Rc<ws::Local>> {
        self.peers.as_ref()
    }

    /// It becomes a WebSocket as soon as the 101 has gone, a stream of events as soon as the
    /// answers before it have.
    pub(super) fn admit(&self, admitted: Admitted) {
        *self.admitted.borrow_mut() = Some(Box::new(admitted));
    }

    /// What [`Connection::admit`] was given.
    pub(super) fn take_admitted(&self) -> Option<Box<Admitted>> {
        self.admitted.borrow_mut().take()
    }

    /// Whether the stream is kept for a WebSocket.
    pub fn is_admitted(&self) -> bool {
        self.admitted.borrow().is_some()
    }

    /// hyper has written all it had: if the connection is to become a stream of events, it does so
    /// now.
    pub(super) fn hand_over(&self) {
        let admitted = self.admitted.borrow();
        if admitted.as_ref().is_some_and(|it| it.stream.is_some()) {
            self.handed_over.set(true);
        }
    }

    /// Whether hyper has done with it, although it has not answered.
    pub fn is_handed_over(&self) -> bool {
        self.handed_over.get()
    }

    /// The phase and when it began.
    pub fn phase(&self) -> (Phase, Tick) {
        (self.phase.get(), self.since.get())
    }

    /// Enters a phase now.
    pub fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.touch();
    }

    /// The client did something: timeouts count from now.
    pub fn touch(&self) {
        self.since.set(self.clock.now());
    }

    /// Bytes have come from the client.
    pub fn received(&self) {
        match self.phase.get() {
            // More of a body whose request has been answered already.
            Phase::Idle if self.body_pending() => self.touch(),
            Phase::Idle | Phase::Rest => self.enter(Phase::Head),
            _ => {}
        }
    }

    /// Bytes have gone to the client; a slow reader is not an idle one.
    pub fn sent(&self) {
        if self.phase.get() == Phase::Flush {
            self.touch();
        }
    }

    /// An idle connection may give back what it does not need; its timeout runs on.
    pub fn rest(&self) {
        if !self.body_pending() && !self.last.get() {
            self.phase.set(Phase::Rest);
            self.wake();
        }
    }

    /// There is something to do after all, or it looks so.
    pub fn end_rest(&self) {
        if self.phase.get() == Phase::Rest {
            self.phase.set(Phase::Idle);
        }
    }

    /// Polls until there is something to read or a verdict has been passed.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<Verdict> {
        self.listen(cx);
        let verdict = self.verdict();
        if verdict == Verdict::Continue {
            // An error or the client's end is for hyper to find.
            let ready = self.with_stream(|stream| stream.poll_peek(cx).is_ready());
            if ready == Some(false) {
                return Poll::Pending;
            }
        }
        self.end_rest();
        Poll::Ready(verdict)
    }

    /// A request head is complete.
    pub fn begin(&self) {
        self.overdue.set(false);
        self.enqueue();
        self.body_failed.set(false);
        self.body_pending.set(None);
        self.begun.set(self.begun.get() + 1);
        self.enter(Phase::Exchange);
    }

    /// Passes a verdict and wakes the connection to carry it out.
    pub fn judge(&self, verdict: Verdict) {
        self.verdict.set(verdict);
        self.wake();
    }

    /// The request timeout has passed.
    pub fn set_overdue(&self) {
        self.overdue.set(true);
        self.wake();
    }

    /// The request timeout has passed.
    pub fn overdue(&self) -> bool {
        self.overdue.get()
    }

    /// The request waits for a worker from now on.
    pub fn enqueue(&self) {
        self.waited_long.set(false);
        self.queued.set(self.clock.now());
    }

    /// When it began to.
    pub fn queued(&self) -> Tick {
        self.queued.get()
    }

    /// The queue timeout has passed, which matters to a request that still waits.
    pub fn set_waited_long(&self) {
        self.waited_long.set(true);
        self.wake();
    }

    /// The queue timeout has passed.
    pub fn waited_long(&self) -> bool {
        self.waited_long.get()
    }

    /// Somebody reads a request body from now on, and says so when it has ended.
    pub fn body_begins(&self) -> u32 {
        let number = self.bodies.get().wrapping_add(1);
        self.bodies.set(number);
        self.body_pending.set(Some(number));
        number
    }

    /// The reader of a body has come to its end, which may be after the next one has begun.
    pub fn body_ends(&self, number: u32) {
        if self.body_pending.get() == Some(number) {
            self.body_pending.set(None);
        }
    }

    /// Whether the client still owes us part of its request.
    pub fn body_pending(&self) -> bool {
        self.body_pending.get().is_some()
    }

    /// The request body broke: the exchange cannot succeed.
    pub fn fail_body(&self) {
        self.body_failed.set(true);
        self.close_after_reply();
        self.wake();
    }

    /// The request body broke.
    pub fn body_failed(&self) -> bool {
        self.body_failed.get()
    }

    /// This connection must not be used for another request.
    pub fn close_after_reply(&self) {
        self.last.set(true);
    }

    /// Whether the response in flight is the last.
    pub fn is_last(&self) -> bool {
        self.last.get()
    }

    /// The socket saw both Content-Length and Transfer-Encoding in one head.
    pub fn set_framing_conflict(&self) {
        self.framing_conflict.set(true);
    }

    /// The socket saw both Content-Length and Transfer-Encoding in one head.
    pub fn framing_conflict(&self) -> bool {
        self.framing_conflict.get()
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Has the task woken when something is judged.
    pub(super) fn listen(&self, cx: &mut Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }
}
