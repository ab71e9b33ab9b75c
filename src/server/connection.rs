//! One accepted client: its phase, its timeouts and how it ends. Everything here runs
//! on the connection's own I/O thread, so its state is plain cells.
//!
//! Timeouts are kept by a sweep over all connections of the thread (`sweep.rs`), not by
//! a timer each: arming one costs more than serving a small file.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::App;
use super::exchange;
use super::outbox::Outbox;
use super::socket::{Peer, Socket, Stream, gone};
use super::sweep::{Clock, Registry, Tick};

/// hyper reads at least this much at a time when there is so much to read.
const READ_BUFFER: usize = 64 * 1024;

const HEAD_TIMEOUT_REPLY: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

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
}

impl Connection {
    fn new(app: Arc<App>, stream: Stream, clock: Clock) -> Self {
        Self {
            app,
            peer: stream.peer(),
            stream: RefCell::new(Some(stream)),
            outbox: RefCell::default(),
            heads: Cell::new(0),
            begun: Cell::new(0),
            phase: Cell::new(Phase::Head),
            since: Cell::new(clock.now()),
            clock,
            verdict: Cell::new(Verdict::Continue),
            waker: RefCell::new(None),
            overdue: Cell::new(false),
            body_failed: Cell::new(false),
            body_pending: Cell::new(None),
            bodies: Cell::new(0),
            last: Cell::new(false),
            framing_conflict: Cell::new(false),
            half_closed: Cell::new(false),
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
    fn watch_for_hangup(&self, cx: &mut Context<'_>) {
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

    /// Writes to the client, or keeps it back for what follows at once.
    pub fn poll_write(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let hold = self.holds_back();
        let pages = self.app.assets.pages();
        let written = self
            .with_stream(|stream| {
                self.outbox
                    .borrow_mut()
                    .write(cx, stream, slices, pages, hold)
            })
            .unwrap_or_else(gone);
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.sent();
        }
        written
    }

    /// Sees that all that was written has gone.
    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut outbox = self.outbox.borrow_mut();
        if !outbox.is_empty() {
            let before = outbox.left();
            let flushed = self
                .with_stream(|stream| outbox.flush(cx, stream))
                .unwrap_or_else(gone);
            if outbox.left() < before {
                self.sent();
            }
            ready!(flushed)?;
        }
        if self.phase.get() == Phase::Flush {
            self.enter(Phase::Idle);
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the next request has come already. Bodies that hold empty lines can make it
    /// seem so; then a reply goes out a moment later, when the connection rests.
    pub fn holds_back(&self) -> bool {
        self.heads.get() > self.begun.get()
    }

    /// So many request heads have come, at least.
    pub fn set_heads(&self, heads: u64) {
        self.heads.set(heads);
    }

    /// Nothing more can be done now, so nothing waits for company any longer.
    fn settle(&self, cx: &mut Context<'_>) {
        if self.outbox.borrow().is_empty() {
            return;
        }
        // A broken stream shows when it is next read or written.
        let _ = self.poll_flush(cx);
        if self.phase.get() == Phase::Idle {
            self.begun.set(self.heads.get());
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
        let verdict = self.verdict.get();
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

    fn listen(&self, cx: &mut Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }
}

/// Serves one client until it or we close. The connection counts from this call on, not
/// from the future's first poll, so that the sweep knows of it at once.
pub fn serve(
    app: Arc<App>,
    stream: Stream,
    registry: &Rc<Registry>,
) -> impl Future<Output = ()> + use<> {
    let connection = Rc::new(Connection::new(app.clone(), stream, registry.clock()));
    let entry = registry.enter(connection.clone());
    async move {
        drive(app, connection.clone()).await;
        // Others may hold the connection a little longer; the client shall not wait for them.
        drop(connection.stream.borrow_mut().take());
        drop(entry);
    }
}

/// Most connections spend most of their time between two requests. hyper would keep two
/// buffers of 8 KiB and its own state all that while, so it is there only as long as
/// there is something to do; a connection at rest is its socket and a few cells.
async fn drive(app: Arc<App>, connection: Rc<Connection>) {
    let mut socket = Socket::new(connection.clone());
    let verdict = loop {
        let verdict = socket.readable().await;
        if verdict != Verdict::Continue {
            break verdict;
        }
        match converse(&app, &connection, socket).await {
            ControlFlow::Continue(resting) => socket = resting,
            ControlFlow::Break(verdict) => break verdict,
        }
    };
    if verdict == Verdict::HeadTimeout {
        // The head never reached hyper's service, so nothing else is being written.
        connection.with_stream(|stream| stream.try_write(HEAD_TIMEOUT_REPLY));
    }
}

/// Serves requests until the connection ends, or rests and gives its socket back. Boxed,
/// so that the task of a connection at rest does not hold room for it.
fn converse(
    app: &Arc<App>,
    connection: &Rc<Connection>,
    socket: Socket,
) -> Pin<Box<impl Future<Output = ControlFlow<Verdict, Socket>> + use<>>> {
    let limits = &app.config.limits;
    let mut builder = http1::Builder::new();
    builder
        .max_headers(limits.max_headers)
        .max_header_size(limits.max_header_size)
        // A head must fit; bodies are read in pieces of at most this.
        .max_buf_size(limits.max_header_size.max(READ_BUFFER))
        // A client may finish sending before it reads; the sweep ends one that never reads.
        .half_close(true);
    let service = {
        let (app, connection) = (app.clone(), connection.clone());
        service_fn(move |request| exchange::serve(app.clone(), connection.clone(), request))
    };
    let mut http = builder.serve_connection(TokioIo::new(socket), service);
    let connection = connection.clone();
    Box::pin(async move {
        let ended = poll_fn(|cx| {
            connection.listen(cx);
            match connection.verdict.get() {
                Verdict::Continue => {}
                verdict => return Poll::Ready(Some(verdict)),
            }
            let resting = connection.phase.get() == Phase::Rest;
            if resting {
                // Between two messages this ends hyper at once, and the socket, which knows
                // the phase, stays open. Within one it only means that no other follows.
                Pin::new(&mut http).graceful_shutdown();
            }
            match Pin::new(&mut http).poll(cx) {
                Poll::Ready(Ok(())) if resting => Poll::Ready(None),
                Poll::Ready(result) => {
                    if let Err(error) = result {
                        exchange::log_connection_error(&connection, &error);
                    }
                    Poll::Ready(Some(Verdict::Continue))
                }
                Poll::Pending => {
                    connection.end_rest();
                    connection.settle(cx);
                    connection.watch_for_hangup(cx);
                    Poll::Pending
                }
            }
        })
        .await;
        match ended {
            Some(verdict) => ControlFlow::Break(verdict),
            None => {
                let parts = http.into_parts();
                let mut socket = parts.io.into_inner();
                // The beginning of a head that came along with the request before it.
                socket.unread(parts.read_buf);
                ControlFlow::Continue(socket)
            }
        }
    })
}
