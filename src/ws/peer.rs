//! A peer's task: reads its socket with tungstenite, which knows the protocol (RFC 6455),
//! writes its queue, and sees it through its end, whichever side says goodbye first and
//! however badly it behaves.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use super::code::{CloseCode, Closed, Goodbye};
use super::frames::Frames;
use super::inbound::{Credit, Data};
use super::limits::Limits;
use super::local::Joined;
use super::member::Member;
use super::shuttle::{Intake, Shuttle};

/// What tungstenite reads into. Its reads are copies out of the thread's intake, so a small
/// buffer costs no system calls.
const READ_BUFFER: usize = 512;

/// Bytes that may wait for the socket while the peer's frames are answered: one that sends
/// pings and reads no pongs is not read any further.
const ANSWERS: usize = 64 * 1024;

/// Bytes that are discarded of a peer that goes on after our goodbye.
const DISCARDED: usize = 1024 * 1024;

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Messages go both ways.
    Open,
    /// We have said goodbye and wait for the peer's.
    Closing,
    /// Nothing is read any more. What waits is written, then the socket is closed.
    Ending,
    /// Our side is closed. What the peer still sends is thrown away, for closing over unread
    /// bytes would reset the connection and take our goodbye with it.
    Discarding,
}

struct Peer<S> {
    stream: S,
    joined: Joined,
    /// `None` while nothing is half read and the peer is quiet.
    protocol: Option<Box<WebSocketContext>>,
    frames: Frames,
    credit: Arc<Credit>,
    /// Bytes that were read and not yet looked at.
    left: Bytes,
    phase: Phase,
    /// It is not read until it has taken our answers.
    held_up: bool,
    /// The goodbye we sent.
    said: Option<Goodbye>,
    /// The peer has done something that ends it: it may send more.
    failed: bool,
    discarded: usize,
}

/// Serves a peer until it is gone. `early` are bytes that came with its handshake. Dropping
/// the future ends the peer as well.
pub async fn serve<S>(joined: Joined, stream: S, early: Bytes)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut peer = Peer {
        stream,
        protocol: None,
        frames: Frames::default(),
        credit: Arc::default(),
        left: early,
        phase: Phase::Open,
        held_up: false,
        said: None,
        failed: false,
        discarded: 0,
        joined,
    };
    poll_fn(|cx| peer.poll(cx)).await;
}

fn protocol(limits: &Limits) -> Box<WebSocketContext> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.frame_bytes));
    Box::new(WebSocketContext::new(Role::Server, Some(config)))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.joined.member.listen(cx);
        if self.member().dead.get() {
            self.end(None);
            return Poll::Ready(());
        }
        let order = self.member().order.take();
        if let Some(goodbye) = order {
            self.say(cx, goodbye);
        }
        self.read(cx);
        match self.write(cx) {
            Ok(false) => Poll::Pending,
            Ok(true) => self.poll_end(cx),
            Err(_) => {
                // The socket is gone: nobody is left to tell.
                self.end(None);
                Poll::Ready(())
            }
        }
    }

    /// Reads what is there, within what the peer may have waiting.
    fn read(&mut self, cx: &mut Context<'_>) {
        let local = self.joined.local.clone();
        let mut buffer = local.intake.borrow_mut();
        let mut intake = Intake::new(&mut buffer);
        let mut told = false;
        while matches!(self.phase, Phase::Open | Phase::Closing) && self.may_read(cx) {
            match self.step(cx, &mut intake) {
                Ok(Frame::Text(text)) => {
                    told = true;
                    self.receive(cx, Data::Text(text.into()));
                }
                Ok(Frame::Binary(bytes)) => {
                    told = true;
                    self.receive(cx, Data::Binary(bytes));
                }
                // tungstenite answers pings; raw frames are never read
                Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_)) => {}
                Ok(Frame::Close(frame)) => self.hear_goodbye(frame),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.rest();
                    break;
                }
                Err(error) => self.fail(cx, &error),
            }
        }
        if told {
            local.guard(|hooks| hooks.heard());
        }
        if intake.heard {
            self.member().quiet.set(false);
            self.member().beat(|heartbeat| heartbeat.hear(local.now()));
        }
        if intake.again {
            cx.waker().wake_by_ref();
        }
        intake.put_by(&mut self.left);
    }

    /// tungstenite has looked at all it was given. What it read a large message into it would
    /// keep for good, and a peer that is quiet needs none of it, so it is dropped once nothing
    /// is left that it knows: no part of a frame or a message, no goodbye, and no pong, as it
    /// writes what it has to before it asks for more. The next bytes get another.
    fn rest(&mut self) {
        if self.phase != Phase::Open || self.protocol.is_none() || !self.frames.is_between() {
            return;
        }
        let quiet = self.member().quiet.get();
        if quiet || self.frames.had_large() {
            self.protocol = None;
            self.frames = Frames::default();
        }
        if quiet {
            self.member().queue.borrow_mut().give_back();
        }
    }

    fn may_read(&mut self, cx: &Context<'_>) -> bool {
        // A peer that is being closed has nothing to say that would wait for anyone.
        if self.phase == Phase::Closing {
            return true;
        }
        let answers = self.member().queue.borrow().answers();
        self.held_up = answers >= ANSWERS;
        let local = &self.joined.local;
        let paused = self.credit.is_spent(local.hub().limits(), cx.waker());
        self.member()
            .beat(|heartbeat| heartbeat.pause(paused, local.now()));
        !self.held_up && !paused
    }

    /// One step of the protocol: a message, or why there is none.
    fn step(&mut self, cx: &mut Context<'_>, intake: &mut Intake<'_>) -> Result<Frame, Error> {
        let mut queue = self.joined.member.queue.borrow_mut();
        let mut shuttle = Shuttle {
            stream: &mut self.stream,
            cx,
            queue: &mut queue,
            frames: &mut self.frames,
            left: &mut self.left,
            intake,
        };
        let protocol = match &mut self.protocol {
            Some(protocol) => protocol,
            none => {
                shuttle.fill()?;
                none.insert(protocol(self.joined.local.hub().limits()))
            }
        };
        protocol.read(&mut shuttle)
    }

    fn receive(&mut self, cx: &mut Context<'_>, data: Data) {
        // What comes after our goodbye is not asked for any more (RFC 6455 7.1.6).
        if self.phase != Phase::Open {
            return;
        }
        self.member()
            .beat(|heartbeat| heartbeat.act(self.joined.local.now()));
        let (id, message) = (self.joined.id(), self.credit.charge(data));
        let local = &self.joined.local;
        if !local.guard(|hooks| hooks.message(id, message)) {
            self.say(cx, Goodbye::new(CloseCode::INTERNAL, ""));
        }
    }

    /// Begins the closing handshake (7.1.2).
    fn say(&mut self, cx: &mut Context<'_>, goodbye: Goodbye) {
        if self.phase != Phase::Open {
            return;
        }
        self.leave(Phase::Closing);
        let frame = CloseFrame {
            code: goodbye.code.value().into(),
            reason: goodbye.reason.clone(),
        };
        self.said = Some(goodbye);
        let mut queue = self.joined.member.queue.borrow_mut();
        let mut shuttle = Shuttle {
            stream: &mut self.stream,
            cx,
            queue: &mut queue,
            frames: &mut self.frames,
            left: &mut self.left,
            intake: &mut Intake::new(&mut []),
        };
        let protocol = self
            .protocol
            .get_or_insert_with(|| protocol(self.joined.local.hub().limits()));
        // The shuttle never refuses a write, and a goodbye that stands already is enough.
        let _ = protocol.close(&mut shuttle, Some(frame));
    }

    /// The peer's goodbye; tungstenite echoes it with the next step (5.5.1).
    fn hear_goodbye(&mut self, frame: Option<CloseFrame>) {
        if self.phase == Phase::Open {
            // it listens to nothing else any more
            self.member().queue.borrow_mut().clear();
            self.leave(Phase::Closing);
        }
        let closed = Closed {
            code: frame.as_ref().map_or(1005, |frame| frame.code.into()),
            reason: frame.map_or_else(String::new, |frame| frame.reason.to_string()),
            was_clean: true,
        };
        self.end(Some(closed));
    }

    /// There will be no further message.
    fn fail(&mut self, cx: &mut Context<'_>, error: &Error) {
        if let Error::ConnectionClosed = error {
            // both goodbyes are said, ours stands in the queue
            self.leave(Phase::Ending);
            return;
        }
        let Some(goodbye) = goodbye_for(error) else {
            // The socket ended without a goodbye: one of ours would reach nobody.
            self.member().queue.borrow_mut().clear();
            self.end(None);
            self.member().dead.set(true);
            self.leave(Phase::Ending);
            return;
        };
        self.failed = true;
        self.member().queue.borrow_mut().clear();
        self.say(cx, goodbye);
        self.leave(Phase::Ending);
    }

    fn leave(&mut self, phase: Phase) {
        self.phase = phase;
        self.member().leaving.set(true);
        self.member()
            .beat(|heartbeat| heartbeat.close(self.joined.local.now()));
    }

    /// Writes what the socket takes. Whether nothing more will come.
    fn write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        if self.member().dead.get() {
            return Ok(true);
        }
        let member = self.joined.member.clone();
        let flushed = member.queue.borrow_mut().poll_flush(cx, &mut self.stream);
        if member.queue.borrow_mut().has_moved() {
            self.member()
                .beat(|heartbeat| heartbeat.hear(self.joined.local.now()));
        }
        match flushed {
            Poll::Pending => Ok(false),
            Poll::Ready(lossy) => {
                if self.held_up {
                    // it has taken its answers: on with what it says
                    cx.waker().wake_by_ref();
                }
                if lossy? && self.phase == Phase::Open {
                    member.tell_skipped();
                    let local = &self.joined.local;
                    if !local.guard(|hooks| hooks.drained(member.id)) {
                        self.say(cx, Goodbye::new(CloseCode::INTERNAL, ""));
                        // the goodbye waits to be written
                        cx.waker().wake_by_ref();
                    }
                }
                Ok(matches!(self.phase, Phase::Ending | Phase::Discarding))
            }
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.phase == Phase::Ending {
            if !self.member().dead.get() {
                // an error means that it is closed already
                let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
                if shut.is_pending() {
                    return Poll::Pending;
                }
            }
            self.phase = Phase::Discarding;
        }
        if self.failed && self.discard(cx).is_pending() {
            return Poll::Pending;
        }
        self.end(None);
        Poll::Ready(())
    }

    /// Throws away what comes, until the peer closes or has sent too much; the sweep ends
    /// one that does neither.
    fn discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let local = self.joined.local.clone();
        let mut intake = local.intake.borrow_mut();
        while self.discarded < DISCARDED {
            let mut buffer = ReadBuf::new(&mut intake);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.discarded += buffer.filled().len();
                }
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(())
    }

    /// Notes how it ended, the first time.
    fn end(&mut self, closed: Option<Closed>) {
        let said = self.said.as_ref().map(|goodbye| Closed {
            code: goodbye.code.value(),
            reason: goodbye.reason.to_string(),
            was_clean: false,
        });
        let closed = closed.or(said).unwrap_or_else(Closed::lost);
        self.member().closed.borrow_mut().get_or_insert(closed);
    }

    fn member(&self) -> &Member {
        &self.joined.member
    }
}

/// The code for what a peer did (RFC 6455 7.4.1); `None` if its socket is gone.
fn goodbye_for(error: &Error) -> Option<Goodbye> {
    Some(match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        Error::Protocol(error) => Goodbye::new(CloseCode::PROTOCOL, &error.to_string()),
        Error::Utf8(_) => Goodbye::new(CloseCode::INVALID, "a text that is not UTF-8"),
        Error::Capacity(_) => Goodbye::new(CloseCode::TOO_BIG, "the message is too long"),
        Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed => return None,
        _ => Goodbye::new(CloseCode::INTERNAL, ""),
    })
}
