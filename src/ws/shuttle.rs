//! What tungstenite takes for its socket. Reads come from the real one, through the buffer
//! that all peers of the thread share; writes, which are pongs and goodbyes, join the queue
//! behind whole frames, so that they never stand inside one.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};

use super::frames::Frames;
use super::queue::Queue;

/// Fills of the intake in one turn; then others have theirs.
const FILLS: usize = 4;

/// What has been read and not yet looked at.
pub(super) struct Intake<'a> {
    buffer: &'a mut [u8],
    start: usize,
    end: usize,
    fills: usize,
    /// Bytes came.
    pub heard: bool,
    /// More may be there than one turn takes.
    pub again: bool,
}

impl<'a> Intake<'a> {
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer,
            start: 0,
            end: 0,
            fills: 0,
            heard: false,
            again: false,
        }
    }

    /// Keeps what was not looked at in `left` for the peer's next turn.
    pub fn put_by(self, left: &mut Bytes) {
        if self.start < self.end {
            debug_assert!(left.is_empty(), "what is left is read first");
            *left = Bytes::copy_from_slice(&self.buffer[self.start..self.end]);
        }
    }
}

pub(super) struct Shuttle<'a, 'c, 'w, S> {
    pub stream: &'a mut S,
    pub cx: &'a mut Context<'w>,
    pub queue: &'a mut Queue,
    /// Told of all that is read.
    pub frames: &'a mut Frames,
    pub left: &'a mut Bytes,
    pub intake: &'a mut Intake<'c>,
}

impl<S: AsyncRead + Unpin> Shuttle<'_, '_, '_, S> {
    /// Waits until there is something to look at, or the end.
    pub fn fill(&mut self) -> io::Result<()> {
        let intake = &mut *self.intake;
        if !self.left.is_empty() || intake.start < intake.end {
            return Ok(());
        }
        if intake.fills == FILLS {
            intake.again = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut buffer = ReadBuf::new(intake.buffer);
        match Pin::new(&mut *self.stream).poll_read(self.cx, &mut buffer) {
            Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
            Poll::Ready(read) => read?,
        }
        (intake.start, intake.end) = (0, buffer.filled().len());
        intake.fills += 1;
        intake.heard |= intake.end > 0;
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> Read for Shuttle<'_, '_, '_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let len = if self.left.is_empty() {
            let intake = &mut *self.intake;
            let len = out.len().min(intake.end - intake.start);
            out[..len].copy_from_slice(&intake.buffer[intake.start..][..len]);
            intake.start += len;
            len
        } else {
            let len = out.len().min(self.left.len());
            self.left.copy_to_slice(&mut out[..len]);
            if self.left.is_empty() {
                // gives the memory back
                *self.left = Bytes::new();
            }
            len
        };
        self.frames.pass(&out[..len]);
        Ok(len)
    }
}

impl<S> Write for Shuttle<'_, '_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.queue.push_control(Bytes::copy_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
