//! A response body that JS writes in chunks. The client's pace reaches JS as a
//! `Drain` event; a client that leaves reaches it as `Abort`, from the guard's drop.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::event::Event;
use super::exchange::Guard;
use super::slots::{OUT_LOW_WATER, OutEnd};

/// The stream was given up by JS before its end: the connection breaks, so that the
/// client cannot take the part for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the response stream failed before its end")]
pub struct Broken;

/// The reading end of a streamed response.
#[derive(Debug)]
pub struct OutStream {
    guard: Option<Guard>,
    /// The failure has been held back once, for what came before it to be written.
    flushed: bool,
}

impl OutStream {
    pub(super) fn new(guard: Guard) -> Self {
        Self {
            guard: Some(guard),
            flushed: false,
        }
    }

    fn finish(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            guard.complete();
        }
    }
}

impl Body for OutStream {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let Some(guard) = &self.guard else {
            return Poll::Ready(None);
        };
        let mut state = guard.state();
        if let Some(chunk) = state.out.pop_front() {
            state.out_bytes -= chunk.len();
            let resume = state.out_wait && state.out_bytes <= OUT_LOW_WATER;
            if resume {
                state.out_wait = false;
            }
            drop(state);
            if resume {
                guard.send(Event::Drain(guard.id()));
            }
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match state.out_end {
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(OutEnd::Complete) => {
                drop(state);
                self.finish();
                Poll::Ready(None)
            }
            // An error makes hyper drop what it has not written yet, the head included.
            Some(OutEnd::Failed) if !self.flushed => {
                drop(state);
                self.flushed = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(OutEnd::Failed) => {
                drop(state);
                self.finish();
                Poll::Ready(Some(Err(Broken)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.guard.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
