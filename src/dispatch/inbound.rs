//! Request bodies on their way to JS: whole when they have already arrived, else in
//! chunks within the credit that JS extends as its reader pulls. What JS leaves unread
//! is discarded up to a bound, so that the connection can serve its next request.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};

use super::Dispatcher;
use super::event::{BodyFault, Event};
use super::slots::{ExchangeId, Slots};
use super::wire;
use super::worker::Worker;

/// Chunks larger than this are split, so that every record fits the drain buffer.
const MAX_CHUNK: usize = 256 * 1024;

/// How often the connection may be polled for a small body before it counts as slow.
/// hyper hands out body bytes only on the poll after it has been asked for them.
const EAGER_POLLS: u32 = 2;

/// A request body as the server part hands it over.
pub trait BodySource: Body<Data = Bytes, Error: std::error::Error> + Unpin {}
impl<B: Body<Data = Bytes, Error: std::error::Error> + Unpin> BodySource for B {}

/// What became of a request body.
#[derive(Debug)]
pub enum BodyOutcome<E> {
    /// Read to its end; the connection can be used again.
    Complete,
    /// Not read to its end: more was left than the drain bound, or it was over the limit.
    Abandoned,
    /// The client left or broke the framing.
    Failed(E),
}

/// What an eager look at a body found.
#[derive(Debug)]
pub enum Eager<E> {
    /// All of it.
    Whole(Bytes),
    /// The beginning; the rest must be streamed.
    Partial(Bytes),
    /// It broke.
    Failed(E),
}

/// Collects a body that has already arrived, without waiting for the network.
pub async fn eager<B: BodySource>(body: &mut B) -> Eager<B::Error> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    let mut polls = 0;
    let end = poll_fn(|cx| {
        loop {
            if body.is_end_stream() {
                return Poll::Ready(Ok(true));
            }
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(None) => return Poll::Ready(Ok(true)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        if first.is_empty() {
                            first = data;
                        } else {
                            more.extend_from_slice(&data);
                        }
                    }
                    if first.len() + more.len() > wire::INLINE_BODY {
                        return Poll::Ready(Ok(false));
                    }
                }
                Poll::Pending if polls < EAGER_POLLS => {
                    polls += 1;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Ready(Ok(false)),
            }
        }
    })
    .await;
    let bytes = if more.is_empty() {
        first
    } else {
        let mut all = BytesMut::with_capacity(first.len() + more.len());
        all.extend_from_slice(&first);
        all.extend_from_slice(&more);
        all.freeze()
    };
    match end {
        Ok(true) => Eager::Whole(bytes),
        Ok(false) => Eager::Partial(bytes),
        Err(error) => Eager::Failed(error),
    }
}

/// Bounds of one streamed request body.
#[derive(Debug, Clone, Copy)]
pub struct BodyBounds {
    /// The body limit, if there is one.
    pub limit: Option<u64>,
    /// How much of an unread body is discarded to keep the connection.
    pub unread: u64,
}

/// Streams `body` to JS until it ends, JS stops wanting it, or a bound is met.
/// `head` is what an eager look already took.
pub async fn pump<B: BodySource>(
    dispatcher: Arc<Dispatcher>,
    id: ExchangeId,
    head: Bytes,
    mut body: B,
    bounds: BodyBounds,
) -> BodyOutcome<B::Error> {
    let slots = &dispatcher.slots;
    let Some(worker) = poll_fn(|cx| slots.poll_holder(id, cx)).await else {
        return discard(body, bounds.unread).await;
    };
    let mut seen = 0u64;
    let mut over = |bytes: &Bytes| {
        seen += bytes.len() as u64;
        bounds.limit.is_some_and(|limit| seen > limit)
    };
    if !head.is_empty() {
        if over(&head) {
            worker.send(Event::BodyFailed(id, BodyFault::TooLarge));
            return BodyOutcome::Abandoned;
        }
        send(slots, &worker, id, head);
    }
    loop {
        match poll_fn(|cx| next(slots, id, &mut body, cx)).await {
            Next::Frame(frame) => {
                // Trailers are ignored: SvelteKit has no place for them.
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                if over(&data) {
                    worker.send(Event::BodyFailed(id, BodyFault::TooLarge));
                    return BodyOutcome::Abandoned;
                }
                send(slots, &worker, id, data);
            }
            Next::End => {
                worker.send(Event::End(id));
                return BodyOutcome::Complete;
            }
            Next::Failed(error) => {
                worker.send(Event::BodyFailed(id, BodyFault::Aborted));
                return BodyOutcome::Failed(error);
            }
            Next::Unwanted => return discard(body, bounds.unread).await,
        }
    }
}

fn send(slots: &Slots, worker: &Worker, id: ExchangeId, mut data: Bytes) {
    slots.spend_credit(id, data.len() as u64);
    while data.len() > MAX_CHUNK {
        worker.send(Event::Chunk(id, data.split_to(MAX_CHUNK)));
    }
    if !data.is_empty() {
        worker.send(Event::Chunk(id, data));
    }
}

enum Next<E> {
    Frame(Frame<Bytes>),
    End,
    Failed(E),
    Unwanted,
}

fn next<B: BodySource>(
    slots: &Slots,
    id: ExchangeId,
    body: &mut B,
    cx: &mut Context<'_>,
) -> Poll<Next<B::Error>> {
    match slots.poll_credit(id, cx) {
        Credit::Unwanted => return Poll::Ready(Next::Unwanted),
        Credit::None => return Poll::Pending,
        Credit::Some => {}
    }
    Pin::new(body).poll_frame(cx).map(|frame| match frame {
        None => Next::End,
        Some(Ok(frame)) => Next::Frame(frame),
        Some(Err(error)) => Next::Failed(error),
    })
}

/// Reads and forgets up to `bound` bytes.
pub async fn discard<B: BodySource>(mut body: B, bound: u64) -> BodyOutcome<B::Error> {
    let mut left = bound;
    loop {
        // hyper says that it has come to the end only with the next request when the
        // response is out already.
        if body.is_end_stream() {
            return BodyOutcome::Complete;
        }
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            None => return BodyOutcome::Complete,
            Some(Err(error)) => return BodyOutcome::Failed(error),
            Some(Ok(frame)) => {
                let len = frame.data_ref().map_or(0, Bytes::len) as u64;
                match left.checked_sub(len) {
                    Some(rest) => left = rest,
                    None => return BodyOutcome::Abandoned,
                }
            }
        }
    }
}

/// Whether JS takes more of a request body.
pub(super) enum Credit {
    Some,
    /// Not now; the task is woken when it does.
    None,
    /// Never: cancelled, or the exchange is over.
    Unwanted,
}

impl Slots {
    fn poll_credit(&self, id: ExchangeId, cx: &mut Context<'_>) -> Credit {
        self.with(id, |state| {
            if state.in_cancelled {
                return Credit::Unwanted;
            }
            state.in_waker = Some(cx.waker().clone());
            if state.in_credit == 0 {
                Credit::None
            } else {
                Credit::Some
            }
        })
        .unwrap_or(Credit::Unwanted)
    }

    fn spend_credit(&self, id: ExchangeId, bytes: u64) {
        self.with(id, |state| {
            state.in_credit = state.in_credit.saturating_sub(bytes);
        });
    }
}
