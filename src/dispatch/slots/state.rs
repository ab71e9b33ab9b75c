//! Both directions of one exchange while it is in flight: the reply and the stream that JS
//! writes, the credit for the body it reads, and who has it. Filled and emptied under the lock
//! of its slot.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

use crate::dispatch::containment::{Holder, Lost};

/// Response bytes held for a client that reads slower than JS writes. One chunk
/// beyond it is still taken, so that a chunk of any size can pass.
pub const OUT_HIGH_WATER: usize = 128 * 1024;

/// JS is told to go on when the client has taken all but this much.
pub const OUT_LOW_WATER: usize = 32 * 1024;

/// Request bytes that may wait in JS before its reader asks for more.
pub const IN_WINDOW: u64 = 64 * 1024;

/// A reply head as JS wrote it, still unparsed: the I/O thread has the time for that.
#[derive(Debug)]
pub(in crate::dispatch) struct RawReply {
    pub status: u16,
    /// `name\nvalue\n` pairs.
    pub headers: Bytes,
    pub body: RawBody,
}

#[derive(Debug)]
pub(in crate::dispatch) enum RawBody {
    /// No body at all (`response.body === null`).
    Null,
    Whole(Bytes),
    Stream,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum OutEnd {
    Complete,
    Failed,
}

/// Both directions of one exchange.
#[derive(Debug)]
pub(in crate::dispatch) struct State {
    pub reply: Option<RawReply>,
    /// Woken when a reply or a chunk has come.
    pub waker: Option<Waker>,
    pub out: VecDeque<Bytes>,
    pub out_bytes: usize,
    pub out_end: Option<OutEnd>,
    pub out_wait: bool,
    /// Request bytes JS will still take.
    pub in_credit: u64,
    /// JS does not want the rest of the request body.
    pub in_cancelled: bool,
    /// Woken when credit has come, or a worker to give the body to.
    pub in_waker: Option<Waker>,
    /// Who has it.
    pub holder: Holder,
    /// The worker that had it died.
    pub lost: Option<Lost>,
    /// It waited for a worker, and none will come.
    pub forsaken: bool,
    /// The client sent its last byte before a worker took it.
    pub hung_up: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            reply: None,
            waker: None,
            out: VecDeque::new(),
            out_bytes: 0,
            out_end: None,
            out_wait: false,
            in_credit: IN_WINDOW,
            in_cancelled: false,
            in_waker: None,
            holder: Holder::None,
            lost: None,
            forsaken: false,
            hung_up: false,
        }
    }

    /// Makes it as new. What an exchange left behind is handed out, for dropping it may run
    /// code that needs the lock; most leave nothing, and so nothing is moved.
    pub(super) fn reset(&mut self) -> Option<State> {
        let left = self.reply.is_some()
            || self.waker.is_some()
            || self.in_waker.is_some()
            || self.out.capacity() > 0;
        if left {
            return Some(std::mem::replace(self, State::new()));
        }
        self.out_bytes = 0;
        self.out_end = None;
        self.out_wait = false;
        self.in_credit = IN_WINDOW;
        self.in_cancelled = false;
        self.holder = Holder::None;
        self.lost = None;
        self.forsaken = false;
        self.hung_up = false;
        None
    }
}
