//! What comes from one stream of another instance: each number once and in order. What came too early
//! is held, what is missing is asked for, and what is gone for good is counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::words::Body;

/// What is missing is asked for again after so long.
const AGAIN: Duration = Duration::from_millis(500);

/// Frames of a stream that are held while an earlier one is missing. Those beyond it are dropped
/// and come again: what is sent anew is everything from the missing one on.
const HELD_FRAMES: usize = 4096;

/// Bytes of them.
const HELD_BYTES: usize = 8 << 20;

/// So long without any progress, what is missing is taken for lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// One stream of another instance.
#[derive(Debug, Default)]
pub struct Incoming {
    /// The number that comes next; `None`: where it begins is not known.
    next: Option<u64>,
    /// The last number that is known to have been sent.
    head: u64,
    held: BTreeMap<u64, (Body, usize)>,
    held_bytes: usize,
    /// Since when something is missing, or since it last went on.
    missing: Option<Instant>,
    asked: Option<Instant>,
    /// It went on since it was last asked.
    went_on: bool,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was next; it has been given on, with all that waited for it.
    Next,
    /// Something before it is missing.
    Early,
    /// It was here before.
    Again,
}

impl Incoming {
    /// One whose first number is 1.
    pub fn from_first() -> Self {
        Self {
            next: Some(1),
            ..Self::default()
        }
    }

    /// A frame of so many bytes. What may be given on now is put into `out`.
    pub fn take(
        &mut self,
        seq: u64,
        body: Body,
        bytes: usize,
        out: &mut Vec<(u64, Body)>,
    ) -> Taken {
        self.head = self.head.max(seq);
        let next = *self.next.get_or_insert(seq);
        if seq < next {
            return Taken::Again;
        }
        if seq > next {
            let room = self.held.len() < HELD_FRAMES && self.held_bytes + bytes <= HELD_BYTES;
            if self.held.contains_key(&seq) {
                return Taken::Again;
            }
            if room {
                self.held_bytes += bytes;
                self.held.insert(seq, (body, bytes));
            }
            return Taken::Early;
        }
        out.push((seq, body));
        self.go_on(seq + 1, out);
        Taken::Next
    }

    /// The stream goes on at that number, with all that waited for it.
    fn go_on(&mut self, next: u64, out: &mut Vec<(u64, Body)>) {
        let mut next = next;
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > next {
                break;
            }
            let (seq, (body, bytes)) = entry.remove_entry();
            self.held_bytes -= bytes;
            if seq == next {
                out.push((seq, body));
                next += 1;
            }
        }
        self.next = Some(next);
        // there is progress: patience and questions begin anew
        self.missing = None;
        self.went_on = true;
    }

    /// That number has been sent, and everything before it.
    pub fn heard_of(&mut self, head: u64) {
        self.head = self.head.max(head);
        self.next.get_or_insert(head + 1);
    }

    /// Everything up to that number is gone for good. Returns how many of it were missing.
    pub fn lost(&mut self, upto: u64, out: &mut Vec<(u64, Body)>) -> u64 {
        let Some(next) = self.next.filter(|next| *next <= upto) else {
            return 0;
        };
        self.head = self.head.max(upto);
        let held = self.held.range(..=upto).count() as u64;
        // what did come of it is still worth having
        let early: Vec<u64> = self.held.range(..=upto).map(|(seq, _)| *seq).collect();
        for seq in early {
            if let Some((body, bytes)) = self.held.remove(&seq) {
                self.held_bytes -= bytes;
                out.push((seq, body));
            }
        }
        self.go_on(upto + 1, out);
        upto + 1 - next - held
    }

    /// Where to begin anew, if something is missing and it is time to ask.
    pub fn ask(&mut self, now: Instant) -> Option<u64> {
        let next = self.next?;
        if next > self.head {
            self.missing = None;
            self.asked = None;
            return None;
        }
        self.missing.get_or_insert(now);
        let went_on = std::mem::take(&mut self.went_on);
        match self.asked {
            // what was asked for is coming
            Some(_) if went_on => {
                self.asked = Some(now);
                None
            }
            Some(asked) if now.saturating_duration_since(asked) < AGAIN => None,
            _ => {
                self.asked = Some(now);
                Some(next)
            }
        }
    }

    /// Nothing has come of it for so long that it is not to be waited for: the number up to which it
    /// is given up.
    pub fn hopeless(&self, now: Instant) -> Option<u64> {
        let missing = self.missing?;
        if now.saturating_duration_since(missing) < PATIENCE {
            return None;
        }
        let first_held = self.held.keys().next();
        Some(first_held.map_or(self.head, |held| held - 1))
    }

    /// There was nobody to ask: patience begins anew.
    pub fn be_patient(&mut self) {
        self.missing = None;
        self.asked = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(seq: u64) -> Body {
        Body::Forget(seq as u32)
    }

    fn take(incoming: &mut Incoming, seq: u64) -> (Taken, Vec<u64>) {
        let mut out = Vec::new();
        let taken = incoming.take(seq, body(seq), 10, &mut out);
        assert!(out.iter().all(|(seq, it)| *it == body(*seq)));
        (taken, out.into_iter().map(|(seq, _)| seq).collect())
    }

    #[test]
    fn each_once_and_in_order() {
        let mut incoming = Incoming::default();
        assert_eq!(take(&mut incoming, 5), (Taken::Next, vec![5]));
        assert_eq!(take(&mut incoming, 5), (Taken::Again, vec![]));
        assert_eq!(take(&mut incoming, 4), (Taken::Again, vec![]));
        assert_eq!(take(&mut incoming, 8), (Taken::Early, vec![]));
        assert_eq!(take(&mut incoming, 7), (Taken::Early, vec![]));
        assert_eq!(take(&mut incoming, 8), (Taken::Again, vec![]));
        assert_eq!(take(&mut incoming, 6), (Taken::Next, vec![6, 7, 8]));
    }

    #[test]
    fn asks_for_what_is_missing_until_it_is_there() {
        let mut incoming = Incoming::from_first();
        let now = Instant::now();
        assert_eq!(incoming.ask(now), None);
        incoming.heard_of(2);
        assert_eq!(incoming.ask(now), Some(1));
        assert_eq!(incoming.ask(now), None, "not so soon");
        assert_eq!(incoming.ask(now + AGAIN), Some(1));
        take(&mut incoming, 1);
        assert_eq!(incoming.ask(now + AGAIN * 2), None, "it is coming");
        assert_eq!(incoming.ask(now + AGAIN * 3), Some(2));
        take(&mut incoming, 2);
        assert_eq!(incoming.ask(now + AGAIN * 9), None);
        incoming.heard_of(3);
        assert_eq!(incoming.ask(now + AGAIN * 9), Some(3), "at once");
    }

    #[test]
    fn one_that_is_new_has_missed_nothing() {
        let mut incoming = Incoming::default();
        incoming.heard_of(41);
        assert_eq!(incoming.ask(Instant::now()), None);
        assert_eq!(take(&mut incoming, 42), (Taken::Next, vec![42]));
    }

    #[test]
    fn what_is_lost_is_counted_and_left_behind() {
        let mut incoming = Incoming::from_first();
        take(&mut incoming, 3);
        take(&mut incoming, 6);
        let mut out = Vec::new();
        assert_eq!(incoming.lost(4, &mut out), 3);
        assert_eq!(out, [(3, body(3))]);
        assert_eq!(incoming.lost(4, &mut out), 0);
        assert_eq!(take(&mut incoming, 5), (Taken::Next, vec![5, 6]));
    }

    #[test]
    fn gives_up_only_after_long_silence() {
        let mut incoming = Incoming::from_first();
        let now = Instant::now();
        take(&mut incoming, 3);
        incoming.ask(now);
        assert_eq!(incoming.hopeless(now + PATIENCE / 2), None);
        assert_eq!(incoming.hopeless(now + PATIENCE), Some(2));
        incoming.be_patient();
        assert_eq!(incoming.hopeless(now + PATIENCE), None);
    }

    #[test]
    fn holds_no_more_than_its_bound() {
        let mut incoming = Incoming::from_first();
        for seq in 2..HELD_FRAMES as u64 + 10 {
            take(&mut incoming, seq);
        }
        assert_eq!(incoming.held.len(), HELD_FRAMES);
        let (_, given) = take(&mut incoming, 1);
        assert_eq!(given.len(), HELD_FRAMES + 1);
        // what was dropped is asked for
        assert_eq!(incoming.ask(Instant::now()), Some(HELD_FRAMES as u64 + 2));
    }
}
