//! Every bound of the hub, by name. What happens at each is said here and nowhere else
//! decided: the parts only compare.

use std::time::Duration;

/// What becomes of a message for a peer whose queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// The message is left out; the peer sees a gap in the numbers of the topic.
    #[default]
    Skip,
    /// The peer is closed with 1013, so that it comes again and resumes.
    Close,
    /// As soon as the socket takes nothing more, a message with a key replaces the waiting
    /// one of the same topic and key; messages without a key are skipped at the bound.
    Coalesce,
}

/// What a topic remembers for peers that resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replay {
    /// Messages kept for each topic; 0 is off.
    pub size: usize,
    /// How long each is kept.
    pub ttl: Duration,
}

/// The bounds of one hub.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Peers of the process. At the bound: the upgrade is refused.
    pub peers: usize,
    /// Peers of one client address. At the bound: the upgrade is refused.
    pub peers_per_address: usize,
    /// Topics of one peer. At the bound: the subscription is refused.
    pub subscriptions: usize,
    /// Topics of the process. At the bound: a subscription that would make one is refused.
    pub topics: usize,
    /// Bytes of one message from a peer, whole or in fragments. Past it: close 1009.
    pub message_bytes: usize,
    /// Bytes of one frame from a peer. Past it: close 1009.
    pub frame_bytes: usize,
    /// Bytes of one message to peers. Past it: publishing fails.
    pub outgoing_bytes: usize,
    /// Bytes that wait for one peer. Past it: [`Overflow`]. One message may always wait.
    pub queued_bytes: usize,
    /// What happens then.
    pub overflow: Overflow,
    /// Bytes of messages from one peer that no hook has taken. At the bound: its socket is
    /// not read.
    pub unread_bytes: usize,
    /// Messages from one peer that no hook has taken. At the bound: its socket is not read.
    pub unread_messages: usize,
    /// Bytes that wait for one I/O thread to send them out. Past it: publishing fails.
    pub mailbox_bytes: usize,
    /// What topics remember.
    pub replay: Replay,
    /// Bytes that all topics remember. Past it: the topic that asks forgets its oldest.
    pub replay_bytes: usize,
    /// Silence after which a peer is pinged; after as much again it counts as dead.
    pub heartbeat: Duration,
    /// Time without a message from the peer until it is closed with 1001; `None` is never.
    pub idle: Option<Duration>,
    /// Time for the closing handshake; then the socket is dropped.
    pub closing: Duration,
}

/// What part of all topics the clients of one address may make.
const SHARE: usize = 10;

impl Limits {
    /// Topics that there are because clients of one address wished for them. At the bound: a
    /// wish of another that would make one is refused. So nobody takes the topics of all others,
    /// and what the app's own hooks subscribe a peer to is not counted.
    pub fn topics_per_address(&self) -> usize {
        self.topics.div_ceil(SHARE)
    }
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            peers: 50_000,
            // Offices and mobile carriers put many people behind one address.
            peers_per_address: 1000,
            subscriptions: 256,
            topics: 100_000,
            message_bytes: MIB,
            frame_bytes: MIB,
            outgoing_bytes: 16 * MIB,
            queued_bytes: MIB,
            overflow: Overflow::Skip,
            unread_bytes: MIB,
            unread_messages: 64,
            mailbox_bytes: 64 * MIB,
            replay: Replay::default(),
            replay_bytes: 64 * MIB,
            heartbeat: Duration::from_secs(30),
            idle: None,
            closing: Duration::from_secs(5),
        }
    }
}
