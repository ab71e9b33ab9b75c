//! The bound socket: TCP, a Unix socket's file, or one that systemd opened for us.
//! Binding is synchronous, so that its errors reach the user as exceptions at start.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdTcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;
#[cfg(unix)]
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::stream::Stream;
use crate::config::Listen;

/// Connections the kernel completes before we accept them. Linux cuts it to
/// `net.core.somaxconn`; a burst larger than this is retried by the clients.
const BACKLOG: i32 = 4096;

/// Why no listener could be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// `HOST` names nothing this machine knows.
    #[error("HOST {host} cannot be resolved: {source}")]
    Resolve {
        /// As configured.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// As configured.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// systemd's descriptor is not a listening socket.
    #[error(
        "file descriptor {fd} handed over by LISTEN_FDS is not a listening stream socket: {source}"
    )]
    Activated {
        /// The descriptor.
        fd: i32,
        /// What the system said.
        source: io::Error,
    },
    /// This platform has no such listener.
    #[error("{0} is not available on this platform")]
    Unsupported(&'static str),
}

impl BindError {
    /// The system's error code name, as Node gives it (`EADDRINUSE`).
    pub fn code(&self) -> &'static str {
        let source = match self {
            BindError::Resolve { .. } => return "ENOTFOUND",
            BindError::Unsupported(_) => return "ENOTSUP",
            BindError::Bind { source, .. } | BindError::Activated { source, .. } => source,
        };
        match source.kind() {
            io::ErrorKind::AddrInUse => "EADDRINUSE",
            io::ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
            io::ErrorKind::PermissionDenied => "EACCES",
            io::ErrorKind::NotFound => "ENOENT",
            _ => "EIO",
        }
    }
}

/// A bound listener that no runtime owns yet.
#[derive(Debug)]
pub enum Bound {
    /// TCP.
    Tcp(StdTcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(StdUnixListener, SocketFile),
}

impl Bound {
    /// Opens what the configuration asks for.
    pub fn open(listen: &Listen) -> Result<Self, BindError> {
        match listen {
            Listen::Tcp { host, port } => tcp(host, *port),
            Listen::Unix { path } => unix(path),
            Listen::Activated { fd, .. } => activated(*fd),
        }
    }

    /// The address in use, for TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Bound::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Bound::Unix(..) => None,
        }
    }

    /// Gives the listener to the runtime of the calling thread.
    pub fn adopt(self) -> io::Result<Listener> {
        Ok(match self {
            Bound::Tcp(listener) => Listener::Tcp(TcpListener::from_std(listener)?),
            #[cfg(unix)]
            Bound::Unix(listener, file) => Listener::Unix(UnixListener::from_std(listener)?, file),
        })
    }
}

fn tcp(host: &str, port: u16) -> Result<Bound, BindError> {
    let addresses: Vec<_> = (host, port)
        .to_socket_addrs()
        .map_err(|source| BindError::Resolve {
            host: host.to_owned(),
            source,
        })?
        .collect();
    let mut failed = io::ErrorKind::AddrNotAvailable.into();
    // Every address is asked for: where IPv6 is off, that is every IPv4 address.
    let fallback = (host == "::").then(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    for address in addresses.into_iter().chain(fallback) {
        match bind(address) {
            Ok(listener) => return Ok(Bound::Tcp(listener)),
            Err(error) => failed = error,
        }
    }
    Err(BindError::Bind {
        address: format!("{host}:{port}"),
        source: failed,
    })
}

fn bind(address: SocketAddr) -> io::Result<StdTcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // As Node does: `::` takes IPv4 clients too.
        socket.set_only_v6(false)?;
    }
    // A restart must not wait for the old connections' TIME_WAIT. On Windows the
    // option would let another process take over the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(unix)]
fn unix(path: &Path) -> Result<Bound, BindError> {
    use std::os::unix::fs::FileTypeExt;
    // A socket left behind by a process that was killed; anything else is not ours to remove.
    if std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket() || m.len() == 0) {
        // A failure shows as the bind error right below.
        let _ = std::fs::remove_file(path);
    }
    let open = || -> io::Result<_> {
        let listener = StdUnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Bound::Unix(listener, SocketFile::own(path)?))
    };
    open().map_err(|source| BindError::Bind {
        address: path.display().to_string(),
        source,
    })
}

#[cfg(not(unix))]
fn unix(_: &Path) -> Result<Bound, BindError> {
    Err(BindError::Unsupported("SOCKET_PATH"))
}

#[cfg(unix)]
#[allow(unsafe_code)]
fn activated(fd: i32) -> Result<Bound, BindError> {
    use std::os::fd::{FromRawFd, OwnedFd};
    let failed = |source| BindError::Activated { fd, source };
    // SAFETY: systemd opened this descriptor for us and LISTEN_PID says that it is ours;
    // `start` runs once in a process, so nobody else owns it.
    let socket = Socket::from(unsafe { OwnedFd::from_raw_fd(fd) });
    // Also tells a descriptor that is no socket at all.
    let local = socket.local_addr().map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    let owned = OwnedFd::from(socket);
    Ok(match local.domain() {
        Domain::UNIX => Bound::Unix(owned.into(), SocketFile::default()),
        _ => Bound::Tcp(owned.into()),
    })
}

#[cfg(not(unix))]
fn activated(_: i32) -> Result<Bound, BindError> {
    Err(BindError::Unsupported("LISTEN_FDS"))
}

/// A listener on an I/O thread.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

/// The file of a Unix socket, removed when we stop listening, as Node does. Not removed
/// when someone has put another in its place, or systemd made it.
#[cfg(unix)]
#[derive(Debug, Default)]
pub struct SocketFile(Option<(PathBuf, u64)>);

#[cfg(unix)]
impl SocketFile {
    fn own(path: &Path) -> io::Result<Self> {
        let inode = std::fs::symlink_metadata(path)?.ino();
        Ok(Self(Some((path.to_owned(), inode))))
    }
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Some((path, inode)) = self.0.take()
            && std::fs::symlink_metadata(&path).is_ok_and(|file| file.ino() == inode)
        {
            // Gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Listener {
    /// The next client.
    pub async fn accept(&self) -> io::Result<Stream> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Replies are written whole; waiting for more only delays them.
                // A client that has already gone refuses, which it will show soon enough.
                let _ = SockRef::from(&stream).set_tcp_nodelay(true);
                Ok(Stream::Tcp(stream, peer))
            }
            #[cfg(unix)]
            Listener::Unix(listener, _) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}
