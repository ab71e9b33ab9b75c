//! What a worker is told: one variant for each record that crosses to JS.

use bytes::Bytes;

use super::peers::PeerEvent;
use super::slots::ExchangeId;

/// A message in a worker's queue, in the order JS will see it.
#[derive(Debug)]
pub enum Event {
    /// A new exchange to render.
    Request(Box<RequestEvent>),
    /// The client went away: abort `request.signal`, cancel the response body.
    Abort(ExchangeId),
    /// The client has sent its last byte: abort `request.signal`. An answer may still be sent.
    Hangup(ExchangeId),
    /// The client took enough of the response stream: push again.
    Drain(ExchangeId),
    /// More of the request body.
    Chunk(ExchangeId, Bytes),
    /// The request body is complete.
    End(ExchangeId),
    /// The request body will never be complete.
    BodyFailed(ExchangeId, BodyFault),
    /// Say that you are there, and what you use.
    Ping,
    /// Of a peer whose hooks run there.
    Peer(PeerEvent),
}

/// Why a request body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum BodyFault {
    /// The connection closed or the framing was broken.
    Aborted = 1,
    /// More bytes than the body limit arrived.
    TooLarge = 2,
}

/// How the body of a request reaches JS.
#[derive(Debug)]
pub enum RequestBody {
    /// The request has none: `request.body` is `null`.
    None,
    /// All of it, with the request.
    Whole(Bytes),
    /// Chunks follow as events.
    Stream,
    /// Declared larger than the limit: reading it fails with 413, nothing is read.
    TooLarge,
}

/// What a request wants to open that outlives its exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opens {
    /// A stream of events; else it is the handshake of a WebSocket.
    pub stream: bool,
    /// It may be accepted.
    pub good: bool,
}

/// A request as it crosses to JS, its text already in wire form.
#[derive(Debug)]
pub struct RequestEvent {
    /// Where the answer belongs.
    pub id: ExchangeId,
    /// Index into the hand-off's routes, where the router could decide.
    pub route: Option<u32>,
    /// Method, origin, target, address and headers, back to back (Latin-1).
    pub text: Vec<u8>,
    /// Length of the method in `text`.
    pub method_len: u16,
    /// Length of the origin (`https://host`) in `text`.
    pub origin_len: u16,
    /// Length of the request target (path and query) in `text`.
    pub target_len: u32,
    /// Length of the client's address in `text`.
    pub address_len: u16,
    /// The client's port, 0 on a Unix socket.
    pub port: u16,
    /// The target is already in the form the WHATWG URL parser would give it.
    pub canonical: bool,
    /// HTTP/1.0.
    pub http10: bool,
    /// What it wants to open.
    pub opens: Option<Opens>,
    /// Declared content-length, where there is one.
    pub content_length: Option<u64>,
    /// The body, or how it will come.
    pub body: RequestBody,
}
