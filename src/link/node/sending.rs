//! What is sent next: what is asked and answered first, then what was said.

use bytes::Bytes;

use super::{BATCH, BATCH_BYTES, Batch, Channel, Node, PART_BYTES};
use crate::link::words::{Frame, Stream};

impl Node {
    /// What is to be sent next; empty if there is nothing.
    pub fn batch(&mut self) -> Batch {
        let mut left = BATCH_BYTES;
        let mut frames = Vec::new();
        while frames.len() < BATCH
            && left > 0
            && let Some((channel, bytes)) = self.next_control()
        {
            left = left.saturating_sub(bytes.len());
            frames.push((channel, bytes));
        }
        let (unsent, end) = self.outgoing.batch(BATCH, BATCH_BYTES);
        frames.extend(unsent.into_iter().map(|(stream, bytes)| {
            let channel = match stream {
                Stream::Lane(lane) => Channel::Lane(lane),
                Stream::To(instance) => Channel::Inbox(instance),
            };
            (channel, bytes)
        }));
        Batch { frames, end }
    }

    fn next_control(&mut self) -> Option<(Channel, Bytes)> {
        loop {
            if let Some(first) = self.control.pop_front() {
                return Some(first);
            }
            if let Some(resend) = self.resends.front_mut() {
                let (to, stream) = (resend.to, resend.stream);
                let first = self.outgoing.first(stream);
                if resend.next < first {
                    resend.next = first;
                    self.control(Channel::Inbox(to), &Frame::Lost(stream, first - 1));
                    continue;
                }
                // the rest comes by itself
                let sent = resend.next <= self.outgoing.sent(stream);
                let frame = self.outgoing.frame(stream, resend.next).filter(|_| sent);
                if let Some(frame) = frame {
                    resend.next += 1;
                    self.tally.resent += 1;
                    return Some((Channel::Inbox(to), frame.clone()));
                }
                self.resends.pop_front();
                continue;
            }
            let (to, lane) = self.states.pop_front()?;
            let seq = self.outgoing.last(Stream::Lane(lane));
            let parts = self.tables[usize::from(lane)].parts(PART_BYTES);
            let count = parts.len();
            for (part, topics) in parts.into_iter().enumerate() {
                let frame = Frame::State {
                    lane,
                    seq,
                    part: part as u32,
                    last: part + 1 == count,
                    topics,
                };
                self.control(Channel::Inbox(to), &frame);
            }
        }
    }
}
