//! The byte stream under a connection: TCP or Unix, watched so that the connection
//! knows its phase, and closed without the reset that could destroy our last answer.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::connection::{Connection, Phase, Verdict};
use super::framing::FramingWatch;
use crate::assets::Pages;

/// Bytes read and thrown away while lingering; a client that sends more is cut off.
const LINGER_BYTES: usize = 1024 * 1024;

/// The other end, as JS sees it.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address without its port; empty on a Unix socket.
    pub address: String,
    /// 0 on a Unix socket.
    pub port: u16,
}

/// An accepted stream.
#[derive(Debug)]
pub enum Stream {
    /// From `HOST`:`PORT`, or a TCP listener that systemd opened.
    Tcp(TcpStream, SocketAddr),
    /// From `SOCKET_PATH`, or a Unix listener that systemd opened.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        match self {
            Stream::Tcp(_, address) => Peer {
                address: address.ip().to_string(),
                port: address.port(),
            },
            #[cfg(unix)]
            Stream::Unix(_) => Peer {
                address: String::new(),
                port: 0,
            },
        }
    }

    /// Writes what the socket takes at once; a last word, so nothing waits for the rest.
    pub fn try_write(&self, bytes: &[u8]) {
        // An error means the client is gone, which is what happens next anyway.
        let _ = match self {
            Stream::Tcp(stream, _) => stream.try_write(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.try_write(bytes),
        };
    }

    /// Whether the client has sent nothing that we have not read.
    pub fn is_silent(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let peeked = match self {
            Stream::Tcp(stream, _) => SockRef::from(stream).peek(&mut byte),
            #[cfg(unix)]
            Stream::Unix(stream) => SockRef::from(stream).peek(&mut byte),
        };
        // 0 is its end of stream, an error other than "nothing yet" a dead socket: silent both.
        !matches!(peeked, Ok(n) if n > 0)
    }

    /// Polls until there is something to read, and leaves it unread: how much of one byte,
    /// so that 0 is the client's last word. Readiness alone would not do: it is assumed of a
    /// stream that has not been read yet.
    pub fn poll_peek(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut byte = [MaybeUninit::uninit()];
        loop {
            ready!(match self {
                Stream::Tcp(stream, _) => stream.poll_read_ready(cx),
                #[cfg(unix)]
                Stream::Unix(stream) => stream.poll_read_ready(cx),
            })?;
            // `try_io` takes the readiness back when there is nothing after all.
            let peeked = match self {
                Stream::Tcp(stream, _) => {
                    stream.try_io(Interest::READABLE, || SockRef::from(stream).peek(&mut byte))
                }
                #[cfg(unix)]
                Stream::Unix(stream) => {
                    stream.try_io(Interest::READABLE, || SockRef::from(stream).peek(&mut byte))
                }
            };
            match peeked {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                peeked => return Poll::Ready(peeked),
            }
        }
    }

    /// Whether the client has sent its last byte; wakes the task when there is news. When
    /// the next request is there already, what follows it is seen when it is read.
    pub fn poll_hangup(&self, cx: &mut Context<'_>) -> bool {
        matches!(self.poll_peek(cx), Poll::Ready(Ok(0) | Err(_)))
    }

    /// Whether the client has reset the connection. The socket is asked for its error: a
    /// read would give what the client sent before, for as long as there is some.
    pub fn is_reset(&self) -> bool {
        let error = match self {
            Stream::Tcp(stream, _) => stream.take_error(),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.take_error(),
        };
        !matches!(error, Ok(None))
    }

    /// Writes what the socket takes of `slices`; what stands in `pages` without a copy.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
        pages: Option<&Pages>,
    ) -> Poll<io::Result<usize>> {
        if let Some(sent) = pages.and_then(|pages| self.poll_send_pages(cx, slices, pages)) {
            return sent;
        }
        match self {
            Stream::Tcp(stream, _) => Pin::new(stream).poll_write_vectored(cx, slices),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    /// `None`: the last slice is no such body.
    #[cfg(target_os = "linux")]
    fn poll_send_pages(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
        pages: &Pages,
    ) -> Option<Poll<io::Result<usize>>> {
        let (body, before) = slices.split_last()?;
        let (file, offset) = pages.locate(body)?;
        let part = FilePart {
            file,
            offset,
            len: body.len(),
        };
        Some(self.poll_send(cx, before, &part))
    }

    #[cfg(target_os = "linux")]
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        before: &[io::IoSlice<'_>],
        part: &FilePart<'_>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(match self {
                Stream::Tcp(stream, _) => stream.poll_write_ready(cx),
                Stream::Unix(stream) => stream.poll_write_ready(cx),
            })?;
            let sent = match self {
                Stream::Tcp(stream, _) => {
                    stream.try_io(Interest::WRITABLE, || part.send(stream.as_fd(), before))
                }
                Stream::Unix(stream) => {
                    stream.try_io(Interest::WRITABLE, || part.send(stream.as_fd(), before))
                }
            };
            match sent {
                // The readiness was stale.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn poll_send_pages(
        &mut self,
        _: &mut Context<'_>,
        _: &[io::IoSlice<'_>],
        _: &Pages,
    ) -> Option<Poll<io::Result<usize>>> {
        None
    }

    fn reader(&mut self) -> Pin<&mut (dyn AsyncRead + Unpin)> {
        match self {
            Stream::Tcp(stream, _) => Pin::new(stream),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream),
        }
    }
}

/// A part of a file that goes to a socket without a copy.
#[cfg(target_os = "linux")]
struct FilePart<'a> {
    file: BorrowedFd<'a>,
    offset: u64,
    len: usize,
}

#[cfg(target_os = "linux")]
impl FilePart<'_> {
    /// Sends `before`, then the part. Returns the bytes the socket has taken.
    fn send(&self, socket: BorrowedFd<'_>, before: &[io::IoSlice<'_>]) -> io::Result<usize> {
        use rustix::net::{SendFlags, send};
        let mut sent = 0;
        for slice in before {
            // More follows at once: the head shall not be a packet of its own.
            let taken = match send(socket, slice, SendFlags::MORE | SendFlags::NOSIGNAL) {
                Ok(taken) => taken,
                // What was taken counts; the error comes again.
                Err(_) if sent > 0 => return Ok(sent),
                Err(error) => return Err(error.into()),
            };
            sent += taken;
            if taken < slice.len() {
                return Ok(sent);
            }
        }
        let mut offset = self.offset;
        match rustix::fs::sendfile(socket, self.file, Some(&mut offset), self.len) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(taken) => Ok(sent + taken),
            Err(_) if sent > 0 => Ok(sent),
            Err(error) => Err(error.into()),
        }
    }
}

/// What hyper reads from and writes to.
#[derive(Debug)]
pub struct Socket {
    connection: Rc<Connection>,
    framing: FramingWatch,
    lingered: usize,
    /// Bytes to be read once more before those of the stream.
    unread: Bytes,
}

impl Socket {
    /// Over the stream that `connection` holds.
    pub fn new(connection: Rc<Connection>) -> Self {
        Self {
            connection,
            framing: FramingWatch::default(),
            lingered: 0,
            unread: Bytes::new(),
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

    /// Waits until there is something to read. Any other verdict than to go on ends the wait.
    pub async fn readable(&self) -> Verdict {
        if !self.unread.is_empty() {
            self.connection.end_rest();
            return Verdict::Continue;
        }
        poll_fn(|cx| self.connection.poll_readable(cx)).await
    }
}

pub(super) fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
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
        if self.connection.holds_back() {
            return Poll::Ready(Ok(()));
        }
        self.connection.poll_flush(cx)
    }

    /// Says that we are done, then reads what the client was still sending until it is
    /// done too (RFC 9112, 9.6): closing over unread bytes makes the kernel send a reset,
    /// and the client may lose our answer to it. The sweep ends a client that never stops.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let connection = this.connection.clone();
        if connection.phase().0 == Phase::Rest {
            // hyper goes, the client stays.
            return Poll::Ready(Ok(()));
        }
        if connection.phase().0 != Phase::Linger {
            ready!(connection.poll_flush(cx))?;
            ready!(
                connection
                    .with_stream(|stream| match stream {
                        Stream::Tcp(stream, _) => Pin::new(stream).poll_shutdown(cx),
                        #[cfg(unix)]
                        Stream::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
                    })
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
                    this.lingered += n;
                    if n == 0 || this.lingered > LINGER_BYTES {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}
