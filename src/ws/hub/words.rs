//! What the hub is asked with and what it answers: its errors, subscriptions and rolls.

use std::sync::Arc;

use thiserror::Error;

#[cfg(doc)]
use super::Hub;
use crate::ws::inbound::Inbound;
use crate::ws::presence::User;
use crate::ws::registry::THREADS;
#[cfg(doc)]
use crate::ws::{Limits, TopicName};

/// Why a message was not taken. Nobody got it and no number was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PublishError {
    /// It is longer than [`Limits::outgoing_bytes`].
    #[error("the message is longer than a message may be")]
    TooLong,
    /// An I/O thread has more to send out than [`Limits::mailbox_bytes`].
    #[error("more is being published than can be sent out")]
    Overloaded,
}

/// Why a peer may not subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SubscribeError {
    /// The peer has gone.
    #[error("the peer has gone")]
    Gone,
    /// It has as many topics as [`Limits::subscriptions`].
    #[error("the peer has as many topics as it may have")]
    Subscriptions,
    /// There are as many topics as [`Limits::topics`].
    #[error("there are as many topics as there may be")]
    Topics,
    /// Clients of its address have wished for as many as [`Limits::topics_per_address`].
    #[error("clients of this address have made as many topics as they may")]
    Share,
    /// Its I/O thread has more to do than [`Limits::mailbox_bytes`], or that of someone who
    /// watches the topic's presence.
    #[error("more is being published than can be sent out")]
    Overloaded,
}

/// A wish for a topic that was not granted.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: SubscribeError,
    /// What the peer sent, if that was given.
    pub wish: Option<Inbound>,
}

/// Why a peer may not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JoinError {
    /// There are as many peers as [`Limits::peers`].
    #[error("there are as many peers as there may be")]
    Full,
    /// The address has as many peers as [`Limits::peers_per_address`].
    #[error("the address has as many peers as it may have")]
    Address,
}

/// More I/O threads than the hub can wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a hub takes at most {THREADS} I/O threads")]
pub struct TooManyThreads;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Its number in the topic.
    pub seq: u64,
    /// How many subscribers it was for.
    pub recipients: usize,
}

/// How far a peer has seen a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which process's numbers it has: [`Hub::epoch`].
    pub epoch: u64,
    /// The last number it has seen.
    pub seq: u64,
}

/// How a peer wants to have a topic.
#[derive(Debug, Clone, Default)]
pub struct Subscription {
    /// What it has seen already, if it comes again.
    pub since: Option<Position>,
    /// It wants to be told, under the name it gave its wish.
    pub answer: Option<u64>,
}

/// Who is in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roll {
    /// The number of the last change that is in here, in the topic
    /// [`TopicName::presence`].
    pub seq: u64,
    /// One entry for each user, in no order.
    pub users: Vec<User>,
}

/// What is different in another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It has so many peers, instead of so many.
    Open {
        /// So many it had.
        before: usize,
        /// So many it has.
        after: usize,
    },
    /// So many of them have the topic, instead of so many.
    Count {
        /// The topic's name.
        topic: Arc<str>,
        /// So many had it.
        before: usize,
        /// So many have it.
        after: usize,
    },
    /// A user is in the topic there.
    Join {
        /// The topic's name.
        topic: Arc<str>,
        /// Who.
        user: User,
    },
    /// What others see of him is something else now.
    Restate {
        /// The topic's name.
        topic: Arc<str>,
        /// Who.
        user: User,
    },
    /// He is not in it any more.
    Leave {
        /// The topic's name.
        topic: Arc<str>,
        /// Who.
        user: User,
    },
}
