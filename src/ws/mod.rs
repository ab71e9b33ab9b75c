//! The hub: all sockets and topics of the process.
//!
//! ```text
//! JS, Redis, other threads ── Hub::publish ──> registry (one lock: numbers, who has what)
//!                                                  │ one post for each I/O thread concerned,
//!                                                  ▼ one wake for each batch of posts
//!                             mailbox of a thread ──> Local: encodes a run once
//!                                                  │ one piece for each peer
//!                                                  ▼
//!   socket <── one write ── queue of a peer <──────┘
//!   socket ──> tungstenite ──> Inbound ──> Hooks
//! ```
//!
//! - **Who owns a socket.** The I/O thread that accepted it, from the handshake to its end, as
//!   with any connection: nothing about a socket is locked. A peer is a task there, and all
//!   other threads know it by its [`PeerId`] alone.
//! - **Exact everywhere.** Who is there, who has which topic and what number a message gets is
//!   decided in one registry under one lock, which is held for some hundred nanoseconds. Under
//!   it, what was decided is put into the mailboxes. So counts and presence are the same
//!   whoever asks, and a peer gets exactly the messages that were published between its
//!   subscription and its end, in the order of their numbers, without a lock on the way out.
//! - **Fan-out.** A message crosses to an I/O thread once, not once for each peer. Consecutive
//!   messages of a topic are encoded there into one run of frames, which each of its peers
//!   queues as one shared piece and writes with one system call.
//! - **The protocol** is tungstenite's: frames, masks, fragments, UTF-8, the closing handshake
//!   (RFC 6455). It reads the socket and writes its pongs and goodbyes into the queue
//!   (`shuttle.rs`). What is published does not pass through it: it would be copied for each peer.
//! - **Streams** of server-sent events are peers that only hear (`stream.rs`). They are given
//!   messages by the same posts and queues; only how a run is encoded differs (`sse.rs`).
//! - **Time** is brought by the sweep of the I/O thread and nowhere asked for.
//!
//! Left out: the handshake, which the server does; hooks, which JS runs; who may do what.

mod code;
mod elsewhere;
mod frames;
mod heartbeat;
mod history;
mod hub;
mod id;
mod inbound;
mod limits;
mod local;
mod mailbox;
mod member;
mod message;
mod moment;
mod name;
mod peer;
mod presence;
mod queue;
#[cfg(test)]
pub mod raw;
mod registry;
mod relay;
mod reply;
mod roster;
mod run;
mod shuttle;
mod sse;
mod stream;
#[cfg(test)]
mod tests;
mod topic;
mod transport;

pub use code::{CloseCode, Closed, Goodbye};
pub use hub::{
    Change, Hub, JoinError, Position, PublishError, Published, Refused, Roll, Standing,
    SubscribeError, Subscription, TooManyThreads,
};
pub use id::PeerId;
pub use inbound::{Data, Inbound};
pub use limits::{Limits, Overflow, Replay};
pub use local::{Hooks, Joined, Local};
pub use message::{Kind, Message, NotAnObject};
pub use moment::Moment;
pub use name::{NAME_BYTES, NameError, TopicName};
pub use peer::serve;
pub use presence::User;
pub use registry::THREADS;
pub use relay::{FarPeer, Relay};
pub use reply::{Resume, Subscribed};
pub use roster::Admission;
pub use stream::serve as serve_stream;
pub use transport::Transport;
