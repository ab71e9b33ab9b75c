//! What happens in the hub, noted for the link's thread: a short lock, no waiting. It is bounded; what
//! has no room is counted as lost, and nobody here notices.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::Notify;

use super::words::{Body, Instance, Letter};
use crate::ws::{FarPeer, Message, Relay};

/// What a word weighs beside its bytes.
const WORD_BYTES: usize = 128;

/// Something to be told.
#[derive(Debug)]
pub(super) enum Word {
    Publish(Arc<str>, Letter),
    Broadcast(Letter),
    Direct(Instance, Body),
}

/// Topics that may stand differently, and users in them.
pub(super) type Dirty = FxHashMap<Arc<str>, FxHashSet<Arc<str>>>;

/// What was noted since it was last looked at.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub words: Vec<Word>,
    bytes: usize,
    pub dirty: Dirty,
    /// Words that had no room.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Ending {
    wanted: bool,
    done: bool,
}

/// Between the hub's threads and the link's.
#[derive(Debug)]
pub(super) struct Intake {
    noted: Mutex<Noted>,
    most: usize,
    pub news: Notify,
    /// Instances that are there.
    known: RwLock<FxHashSet<Instance>>,
    ending: Mutex<Ending>,
    ended: Condvar,
}

impl Intake {
    /// Holds words of so many bytes.
    pub fn new(most: usize) -> Self {
        Self {
            noted: Mutex::default(),
            most,
            news: Notify::new(),
            known: RwLock::default(),
            ending: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    fn note(&self, word: Word, bytes: usize) {
        let mut noted = self.noted.lock();
        let weight = WORD_BYTES + bytes;
        if noted.bytes + weight > self.most {
            noted.lost += 1;
            return;
        }
        noted.bytes += weight;
        noted.words.push(word);
    }

    /// For an instance. Whether it is there.
    pub fn direct(&self, to: Instance, body: Body, bytes: usize) -> bool {
        if !self.knows(to) {
            return false;
        }
        self.note(Word::Direct(to, body), bytes);
        self.news.notify_one();
        true
    }

    /// What was noted. Topics are left for another time unless `all` is wanted.
    pub fn take(&self, all: bool) -> Noted {
        let mut noted = self.noted.lock();
        let dirty = if all {
            mem::take(&mut noted.dirty)
        } else {
            Dirty::default()
        };
        Noted {
            words: mem::take(&mut noted.words),
            bytes: mem::take(&mut noted.bytes),
            dirty,
            lost: mem::take(&mut noted.lost),
        }
    }

    /// Whether the instance is there.
    pub fn knows(&self, instance: Instance) -> bool {
        self.known.read().contains(&instance)
    }

    /// Instances that are there.
    pub fn instances(&self) -> Vec<Instance> {
        self.known.read().iter().copied().collect()
    }

    pub fn set_known(&self, known: FxHashSet<Instance>) {
        *self.known.write() = known;
    }

    /// Asks the thread to end and waits for that, for so long.
    pub fn end(&self, patience: Duration) {
        let mut ending = self.ending.lock();
        ending.wanted = true;
        self.news.notify_one();
        if !ending.done {
            self.ended.wait_for(&mut ending, patience);
        }
    }

    pub fn is_ending(&self) -> bool {
        self.ending.lock().wanted
    }

    pub fn set_ended(&self) {
        self.ending.lock().done = true;
        self.ended.notify_all();
    }
}

/// A message as it is told.
pub(super) fn letter(message: &Message, except: Option<FarPeer>) -> Letter {
    Letter {
        kind: message.kind(),
        data: message.data().clone(),
        key: message.key().cloned(),
        except,
    }
}

impl Relay for Intake {
    fn published(&self, topic: &str, message: &Message, except: Option<FarPeer>) {
        let word = Word::Publish(topic.into(), letter(message, except));
        self.note(word, message.len());
    }

    fn broadcast(&self, message: &Message, except: Option<FarPeer>) {
        self.note(Word::Broadcast(letter(message, except)), message.len());
    }

    fn changed(&self, topic: &Arc<str>, user: Option<&Arc<str>>) {
        let mut noted = self.noted.lock();
        let users = match noted.dirty.get_mut(topic) {
            Some(users) => users,
            None => noted.dirty.entry(topic.clone()).or_default(),
        };
        users.extend(user.cloned());
    }

    fn wake(&self) {
        self.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_no_more_than_its_bound() {
        let intake = Intake::new(2 * (WORD_BYTES + 4));
        let message = Message::text("four".into());
        for _ in 0..5 {
            intake.published("a", &message, None);
        }
        let noted = intake.take(true);
        assert_eq!((noted.words.len(), noted.lost), (2, 3));
        intake.published("a", &message, None);
        assert_eq!(intake.take(true).words.len(), 1);
    }

    #[test]
    fn topics_wait_until_they_are_wanted() {
        let intake = Intake::new(1000);
        let (topic, ann): (Arc<str>, Arc<str>) = ("a".into(), "ann".into());
        intake.changed(&topic, None);
        intake.changed(&topic, Some(&ann));
        intake.changed(&topic, Some(&ann));
        assert!(intake.take(false).dirty.is_empty());
        let dirty = intake.take(true).dirty;
        assert_eq!(dirty[&topic].len(), 1);
        assert!(intake.take(true).dirty.is_empty());
    }

    #[test]
    fn only_those_that_are_there_are_told_anything() {
        let intake = Intake::new(1000);
        assert!(!intake.direct(7, Body::Forget(1), 0));
        intake.set_known([7].into_iter().collect());
        assert!(intake.direct(7, Body::Forget(1), 0));
        assert_eq!(intake.take(false).words.len(), 1);
    }
}
