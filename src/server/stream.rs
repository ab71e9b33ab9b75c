//! An accepted stream, TCP or Unix: what of the system's calls the connection needs, under
//! one name for both kinds.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::assets::Pages;
#[cfg(target_os = "linux")]
use crate::telemetry::log;

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

    /// Breaks when the client has acknowledged nothing of what it was sent for so long, instead
    /// of after a quarter of an hour or so (`TCP_USER_TIMEOUT`, RFC 5482). Where the system has no
    /// such thing, that is how long it takes.
    pub fn give_up_after(&self, time: Duration) {
        #[cfg(target_os = "linux")]
        if let Stream::Tcp(stream, _) = self
            && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(time))
        {
            log::debug("no timeout for a stream", &[("reason", &error.to_string())]);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = time;
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
        self.poll_io(cx, Interest::READABLE, |socket| socket.peek(&mut byte))
    }

    /// Polls a system call that tokio has no name for until the socket takes it.
    fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
        mut act: impl FnMut(SockRef<'_>) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            ready!(match self {
                Stream::Tcp(stream, _) if interest.is_readable() => stream.poll_read_ready(cx),
                Stream::Tcp(stream, _) => stream.poll_write_ready(cx),
                #[cfg(unix)]
                Stream::Unix(stream) if interest.is_readable() => stream.poll_read_ready(cx),
                #[cfg(unix)]
                Stream::Unix(stream) => stream.poll_write_ready(cx),
            })?;
            // `try_io` takes the readiness back when there is nothing after all.
            let done = match self {
                Stream::Tcp(stream, _) => stream.try_io(interest, || act(SockRef::from(stream))),
                #[cfg(unix)]
                Stream::Unix(stream) => stream.try_io(interest, || act(SockRef::from(stream))),
            };
            match done {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
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
        &self,
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
        Some(self.poll_io(cx, Interest::WRITABLE, |socket| {
            part.send(socket.as_fd(), before)
        }))
    }

    #[cfg(not(target_os = "linux"))]
    fn poll_send_pages(
        &self,
        _: &mut Context<'_>,
        _: &[io::IoSlice<'_>],
        _: &Pages,
    ) -> Option<Poll<io::Result<usize>>> {
        None
    }

    /// Says that nothing more will be written.
    pub fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(stream, _) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    /// The reading half.
    pub fn reader(&mut self) -> Pin<&mut (dyn AsyncRead + Unpin)> {
        match self {
            Stream::Tcp(stream, _) => Pin::new(stream),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream),
        }
    }
}

/// For whoever takes the stream over from HTTP.
impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_mut().reader().poll_read(cx, buf)
    }
}

/// As above.
impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Stream::poll_write(self.get_mut(), cx, &[io::IoSlice::new(bytes)], None)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Stream::poll_write(self.get_mut(), cx, slices, None)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // the kernel has what was written
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Stream::poll_shutdown(self.get_mut(), cx)
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

/// What is said of a stream that its connection has let go of.
pub(super) fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}
