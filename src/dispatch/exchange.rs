//! One exchange on the Rust side: waits for the worker's reply, and, if it is dropped
//! before that is complete, tells the worker so. The in-flight count falls here and
//! nowhere else.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::containment::{Holder, Lost};
use super::event::Event;
use super::outbound::OutStream;
use super::slots::{ExchangeId, RawBody, RawReply, Taken};
use super::worker::Worker;
use super::workers::Workers;
use crate::telemetry::counters::{Raised, counters};

/// A worker's answer.
#[derive(Debug)]
pub struct Reply {
    /// The status JS chose. 101 is an answer to a handshake only.
    pub status: StatusCode,
    /// Header lines in the order JS wrote them.
    pub headers: HeaderMap,
    /// What follows the head.
    pub body: ReplyBody,
    /// With 101, whose peer it is from now on; `None` if that worker has died since.
    pub home: Option<Arc<Worker>>,
}

/// The body of a [`Reply`].
#[derive(Debug)]
pub enum ReplyBody {
    /// `response.body` is `null`.
    Null,
    /// Came with the reply.
    Whole(Bytes),
    /// Comes in chunks.
    Stream(OutStream),
}

/// No reply, or one that HTTP cannot carry. The exchange is over; JS has been told to stop.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// The name or value holds characters that are not allowed in a header (RFC 9110, 5.5).
    #[error("Invalid character in header content [\"{0}\"]")]
    Header(String),
    /// `Response.error()`, a number outside 200..=599, or a 101 that nobody asked for.
    #[error("Invalid status code: {0}")]
    Status(u16),
    /// The worker died before it had answered.
    #[error("the worker died")]
    Lost(Lost),
    /// It has not been begun: the process ends, and its last worker has.
    #[error("no worker is left")]
    Forsaken,
}

/// Holds a slot and its in-flight count; dropping it ends the exchange.
#[derive(Debug)]
pub(super) struct Guard {
    workers: Arc<Workers>,
    taken: Taken,
    complete: bool,
    stream: bool,
    _in_use: Raised<'static>,
}

impl Guard {
    pub fn id(&self) -> ExchangeId {
        self.taken.id()
    }

    pub fn state(&self) -> parking_lot::MutexGuard<'_, super::slots::State> {
        self.taken.state()
    }

    /// The worker that has it, if one does.
    fn worker(&self) -> Option<Arc<Worker>> {
        match &self.state().holder {
            Holder::Worker(worker) => Some(worker.clone()),
            Holder::None | Holder::Nobody => None,
        }
    }

    /// Tells that worker.
    pub fn send(&self, event: Event) {
        if let Some(worker) = self.worker() {
            worker.send(event);
        }
    }

    /// The reply is a stream from here on: the worker may begin with another exchange.
    fn stream(&mut self) {
        if let Some(worker) = self.worker() {
            self.stream = true;
            self.workers.relieved(&worker);
        }
    }

    /// JS has nothing left to do for this exchange.
    pub fn complete(&mut self) {
        self.complete = true;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.complete {
            counters().aborted.increment();
        }
        let holder = std::mem::replace(&mut self.state().holder, Holder::Nobody);
        match holder {
            Holder::Worker(worker) => {
                worker.gives_back();
                if !self.complete {
                    worker.send(Event::Abort(self.taken.id()));
                }
                if !self.stream {
                    self.workers.relieved(&worker);
                }
            }
            Holder::None => self.workers.left(),
            Holder::Nobody => {}
        }
    }
}

/// An exchange on its way to a worker, or rendered there.
#[derive(Debug)]
pub struct Exchange {
    guard: Guard,
}

impl Exchange {
    pub(super) fn new(workers: Arc<Workers>, taken: Taken) -> Self {
        Self {
            guard: Guard {
                workers,
                taken,
                complete: false,
                stream: false,
                _in_use: counters().slots_in_use.raise(),
            },
        }
    }

    /// The name JS knows it by.
    pub fn id(&self) -> ExchangeId {
        self.guard.id()
    }

    /// Tells JS that the client has sent its last byte; the reply may still reach it.
    pub fn hang_up(&self) {
        // for a worker that takes it only now
        self.guard.state().hung_up = true;
        self.guard.send(Event::Hangup(self.guard.id()));
    }

    /// Whether no worker has taken it yet.
    pub fn is_waiting(&self) -> bool {
        matches!(self.guard.state().holder, Holder::None)
    }

    /// Polls for the reply head without giving up the exchange.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.guard.state();
        if state.reply.is_some() || state.lost.is_some() || state.forsaken {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Waits for the reply head. Dropping the future, or the exchange, aborts it in JS.
    pub async fn reply(mut self) -> Result<Reply, ReplyError> {
        loop {
            poll_fn(|cx| self.poll_ready(cx)).await;
            let (raw, lost, forsaken) = {
                let mut state = self.guard.state();
                (state.reply.take(), state.lost, state.forsaken)
            };
            if let Some(raw) = raw {
                return self.into_reply(raw);
            }
            if let Some(lost) = lost {
                // nobody is left to be told to stop
                self.guard.complete();
                return Err(ReplyError::Lost(lost));
            }
            if forsaken {
                self.guard.complete();
                return Err(ReplyError::Forsaken);
            }
        }
    }

    fn into_reply(mut self, raw: RawReply) -> Result<Reply, ReplyError> {
        let whole = !matches!(raw.body, RawBody::Stream);
        if whole {
            self.guard.complete();
        }
        let status = match StatusCode::from_u16(raw.status) {
            Ok(StatusCode::SWITCHING_PROTOCOLS) if whole => StatusCode::SWITCHING_PROTOCOLS,
            Ok(status) if raw.status >= 200 => status,
            _ => return Err(ReplyError::Status(raw.status)),
        };
        let home = (status == StatusCode::SWITCHING_PROTOCOLS).then(|| self.guard.worker());
        let headers = parse_headers(&raw.headers)?;
        let body = match raw.body {
            RawBody::Null => ReplyBody::Null,
            RawBody::Whole(bytes) => ReplyBody::Whole(bytes),
            RawBody::Stream => {
                self.guard.stream();
                ReplyBody::Stream(OutStream::new(self.guard))
            }
        };
        Ok(Reply {
            status,
            headers,
            body,
            home: home.flatten(),
        })
    }
}

/// Room for what the server adds to a reply: the length, and what the connection needs.
const ADDED_LATER: usize = 4;

/// Headers for which room is made at once; a map of any size makes more by itself.
const MOST_FORESEEN: usize = 64;

/// `name\nvalue\n` pairs; neither can contain a newline (the Fetch standard forbids it).
fn parse_headers(raw: &Bytes) -> Result<HeaderMap, ReplyError> {
    let lines = memchr::memchr_iter(b'\n', raw).count() / 2;
    let mut headers = HeaderMap::with_capacity(lines.min(MOST_FORESEEN) + ADDED_LATER);
    let mut at = 0;
    while at < raw.len() {
        let name_end = at + find_newline(&raw[at..]);
        let value_start = (name_end + 1).min(raw.len());
        let value_end = value_start + find_newline(&raw[value_start..]);
        let invalid = || ReplyError::Header(String::from_utf8_lossy(&raw[at..name_end]).into());
        let name = HeaderName::from_bytes(&raw[at..name_end]).map_err(|_| invalid())?;
        let value = HeaderValue::from_maybe_shared(raw.slice(value_start..value_end))
            .map_err(|_| invalid())?;
        headers.append(name, value);
        at = value_end + 1;
    }
    Ok(headers)
}

fn find_newline(bytes: &[u8]) -> usize {
    memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_keep_their_order_and_their_repeats() {
        let raw = Bytes::from_static(b"set-cookie\na=1\nx-a\n\nset-cookie\nb=2\n");
        let headers = parse_headers(&raw).expect("valid");
        let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(headers["x-a"], "");
    }

    #[test]
    fn a_control_character_names_its_header() {
        let error = parse_headers(&Bytes::from_static(b"x-bad\na\x01b\n")).expect_err("invalid");
        assert!(error.to_string().contains("x-bad"));
    }

    proptest::proptest! {
        #[test]
        fn no_header_bytes_can_panic(raw in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
            let _ = parse_headers(&Bytes::from(raw));
        }
    }
}
