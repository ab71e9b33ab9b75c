//! The task of a peer that is a stream of server-sent events: writes its queue until the client
//! goes or is bidden to. It hears nothing: what the client still sends is thrown away, and its end
//! is all that is looked for.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::code::{Closed, Goodbye};
use super::local::Joined;
use super::member::Member;
use super::sse;

/// Bytes that a client may send behind its request: none of it is answered.
const DISCARDED: usize = 64 * 1024;

struct Stream<S> {
    stream: S,
    joined: Joined,
    /// What stands in front of everything else, as far as it has not been written.
    head: Bytes,
    /// What it was told at its end.
    said: Option<Goodbye>,
    /// All has been written that ever will be.
    shut: bool,
    discarded: usize,
}

/// Serves a stream until it is gone. `head` is what stands in front of its events. Dropping the
/// future ends the peer as well.
pub async fn serve<S>(joined: Joined, stream: S, head: Bytes)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = Stream {
        stream,
        joined,
        head,
        said: None,
        shut: false,
        discarded: 0,
    };
    let closed = poll_fn(|cx| stream.poll(cx)).await;
    *stream.member().closed.borrow_mut() = Some(closed);
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    /// Ready when it has ended.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Closed> {
        self.joined.member.listen(cx);
        if self.member().dead.get() {
            return Poll::Ready(self.ended(false));
        }
        if let Some(clean) = self.poll_gone(cx) {
            return Poll::Ready(self.ended(clean));
        }
        let order = self.member().order.take();
        if let Some(goodbye) = order {
            self.say(goodbye);
        }
        match self.poll_write(cx) {
            Poll::Ready(Err(_)) => Poll::Ready(self.ended(false)),
            // the client closes, or the sweep ends it
            _ => Poll::Pending,
        }
    }

    /// Whether the client has gone, and whether it said so: a client that ends its side has done
    /// with the stream, for it has nothing more to ask.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Option<bool> {
        let local = self.joined.local.clone();
        let mut intake = local.intake.borrow_mut();
        while self.discarded < DISCARDED {
            let mut buffer = ReadBuf::new(&mut intake);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return None,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.discarded += buffer.filled().len();
                }
                Poll::Ready(read) => return Some(read.is_ok()),
            }
        }
        Some(false)
    }

    fn say(&mut self, goodbye: Goodbye) {
        if self.said.is_none() {
            let last = sse::goodbye(&goodbye).freeze();
            self.member().queue.borrow_mut().push_control(last);
            self.said = Some(goodbye);
            let now = self.joined.local.now();
            self.member().beat(|heartbeat| heartbeat.close(now));
        }
    }

    /// Writes what the socket takes; ready once it has ended and the client knows.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.shut {
            return Poll::Ready(Ok(()));
        }
        while !self.head.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.head))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.head.advance(written);
        }
        let member = self.joined.member.clone();
        let waited = !member.queue.borrow().is_empty();
        let flushed = member.queue.borrow_mut().poll_flush(cx, &mut self.stream);
        if member.queue.borrow_mut().has_moved() || waited && flushed.is_ready() {
            // It has no other sign of life. Where the kernel took it all, it also gives up a
            // client that does not acknowledge it.
            member.beat(|heartbeat| heartbeat.hear(self.joined.local.now()));
        }
        let lossy = ready!(flushed)?;
        if lossy && self.said.is_none() {
            member.tell_skipped();
            let local = &self.joined.local;
            // a hook that panics is counted, and the stream has nothing to do with it
            local.guard(|hooks| hooks.drained(member.id));
        }
        if self.said.is_some() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.shut = true;
        }
        Poll::Ready(Ok(()))
    }

    /// How it ended: with what it was told; else with 1005 where the client closed, which is as
    /// much of a goodbye as it can say, and 1006 where it vanished.
    fn ended(&self, clean: bool) -> Closed {
        match &self.said {
            Some(goodbye) => Closed {
                code: goodbye.code.value(),
                reason: goodbye.reason.to_string(),
                was_clean: clean && self.shut,
            },
            None if clean => Closed {
                code: 1005,
                reason: String::new(),
                was_clean: true,
            },
            None => Closed::lost(),
        }
    }

    fn member(&self) -> &Member {
        &self.joined.member
    }
}
