//! What a request may want to open that outlives its exchange: a WebSocket, or a stream of events.

use http::Response;
use http::request::Parts;

use super::App;
use super::admission::Misuse;
use super::body::Body;
use super::connection::Connection;
use super::gate::Refusal;
use super::request_text::RequestText;
use super::streams::Asked;
use super::upgrade::Handshake;
use crate::dispatch::{Opens, Reply};

/// A request that wants to open something.
#[derive(Debug)]
pub(super) enum Opening {
    /// It is the handshake of a WebSocket, and nothing else.
    Socket(Handshake),
    /// It asks for a stream of events if its path is one of the hooks', and is an ordinary request
    /// if not.
    Stream(Asked),
}

/// Why nothing was opened although the worker accepted it, and nothing is said about it yet.
#[derive(Debug)]
pub(super) enum Unopened {
    /// A fault of ours.
    Misuse(Misuse),
    /// Hooks took longer than a request may.
    Overdue,
}

impl From<Misuse> for Unopened {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl Opening {
    /// `None`: a request like any other.
    pub fn check(
        app: &App,
        connection: &Connection,
        head: &Parts,
        text: &RequestText,
    ) -> Result<Option<Self>, Refusal> {
        if let Some(handshake) = Handshake::check(app, connection, head, text)? {
            return Ok(Some(Self::Socket(handshake)));
        }
        Ok(Asked::check(app, head, text).map(Self::Stream))
    }

    /// What the worker is told of it.
    pub fn told(&self) -> Opens {
        match self {
            Self::Socket(handshake) => Opens {
                stream: false,
                good: handshake.is_good(),
            },
            Self::Stream(asked) => Opens {
                stream: true,
                good: asked.is_good(),
            },
        }
    }

    /// Answers with what the worker said.
    pub async fn answer(
        self,
        app: &App,
        connection: &Connection,
        head: &Parts,
        reply: Reply,
    ) -> Result<Response<Body>, Unopened> {
        match self {
            Self::Socket(handshake) => Ok(handshake.answer(app, connection, reply)?),
            Self::Stream(asked) => asked.answer(app, connection, head, reply).await,
        }
    }
}
