//! What waits for one peer's socket: whole frames, bounded in bytes, written in as few system
//! calls as the socket takes. Here the policies for slow readers are carried out.

use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use super::id::PeerId;
use super::limits::Overflow;
use super::run::Run;

/// Pieces that one system call writes.
const SLICES: usize = 64;

/// An empty queue keeps the memory of so many entries.
const KEPT: usize = 8;

/// Replaced entries that are tolerated before the queue is gone through.
const GAPS: usize = 32;

/// What a key belongs to, and the key.
type Key = (u64, Arc<str>);

#[derive(Debug)]
struct Entry {
    bytes: Bytes,
    key: Option<Key>,
    /// The rest of a frame that the entry before it began.
    continues: bool,
    /// It answers something that the peer has sent.
    answer: bool,
}

/// Frames on their way to one peer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    /// How many entries have left, so that an index stays good while they do.
    left: u64,
    /// Bytes that wait.
    bytes: usize,
    /// Those of them that answer something the peer has sent, and are never left out.
    answers: usize,
    /// The first entry has been written in part.
    begun: bool,
    /// The socket took less than it was offered.
    blocked: bool,
    /// Since then it has taken more.
    moved: bool,
    /// Something was skipped or replaced since the queue was last empty.
    lossy: bool,
    /// Frames that were left out since the peer was last told of it.
    skipped: usize,
    /// Waiting entries by key.
    #[expect(clippy::box_collection, reason = "most queues never have one")]
    keyed: Option<Box<HashMap<Key, u64>>>,
    /// Replaced entries that are still in the way.
    gaps: usize,
}

/// What became of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pushed {
    /// Frames that were left out.
    pub skipped: usize,
    /// The peer is to be closed.
    pub overflow: bool,
}

impl Queue {
    /// Bytes that wait and answer something the peer has sent: as long as there are many, it is
    /// not read.
    pub fn answers(&self) -> usize {
        self.answers
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds frames that are not subject to the bound: control frames, whose number is
    /// bounded by whoever causes them.
    pub fn push_control(&mut self, bytes: Bytes) {
        self.append(bytes, None, false);
        self.is_answer();
    }

    /// Adds an answer to something that the peer has sent, as [`Queue::push_control`].
    pub fn push_answer(&mut self, run: &Run) {
        self.append(run.bytes().clone(), None, false);
        self.is_answer();
        if let Some(rest) = run.rest() {
            self.append(rest.clone(), None, true);
            self.is_answer();
        }
    }

    /// What was just added is one.
    fn is_answer(&mut self) {
        if let Some(entry) = self.entries.back_mut() {
            entry.answer = true;
            self.answers += entry.bytes.len();
        }
    }

    /// Adds the frames of a run that are for `peer`.
    pub fn push_run(&mut self, run: &Run, peer: PeerId, bound: usize, policy: Overflow) -> Pushed {
        let coalesce = policy == Overflow::Coalesce && self.blocked;
        let split = run.has_exception(peer) || coalesce && run.has_keys();
        if !split && self.fits(run.len(), bound, run.frames() == 1) {
            self.append(run.bytes().clone(), None, false);
            if let Some(rest) = run.rest() {
                self.append(rest.clone(), None, true);
            }
            return Pushed::default();
        }
        let mut pushed = Pushed::default();
        for frame in run.iter() {
            if frame.except == Some(peer) {
                continue;
            }
            let key = frame.key.filter(|_| coalesce);
            let key = key.map(|key| (run.topic(), key.clone()));
            if let Some(key) = &key {
                self.replace(key);
            }
            let len = frame.bytes.len() + frame.rest.map_or(0, Bytes::len);
            if !self.fits(len, bound, true) {
                self.lossy = true;
                self.skipped += 1;
                pushed.skipped += 1;
                if policy == Overflow::Close {
                    pushed.overflow = true;
                    return pushed;
                }
                continue;
            }
            self.append(frame.bytes, key, false);
            if let Some(rest) = frame.rest {
                self.append(rest.clone(), None, true);
            }
        }
        pushed
    }

    /// One frame may always wait, else one beyond the bound could never be sent.
    fn fits(&self, len: usize, bound: usize, one: bool) -> bool {
        self.bytes + len <= bound || one && self.is_empty()
    }

    fn append(&mut self, bytes: Bytes, key: Option<Key>, continues: bool) {
        self.bytes += bytes.len();
        if let Some(key) = &key {
            let at = self.left + self.entries.len() as u64;
            self.keyed.get_or_insert_default().insert(key.clone(), at);
        }
        self.entries.push_back(Entry {
            bytes,
            key,
            continues,
            answer: false,
        });
    }

    /// Takes out the waiting frame of that key, in as many pieces as it is, unless it is half
    /// written.
    fn replace(&mut self, key: &Key) {
        let Some(at) = self.keyed.as_mut().and_then(|keyed| keyed.remove(key)) else {
            return;
        };
        let at = (at - self.left) as usize;
        if at == 0 && self.begun {
            return;
        }
        let more = self.entries.iter().skip(at + 1);
        let pieces = 1 + more.take_while(|entry| entry.continues).count();
        for entry in self.entries.iter_mut().skip(at).take(pieces) {
            self.bytes -= entry.bytes.len();
            entry.bytes = Bytes::new();
            entry.key = None;
            self.gaps += 1;
            self.lossy = true;
        }
        if self.gaps > GAPS && self.gaps * 2 > self.entries.len() {
            self.close_gaps();
        }
    }

    /// Without this, a peer that reads nothing would be owed ever more of nothing.
    fn close_gaps(&mut self) {
        self.entries.retain(|entry| !entry.bytes.is_empty());
        self.gaps = 0;
        if let Some(keyed) = &mut self.keyed {
            keyed.clear();
            for (at, entry) in (self.left..).zip(&self.entries) {
                if let Some(key) = &entry.key {
                    keyed.insert(key.clone(), at);
                }
            }
        }
    }

    /// Drops what no byte was written of: the peer is to hear nothing more but a goodbye.
    /// What has been begun is finished, or the goodbye would stand inside another frame.
    pub fn clear(&mut self) {
        let begun = self.begun || self.entries.front().is_some_and(|entry| entry.continues);
        let mut kept = usize::from(begun);
        while kept > 0 && self.entries.get(kept).is_some_and(|entry| entry.continues) {
            kept += 1;
        }
        self.entries.truncate(kept);
        self.bytes = self.entries.iter().map(|entry| entry.bytes.len()).sum();
        let answers = self.entries.iter().filter(|entry| entry.answer);
        self.answers = answers.map(|entry| entry.bytes.len()).sum();
        self.keyed = None;
        self.gaps = 0;
    }

    /// Writes what the socket takes; ready when nothing waits any more. Then says whether
    /// something was left out, so that whoever sends may go on.
    pub fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<bool>> {
        while !self.entries.is_empty() {
            let written = match self.poll_write(cx, stream) {
                Poll::Ready(written) => written?,
                Poll::Pending => {
                    self.blocked = true;
                    return Poll::Pending;
                }
            };
            if written == 0 && self.bytes > 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.moved |= self.blocked && written > 0;
            self.advance(written);
        }
        if self.entries.capacity() > KEPT {
            self.entries.shrink_to(KEPT);
        }
        self.keyed = None;
        self.gaps = 0;
        self.blocked = false;
        Poll::Ready(Ok(std::mem::take(&mut self.lossy)))
    }

    /// The peer is quiet: an empty queue needs no memory.
    pub fn give_back(&mut self) {
        self.entries.shrink_to(0);
    }

    /// How many frames were left out since this was last asked.
    pub fn take_skipped(&mut self) -> usize {
        std::mem::take(&mut self.skipped)
    }

    /// Whether the socket has taken bytes after it had taken none, since this was last asked.
    /// That is a sign of the peer, which has made the room; what a socket takes at once says
    /// only that the kernel had some.
    pub fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    fn poll_write<S: AsyncWrite + Unpin>(
        &self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        if let [entry] = self.entries.as_slices().0 {
            // most often there is one
            if self.entries.len() == 1 {
                return Pin::new(stream).poll_write(cx, &entry.bytes);
            }
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = self.entries.iter().filter(|entry| !entry.bytes.is_empty());
        let mut count = 0;
        for (slice, entry) in slices.iter_mut().zip(filled) {
            *slice = IoSlice::new(&entry.bytes);
            count += 1;
        }
        if count == 0 {
            return Poll::Ready(Ok(0));
        }
        let written = ready!(Pin::new(stream).poll_write_vectored(cx, &slices[..count]));
        Poll::Ready(written)
    }

    pub(super) fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(entry) = self.entries.front_mut() {
            if entry.answer {
                self.answers -= written.min(entry.bytes.len());
            }
            if written < entry.bytes.len() {
                entry.bytes.advance(written);
                self.begun |= written > 0;
                return;
            }
            written -= entry.bytes.len();
            if entry.bytes.is_empty() {
                self.gaps = self.gaps.saturating_sub(1);
            }
            if let Some(key) = &entry.key
                && let Some(keyed) = &mut self.keyed
                && keyed.get(key) == Some(&self.left)
            {
                keyed.remove(key);
            }
            self.entries.pop_front();
            self.left += 1;
            self.begun = false;
        }
    }

    /// All bytes that wait, as a socket would get them.
    #[cfg(test)]
    pub fn drain(&mut self) -> Vec<u8> {
        let bytes = self.entries.iter().flat_map(|entry| entry.bytes.to_vec());
        let bytes = bytes.collect::<Vec<_>>();
        self.advance(bytes.len());
        bytes
    }

    /// Entries, whatever is in them.
    #[cfg(test)]
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// The socket takes nothing at present.
    #[cfg(test)]
    pub fn block(&mut self) {
        self.blocked = true;
    }
}
