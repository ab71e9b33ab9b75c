//! What a connection writes, and for how long it keeps a reply back because the next one follows
//! at once: replies to pipelined requests leave together.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use super::{Connection, Phase};
use crate::server::stream::gone;

impl Connection {
    /// Writes to the client, or keeps it back for what follows at once.
    pub fn poll_write(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let hold = self.holds_back();
        let build = self.app.build();
        let pages = build.site.assets.pages();
        let written = self
            .with_stream(|stream| {
                self.outbox
                    .borrow_mut()
                    .write(cx, stream, slices, pages, hold)
            })
            .unwrap_or_else(gone);
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.sent();
        }
        written
    }

    /// Sees that all that was written has gone.
    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut outbox = self.outbox.borrow_mut();
        if !outbox.is_empty() {
            let before = outbox.left();
            let flushed = self
                .with_stream(|stream| outbox.flush(cx, stream))
                .unwrap_or_else(gone);
            if outbox.left() < before {
                self.sent();
            }
            ready!(flushed)?;
        }
        if self.phase.get() == Phase::Flush {
            self.enter(Phase::Idle);
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the next request has come already. Bodies that hold empty lines can make it
    /// seem so; then a reply goes out a moment later, in `settle`.
    pub fn holds_back(&self) -> bool {
        self.heads.get() > self.begun.get()
    }

    /// So many request heads have come, at least.
    pub fn set_heads(&self, heads: u64) {
        self.heads.set(heads);
    }

    /// Nothing more can be done now, so nothing waits for company any longer.
    pub(in crate::server) fn settle(&self, cx: &mut Context<'_>) {
        if self.outbox.borrow().is_empty() {
            return;
        }
        // A broken stream shows when it is next read or written.
        let _ = self.poll_flush(cx);
        if self.phase.get() == Phase::Idle {
            self.begun.set(self.heads.get());
        }
    }
}
