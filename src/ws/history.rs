//! What a topic remembers: its last messages, so that a peer which comes again gets what it
//! missed, or is told that it cannot.

use std::collections::VecDeque;
use std::time::Instant;

use super::limits::Replay;
use super::mailbox::Past;
use super::message::Message;

/// What a remembered message weighs beside its bytes.
const ENTRY_BYTES: usize = 96;

/// The last messages of one topic, without gaps.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: VecDeque<Entry>,
    /// The number of the last entry.
    last: u64,
    /// The moment of the latest message that is not remembered: whoever has seen the topic up to
    /// it, or later, can be told all it has missed.
    forgotten: u64,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    moment: u64,
    message: Message,
}

impl History {
    /// One of a topic of which nothing was remembered after `forgotten`.
    pub fn new(forgotten: u64) -> Self {
        Self {
            forgotten,
            ..Self::default()
        }
    }

    /// Remembers the message with the next number, which is published at that moment.
    pub fn add(
        &mut self,
        (seq, moment): (u64, u64),
        message: &Message,
        now: Instant,
        room: &mut Room,
    ) {
        if room.replay.size == 0 {
            self.forgotten = moment;
            return;
        }
        debug_assert!(self.entries.is_empty() || seq == self.last + 1);
        let weight = ENTRY_BYTES + message.len();
        while !self.entries.is_empty()
            && (self.entries.len() >= room.replay.size || room.used + weight > room.bytes)
        {
            self.forget(room);
        }
        if room.used + weight > room.bytes {
            self.forgotten = moment;
            return;
        }
        room.used += weight;
        self.last = seq;
        self.entries.push_back(Entry {
            at: now,
            moment,
            message: message.clone(),
        });
    }

    /// Forgets what is older than the time to live.
    pub fn expire(&mut self, now: Instant, room: &mut Room) {
        let ttl = room.replay.ttl;
        while let Some(entry) = self.entries.front()
            && now.saturating_duration_since(entry.at) >= ttl
        {
            self.forget(room);
        }
    }

    fn forget(&mut self, room: &mut Room) {
        if let Some(entry) = self.entries.pop_front() {
            room.used -= ENTRY_BYTES + entry.message.len();
            self.forgotten = entry.moment;
        }
    }

    /// The moment of the latest message that is not remembered.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What came after number `since` up to `present`, the topic's last; `None` if some of it
    /// is gone, `since` has not been yet, or it is more than `bytes`.
    pub fn since(&self, since: u64, present: u64, bytes: usize) -> Option<Vec<Past>> {
        let missed = usize::try_from(present.checked_sub(since)?).ok()?;
        if missed == 0 {
            return Some(Vec::new());
        }
        if self.last != present || missed > self.entries.len() {
            return None;
        }
        self.latest(missed, bytes, Message::len)
    }

    /// What came after that moment; `None` if some of it is gone, or it is more than `bytes` as
    /// `weigh` counts them.
    pub fn after(
        &self,
        moment: u64,
        bytes: usize,
        weigh: impl Fn(&Message) -> usize,
    ) -> Option<Vec<Past>> {
        if moment < self.forgotten {
            return None;
        }
        let seen = self.entries.partition_point(|entry| entry.moment <= moment);
        self.latest(self.entries.len() - seen, bytes, weigh)
    }

    /// So many entries, which are there.
    fn latest(
        &self,
        count: usize,
        bytes: usize,
        weigh: impl Fn(&Message) -> usize,
    ) -> Option<Vec<Past>> {
        let entries = self.entries.range(self.entries.len() - count..);
        let total: usize = entries.clone().map(|entry| weigh(&entry.message)).sum();
        if total > bytes {
            return None;
        }
        let numbers = self.last - count as u64 + 1..;
        let latest = numbers.zip(entries).map(|(seq, entry)| Past {
            seq,
            moment: entry.moment,
            message: entry.message.clone(),
        });
        Some(latest.collect())
    }
}

/// The memory that all histories share.
#[derive(Debug)]
pub(super) struct Room {
    pub replay: Replay,
    pub bytes: usize,
    pub used: usize,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn room(size: usize, bytes: usize) -> Room {
        let ttl = Duration::from_secs(10);
        Room {
            replay: Replay { size, ttl },
            bytes,
            used: 0,
        }
    }

    fn seqs(history: &History, since: u64, present: u64) -> Option<Vec<u64>> {
        let missed = history.since(since, present, 1000)?;
        Some(missed.iter().map(|past| past.seq).collect())
    }

    #[test]
    fn keeps_the_last_ones() {
        let (mut history, mut room) = (History::default(), room(3, 10_000));
        for seq in 1..=5 {
            history.add(
                (seq, seq),
                &Message::text("x".into()),
                Instant::now(),
                &mut room,
            );
        }
        assert_eq!(seqs(&history, 5, 5), Some(vec![]));
        assert_eq!(seqs(&history, 2, 5), Some(vec![3, 4, 5]));
        assert_eq!(seqs(&history, 1, 5), None, "one of them is gone");
        assert_eq!(seqs(&history, 6, 5), None, "not yet");
        assert!(history.since(2, 5, 2).is_none(), "too much at once");
    }

    #[test]
    fn forgets_in_time() {
        let (mut history, mut room) = (History::default(), room(3, 10_000));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        history.add((1, 1), &Message::text("x".into()), at(0), &mut room);
        history.add((2, 2), &Message::text("x".into()), at(5), &mut room);
        history.expire(at(10), &mut room);
        assert_eq!(seqs(&history, 1, 2), Some(vec![2]));
        assert_eq!(seqs(&history, 0, 2), None);
        history.expire(at(15), &mut room);
        assert!(history.is_empty());
        assert_eq!(room.used, 0);
        assert_eq!(seqs(&history, 2, 2), Some(vec![]));
        assert_eq!(seqs(&history, 1, 2), None);
    }

    #[test]
    fn shares_its_memory() {
        let now = Instant::now();
        let mut room = room(10, 2 * (ENTRY_BYTES + 4));
        let (mut one, mut two) = (History::default(), History::default());
        let message = Message::text("four".into());
        one.add((1, 1), &message, now, &mut room);
        two.add((1, 1), &message, now, &mut room);
        two.add((2, 2), &message, now, &mut room);
        assert_eq!(seqs(&one, 0, 1), Some(vec![1]));
        assert_eq!(seqs(&two, 1, 2), Some(vec![2]), "it gave way to itself");
        assert_eq!(seqs(&two, 0, 2), None);
        let mut three = History::default();
        three.add((1, 1), &message, now, &mut room);
        assert_eq!(seqs(&three, 0, 1), None, "there was no room");
        // larger than all there is
        two.add((3, 3), &Message::text("x".repeat(999)), now, &mut room);
        assert_eq!(seqs(&two, 2, 3), None);
        assert_eq!(seqs(&two, 3, 3), Some(vec![]));
    }

    #[test]
    fn knows_what_came_after_a_moment() {
        let now = Instant::now();
        let (mut history, mut room) = (History::new(5), room(3, 10_000));
        let moments = |history: &History, moment| {
            let missed = history.after(moment, 1000, Message::len)?;
            let past = missed.iter().map(|past| (past.seq, past.moment));
            Some(past.collect::<Vec<_>>())
        };
        assert_eq!(moments(&history, 4), None, "what was before is not known");
        assert_eq!(moments(&history, 5), Some(vec![]));
        // between them, other topics had theirs
        for (seq, moment) in [(8, 10), (9, 20), (10, 30), (11, 40)] {
            let message = Message::text("x".into());
            history.add((seq, moment), &message, now, &mut room);
        }
        assert_eq!(moments(&history, 9), None, "one of them is gone");
        assert_eq!(
            moments(&history, 10),
            Some(vec![(9, 20), (10, 30), (11, 40)])
        );
        assert_eq!(moments(&history, 25), Some(vec![(10, 30), (11, 40)]));
        assert_eq!(moments(&history, 40), Some(vec![]));
        assert_eq!(moments(&history, 99), Some(vec![]));
        assert!(history.after(10, 3, |_| 1).is_some());
        assert!(history.after(10, 5, |_| 2).is_none(), "too much at once");
        // one that is too large for all there is
        let large = Message::text("x".repeat(20_000));
        history.add((12, 50), &large, now, &mut room);
        assert_eq!(moments(&history, 40), None);
        assert_eq!(moments(&history, 50), Some(vec![]));
    }
}
