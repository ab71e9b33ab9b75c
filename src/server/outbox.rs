//! Replies to pipelined requests on their way out. While the requests behind one are there
//! already, its reply is kept back, so that all of them leave in one write. What is kept back
//! goes out at the latest when the connection has nothing left to do: a reply never waits
//! for another one's worker.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use super::stream::Stream;
use crate::assets::Pages;

/// Bytes kept back at most; what does not fit is not kept back.
const CAPACITY: usize = 64 * 1024;

/// The bytes that are kept back. Owns no memory while there are none.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    kept: Vec<u8>,
    written: usize,
}

impl Outbox {
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Bytes still to be written.
    pub fn left(&self) -> usize {
        self.kept.len() - self.written
    }

    /// Writes `slices`, or keeps them back if `hold` says that more is coming at once.
    pub fn write(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        slices: &[IoSlice<'_>],
        pages: Option<&Pages>,
        hold: bool,
    ) -> Poll<io::Result<usize>> {
        if hold || !self.is_empty() {
            let len = slices.iter().map(|slice| slice.len()).sum::<usize>();
            if self.kept.len() + len <= CAPACITY {
                for slice in slices {
                    self.kept.extend_from_slice(slice);
                }
                return Poll::Ready(Ok(len));
            }
            ready!(self.flush(cx, stream))?;
        }
        stream.poll_write(cx, slices, pages)
    }

    /// Writes what is kept back.
    pub fn flush(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<io::Result<()>> {
        while self.written < self.kept.len() {
            let rest = IoSlice::new(&self.kept[self.written..]);
            match ready!(stream.poll_write(cx, &[rest], None))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.written += n,
            }
        }
        *self = Self::default();
        Poll::Ready(Ok(()))
    }
}
