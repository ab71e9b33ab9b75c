//! What this instance has told and may have to tell again: a ring of numbered frames of all its
//! streams, bounded in bytes and in time, and where in it Redis is. No clock and no I/O.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::words::Stream;

/// What a frame in the ring weighs beside its bytes.
const ENTRY_BYTES: usize = 96;

#[derive(Debug)]
struct Entry {
    stream: Stream,
    bytes: Bytes,
    /// When Redis had it.
    sent: Option<Instant>,
}

/// The numbers of one stream.
#[derive(Debug, Default)]
struct Numbers {
    /// The last that was given.
    last: u64,
    /// The last that Redis has had.
    sent: u64,
    /// Where in the ring the latest of them are, counted from the ring's beginning of time.
    places: VecDeque<u64>,
}

/// Frames that are numbered, kept and sent.
#[derive(Debug)]
pub struct Outgoing {
    entries: VecDeque<Entry>,
    /// Entries that have ever left the ring: the place of its first.
    gone: u64,
    /// The place of the first entry that Redis has not had.
    unsent: u64,
    bytes: usize,
    most: usize,
    age: Duration,
    streams: FxHashMap<Stream, Numbers>,
}

impl Outgoing {
    /// Keeps `most` bytes, each frame for `age` after it has been sent.
    pub fn new(most: usize, age: Duration) -> Self {
        Self {
            entries: VecDeque::new(),
            gone: 0,
            unsent: 0,
            bytes: 0,
            most,
            age,
            streams: FxHashMap::default(),
        }
    }

    /// The number that the next frame of the stream will have.
    pub fn next(&self, stream: Stream) -> u64 {
        self.last(stream) + 1
    }

    /// The number of the last frame.
    pub fn last(&self, stream: Stream) -> u64 {
        self.streams.get(&stream).map_or(0, |it| it.last)
    }

    /// The number of the last frame that Redis has had.
    pub fn sent(&self, stream: Stream) -> u64 {
        self.streams.get(&stream).map_or(0, |it| it.sent)
    }

    /// Keeps the frame with the stream's next number. Returns how many frames that nobody has been
    /// sent had to make room.
    pub fn add(&mut self, stream: Stream, bytes: Bytes) -> usize {
        let place = self.gone + self.entries.len() as u64;
        let numbers = self.streams.entry(stream).or_default();
        numbers.last += 1;
        numbers.places.push_back(place);
        self.bytes += ENTRY_BYTES + bytes.len();
        self.entries.push_back(Entry {
            stream,
            bytes,
            sent: None,
        });
        let mut lost = 0;
        // the newest always has room
        while self.bytes > self.most && self.entries.len() > 1 {
            lost += usize::from(self.forget_first());
        }
        lost
    }

    /// Forgets the oldest. Whether nobody has been sent it.
    fn forget_first(&mut self) -> bool {
        let Some(entry) = self.entries.pop_front() else {
            return false;
        };
        self.gone += 1;
        self.bytes -= ENTRY_BYTES + entry.bytes.len();
        if let Some(numbers) = self.streams.get_mut(&entry.stream) {
            numbers.places.pop_front();
        }
        let unsent = self.unsent < self.gone;
        if unsent {
            self.unsent = self.gone;
        }
        unsent
    }

    /// Time has passed: what was sent long ago is forgotten.
    pub fn expire(&mut self, now: Instant) {
        while let Some(entry) = self.entries.front()
            && let Some(sent) = entry.sent
            && now.saturating_duration_since(sent) >= self.age
        {
            self.forget_first();
        }
    }

    /// The next unsent frames, up to so many and so many bytes, but at least one, and the place
    /// behind them for [`Outgoing::sent_up_to`].
    pub fn batch(&self, most: usize, bytes: usize) -> (Vec<(Stream, Bytes)>, u64) {
        let from = (self.unsent - self.gone) as usize;
        let mut left = bytes;
        let mut batch = Vec::new();
        for entry in self.entries.range(from..).take(most) {
            if !batch.is_empty() && entry.bytes.len() > left {
                break;
            }
            left = left.saturating_sub(entry.bytes.len());
            batch.push((entry.stream, entry.bytes.clone()));
        }
        let end = self.unsent + batch.len() as u64;
        (batch, end)
    }

    /// Redis has had everything before that place.
    pub fn sent_up_to(&mut self, place: u64, now: Instant) {
        let end = place.min(self.gone + self.entries.len() as u64);
        while self.unsent < end {
            let at = (self.unsent - self.gone) as usize;
            let entry = &mut self.entries[at];
            entry.sent = Some(now);
            if let Some(numbers) = self.streams.get_mut(&entry.stream) {
                // what came later is behind it in both
                let behind = numbers.places.partition_point(|it| *it <= self.unsent);
                numbers.sent = numbers.last - (numbers.places.len() - behind) as u64;
            }
            self.unsent += 1;
        }
    }

    /// The frame with that number, if it is still kept.
    pub fn frame(&self, stream: Stream, seq: u64) -> Option<&Bytes> {
        let numbers = self.streams.get(&stream)?;
        let first = numbers.last + 1 - numbers.places.len() as u64;
        let at = usize::try_from(seq.checked_sub(first)?).ok()?;
        let place = numbers.places.get(at)?;
        let entry = self.entries.get((place - self.gone) as usize)?;
        Some(&entry.bytes)
    }

    /// The number of the oldest frame that is kept, or would be.
    pub fn first(&self, stream: Stream) -> u64 {
        let numbers = self.streams.get(&stream);
        numbers.map_or(1, |it| it.last + 1 - it.places.len() as u64)
    }

    /// Instances to which something was told of late, and the last number they were sent.
    pub fn directs(&self) -> Vec<(u64, u64)> {
        let directs = self.streams.iter().filter_map(|(stream, numbers)| {
            let Stream::To(instance) = stream else {
                return None;
            };
            (!numbers.places.is_empty()).then_some((*instance, numbers.sent))
        });
        directs.collect()
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Frames that Redis has not had.
    pub fn waiting(&self) -> usize {
        self.entries.len() - (self.unsent - self.gone) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Stream = Stream::Lane(0);
    const B: Stream = Stream::To(7);
    const AGE: Duration = Duration::from_secs(10);

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    fn batch(ring: &Outgoing, most: usize) -> Vec<Bytes> {
        ring.batch(most, 1000)
            .0
            .into_iter()
            .map(|it| it.1)
            .collect()
    }

    #[test]
    fn sends_in_order_and_again_until_it_is_said_to_be_there() {
        let mut ring = Outgoing::new(10_000, AGE);
        let now = Instant::now();
        for (stream, text) in [(A, "a1"), (B, "b1"), (A, "a2")] {
            ring.add(stream, bytes(text));
        }
        assert_eq!(batch(&ring, 2), ["a1", "b1"]);
        assert_eq!(batch(&ring, 2), ["a1", "b1"]);
        assert_eq!((ring.sent(A), ring.last(A)), (0, 2));
        let (_, end) = ring.batch(2, 1000);
        ring.sent_up_to(end, now);
        assert_eq!((ring.sent(A), ring.sent(B)), (1, 1));
        assert_eq!(batch(&ring, 2), ["a2"]);
        assert_eq!(ring.waiting(), 1);
        assert_eq!(ring.frame(A, 2), Some(&bytes("a2")));
        assert_eq!(ring.frame(A, 3), None);
        assert_eq!(ring.frame(A, 0), None);
        assert_eq!(ring.directs(), [(7, 1)]);
    }

    #[test]
    fn forgets_what_was_sent_long_ago_but_nothing_unsent() {
        let mut ring = Outgoing::new(10_000, AGE);
        let now = Instant::now();
        ring.add(A, bytes("a1"));
        ring.add(A, bytes("a2"));
        ring.sent_up_to(1, now);
        ring.expire(now + AGE * 9);
        assert_eq!(ring.frame(A, 1), None);
        assert_eq!(ring.frame(A, 2), Some(&bytes("a2")));
        assert_eq!(ring.first(A), 2);
        ring.sent_up_to(2, now);
        ring.expire(now + AGE);
        assert_eq!((ring.first(A), ring.next(A), ring.bytes()), (3, 3, 0));
        assert_eq!(batch(&ring, 9), Vec::<Bytes>::new());
    }

    #[test]
    fn the_oldest_makes_room_and_is_counted_if_it_was_not_sent() {
        let mut ring = Outgoing::new(2 * (ENTRY_BYTES + 2), AGE);
        let now = Instant::now();
        assert_eq!(ring.add(A, bytes("a1")), 0);
        ring.sent_up_to(1, now);
        assert_eq!(ring.add(A, bytes("a2")), 0);
        assert_eq!(ring.add(B, bytes("b1")), 0, "the first had been sent");
        assert_eq!(ring.add(B, bytes("b2")), 1);
        assert_eq!(batch(&ring, 9), ["b1", "b2"]);
        assert_eq!(ring.first(A), 3);
        assert_eq!(ring.add(A, Bytes::from(vec![0; 999])), 2);
        assert_eq!(ring.waiting(), 1, "one always has room");
        assert_eq!(ring.first(A), 3);
        assert_eq!(ring.frame(A, 3).map(Bytes::len), Some(999));
    }
}
