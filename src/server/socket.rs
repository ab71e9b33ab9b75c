//! What hyper sees of a connection's stream: watched, so that the connection knows its
//! phase, and closed without the reset that could destroy our last answer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Connection, Phase, Verdict};
use super::framing::FramingWatch;
use super::stream::gone;

/// Bytes read and thrown away while lingering; a client that sends more is cut off.
const LINGER_BYTES: usize = 1024 * 1024;

/// What hyper reads from and writes to.
#[derive(Debug)]
pub struct Socket {
    connection: Rc<Connection>,
    framing: FramingWatch,
    lingered: usize,
    /// Bytes to be read once more before those of the stream.
    unread: Bytes,
    /// It has been closed, or kept open, for good.
    shut: bool,
}

impl Socket {
    /// Over the stream that `connection` holds.
    pub fn new(connection: Rc<Connection>) -> Self {
        Self {
            connection,
            framing: FramingWatch::default(),
            lingered: 0,
            unread: Bytes::new(),
            shut: false,
        }
    }

    /// Puts back what was read and not used.
    pub fn unread(&mut self, bytes: Bytes) {
        // Even empty, it would hold the whole buffer it was cut from.
        self.unread = if bytes.is_empty() {
            Bytes::new()
        } else {
            bytes
        };
    }

    /// Takes what was put back.
    pub fn take_unread(&mut self) -> Bytes {
        std::mem::take(&mut self.unread)
    }

    /// Waits until there is something to read. Any other verdict than to go on ends the wait.
    pub async fn readable(&self) -> Verdict {
        if !self.unread.is_empty() {
            self.connection.end_rest();
            return Verdict::Continue;
        }
        poll_fn(|cx| self.connection.poll_readable(cx)).await
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if !this.unread.is_empty() {
            // The watch has seen them.
            let mut rest = std::mem::take(&mut this.unread);
            buf.put_slice(&rest.split_to(rest.len().min(buf.remaining())));
            this.unread(rest);
            this.connection.received();
            return Poll::Ready(Ok(()));
        }
        let connection = &this.connection;
        ready!(
            connection
                .with_stream(|stream| stream.reader().poll_read(cx, buf))
                .unwrap_or_else(gone)
        )?;
        let fresh = &buf.filled()[before..];
        if fresh.is_empty() {
            connection.half_close();
        } else {
            connection.received();
            this.framing.observe(fresh);
            connection.set_heads(this.framing.blocks());
            if this.framing.conflict() {
                connection.set_framing_conflict();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.connection.poll_write(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.connection.poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper asks when it has emptied its own buffer.
        self.connection.hand_over();
        if self.connection.holds_back() {
            return Poll::Ready(Ok(()));
        }
        self.connection.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let connection = this.connection.clone();
        if this.shut || connection.phase().0 == Phase::Rest || connection.is_admitted() {
            // hyper goes, the client stays.
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_close(&connection, cx))?;
        this.shut = true;
        Poll::Ready(Ok(()))
    }
}

impl Socket {
    /// Says that we are done, then reads what the client was still sending until it is
    /// done too (RFC 9112, 9.6): closing over unread bytes makes the kernel send a reset,
    /// and the client may lose our answer to it. The sweep ends a client that never stops.
    fn poll_close(
        &mut self,
        connection: &Connection,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if connection.phase().0 != Phase::Linger {
            ready!(connection.poll_flush(cx))?;
            ready!(
                connection
                    .with_stream(|stream| stream.poll_shutdown(cx))
                    .unwrap_or_else(gone)
            )?;
            if !connection.is_last() {
                return Poll::Ready(Ok(()));
            }
            connection.enter(Phase::Linger);
        }
        let mut scratch = [0; 16 * 1024];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            let read = connection.with_stream(|stream| stream.reader().poll_read(cx, &mut buf));
            match read {
                None | Some(Poll::Ready(Err(_))) => return Poll::Ready(Ok(())),
                Some(Poll::Pending) => return Poll::Pending,
                Some(Poll::Ready(Ok(()))) => {
                    let n = buf.filled().len();
                    self.lingered += n;
                    if n == 0 || self.lingered > LINGER_BYTES {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}
