//! How a peer is reached.

/// How a peer is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// A WebSocket, both ways (RFC 6455).
    #[default]
    Socket,
    /// A stream of server-sent events, which only hears.
    Stream,
}
