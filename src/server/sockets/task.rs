//! One thing that a home is told of a peer: what it holds until it is settled, and what of it
//! crosses to JS.

use bytes::Bytes;

use super::streams::Question;
use crate::dispatch::wire::INLINE_MESSAGE;
use crate::dispatch::{Farewell, PeerNews};
use crate::ws::{Closed, Data, Inbound, Position};

/// What a home is to be told of a peer. What the peer sent counts against what it may have
/// waiting as long as the task lives.
#[derive(Debug)]
pub(super) enum Task {
    Open,
    Drain,
    Message(Inbound),
    Close(Closed),
    Subscribe(Box<Subscribe>),
    Request(Box<Request>),
}

/// A wish for a topic.
#[derive(Debug)]
pub(super) struct Subscribe {
    pub topic: Box<str>,
    pub asker: Asker,
}

/// Who is told what became of it.
#[derive(Debug)]
pub(super) enum Asker {
    /// The client, by a frame.
    Client {
        id: u64,
        since: Option<Position>,
        frame: Inbound,
    },
    /// The exchange that is to begin a stream.
    Stream(Question),
}

/// A wish for anything the app knows.
#[derive(Debug)]
pub(super) struct Request {
    pub id: u32,
    /// A part of the frame: a JSON text.
    pub data: Bytes,
    pub frame: Inbound,
}

impl Task {
    /// What crosses only when it is asked for, where it is long.
    pub fn payload(&self) -> Option<Bytes> {
        match self {
            Task::Message(message) => Some(message.data.bytes().clone()),
            Task::Request(request) => Some(request.data.clone()),
            _ => None,
        }
    }

    fn inline(&self) -> Option<Bytes> {
        self.payload().filter(|data| data.len() <= INLINE_MESSAGE)
    }

    pub fn is_wish(&self) -> bool {
        matches!(self, Task::Subscribe(_) | Task::Request(_))
    }

    /// What crosses to the worker. `card` is what is left of a peer that has gone.
    pub fn news(&self, token: u32, card: Option<&Bytes>) -> PeerNews {
        match self {
            Task::Open => PeerNews::Open { token },
            Task::Drain => PeerNews::Drain { token },
            Task::Message(message) => PeerNews::Message {
                token,
                text: matches!(message.data, Data::Text(_)),
                data: self.inline(),
            },
            Task::Close(closed) => PeerNews::Close {
                token,
                farewell: Box::new(Farewell {
                    code: closed.code,
                    was_clean: closed.was_clean,
                    reason: closed.reason.clone(),
                    card: card.cloned().unwrap_or_default(),
                }),
            },
            Task::Subscribe(wish) => PeerNews::Subscribe {
                token,
                topic: wish.topic.clone(),
            },
            Task::Request(wish) => PeerNews::Request {
                token,
                wish: wish.id,
                data: self.inline(),
            },
        }
    }
}
