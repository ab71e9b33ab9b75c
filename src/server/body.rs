//! The body of any response: nothing, bytes in memory, a file, or what JS pushes.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::exchange::Scope;
use crate::assets::{FileBody, OnDisk};
use crate::dispatch::OutStream;

/// A response body; also holds the exchange open until its last byte is handed over.
#[derive(Debug)]
pub struct Body {
    source: Source,
    scope: Option<Scope>,
}

#[derive(Debug)]
enum Source {
    Empty,
    Full(Bytes),
    File(FileBody),
    Stream(OutStream),
}

impl Body {
    fn new(source: Source) -> Self {
        Self {
            source,
            scope: None,
        }
    }

    /// No bytes.
    pub fn empty() -> Self {
        Self::new(Source::Empty)
    }

    /// These bytes.
    pub fn full(bytes: Bytes) -> Self {
        Self::new(Source::Full(bytes))
    }

    /// `len` bytes of a file.
    pub fn file(file: Arc<OnDisk>, start: u64, len: u64) -> Self {
        Self::new(Source::File(FileBody::new(file, start, len)))
    }

    /// Whatever JS pushes.
    pub fn stream(stream: OutStream) -> Self {
        Self::new(Source::Stream(stream))
    }

    /// Keeps the exchange open for as long as the body lives.
    pub(super) fn keep(&mut self, scope: Scope) {
        self.scope = Some(scope);
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        match &mut this.source {
            Source::Empty => Poll::Ready(None),
            Source::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                this.source = Source::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Source::File(file) => Pin::new(file).poll_frame(cx).map_err(Into::into),
            // A stream may go on for ever; without a client it must not.
            Source::Stream(_) if this.scope.as_ref().is_some_and(Scope::is_abandoned) => {
                Poll::Ready(Some(Err("the client is gone".into())))
            }
            Source::Stream(stream) => Pin::new(stream).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Empty => true,
            Source::Full(bytes) => bytes.is_empty(),
            Source::File(file) => file.is_end_stream(),
            Source::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Empty => SizeHint::with_exact(0),
            Source::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::File(file) => file.size_hint(),
            Source::Stream(stream) => stream.size_hint(),
        }
    }
}
