//! What a worker is told of peers, whose hooks it runs, and who has to know what becomes of
//! it. Which worker runs the hooks of a peer is decided elsewhere; here a peer is a number.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::worker::Worker;

/// Something that happened to a peer, or what became of a question to one.
#[derive(Debug)]
pub struct PeerEvent {
    /// Its slot in the lower half, its generation in the upper.
    pub peer: u64,
    /// What happened.
    pub news: PeerNews,
}

/// What happened. A token names what the worker has to settle.
#[derive(Debug)]
pub enum PeerNews {
    /// It is there.
    Open {
        /// To be settled.
        token: u32,
    },
    /// It says something.
    Message {
        /// To be settled.
        token: u32,
        /// What it says is UTF-8.
        text: bool,
        /// What it says; `None`: so much that it is asked for by its token.
        data: Option<Bytes>,
    },
    /// It has gone.
    Close {
        /// To be settled.
        token: u32,
        /// How.
        farewell: Box<Farewell>,
    },
    /// It has taken all that waited for it.
    Drain {
        /// To be settled.
        token: u32,
    },
    /// It wants a topic.
    Subscribe {
        /// To be settled, by an answer.
        token: u32,
        /// The name.
        topic: Box<str>,
    },
    /// It asks for something.
    Request {
        /// To be settled.
        token: u32,
        /// How it calls its wish.
        wish: u32,
        /// A JSON text; `None` as of a message.
        data: Option<Bytes>,
    },
    /// It has answered a question, or never will.
    Reply {
        /// The question.
        request: u32,
        /// What it said.
        answer: Answer,
    },
}

/// How a peer went, and what is left of it.
#[derive(Debug)]
pub struct Farewell {
    /// The close code.
    pub code: u16,
    /// Both sides said goodbye.
    pub was_clean: bool,
    /// The reason beside the code.
    pub reason: String,
    /// What the app kept with it.
    pub card: Bytes,
}

/// What a peer said to a question.
pub enum Answer {
    /// A JSON text. What is held is let go once the text has crossed.
    Data(Bytes, Box<dyn Any + Send + Sync>),
    /// A JSON text that says what went wrong.
    Error(Bytes),
    /// It has gone.
    Gone,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Data(text, _) => f.debug_tuple("Data").field(text).finish(),
            Answer::Error(text) => f.debug_tuple("Error").field(text).finish(),
            Answer::Gone => f.write_str("Gone"),
        }
    }
}

/// Who gives workers their peers. Called without a lock of the dispatcher held.
pub trait PeerWatch: Send + Sync {
    /// The worker takes exchanges, and so peers, from now on.
    fn admitted(&self, worker: &Arc<Worker>);
    /// The worker has gone. What it had not taken lies in its inbox still:
    /// [`Worker::reclaim`].
    fn gone(&self, worker: &Arc<Worker>);
}
