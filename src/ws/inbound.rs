//! Messages from a peer on their way to a hook, and the credit that bounds them: what no hook
//! has taken holds up the reading of the socket, never memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Waker;

use bytes::Bytes;
use futures_util::task::AtomicWaker;

use super::limits::Limits;

/// What a peer sent, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Valid UTF-8.
    Text(Bytes),
    /// Any bytes.
    Binary(Bytes),
}

impl Data {
    /// The bytes of either.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Data::Text(bytes) | Data::Binary(bytes) => bytes,
        }
    }
}

/// A message from a peer. It counts against what the peer may have waiting until it is dropped.
#[derive(Debug)]
pub struct Inbound {
    /// What it says.
    pub data: Data,
    credit: Arc<Credit>,
    /// Bytes it counts for.
    charged: usize,
}

impl Inbound {
    /// It counts for `more` bytes: what it asks for is larger than the question.
    pub(super) fn charge(&mut self, more: usize) {
        self.charged += more;
        self.credit.bytes.fetch_add(more, Ordering::SeqCst);
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        self.credit.give_back(self.charged);
    }
}

/// What one peer has waiting for a hook.
#[derive(Debug, Default)]
pub(super) struct Credit {
    messages: AtomicUsize,
    bytes: AtomicUsize,
    paused: AtomicBool,
    waker: AtomicWaker,
}

impl Credit {
    /// Charges a message.
    pub fn charge(self: &Arc<Self>, data: Data) -> Inbound {
        self.messages.fetch_add(1, Ordering::SeqCst);
        let charged = data.bytes().len();
        self.bytes.fetch_add(charged, Ordering::SeqCst);
        Inbound {
            data,
            credit: self.clone(),
            charged,
        }
    }

    /// Whether nothing may be read; then `waker` is woken when something was given back.
    pub fn is_spent(&self, limits: &Limits, waker: &Waker) -> bool {
        if !self.is_over(limits) {
            return false;
        }
        self.waker.register(waker);
        self.paused.store(true, Ordering::SeqCst);
        // What was given back before `paused` was seen woke nobody.
        self.is_over(limits)
    }

    fn is_over(&self, limits: &Limits) -> bool {
        self.messages.load(Ordering::SeqCst) >= limits.unread_messages
            || self.bytes.load(Ordering::SeqCst) >= limits.unread_bytes
    }

    fn give_back(&self, len: usize) {
        self.messages.fetch_sub(1, Ordering::SeqCst);
        self.bytes.fetch_sub(len, Ordering::SeqCst);
        if self.paused.swap(false, Ordering::SeqCst) {
            self.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn pauses_at_either_bound_and_wakes_once() {
        let limits = Limits {
            unread_messages: 2,
            unread_bytes: 10,
            ..Limits::default()
        };
        let woken = Arc::new(Count::default());
        let waker = Waker::from(woken.clone());
        let credit = Arc::new(Credit::default());
        let text = |len| Data::Text(vec![b'x'; len].into());
        let first = credit.charge(text(1));
        assert!(!credit.is_spent(&limits, &waker));
        let second = credit.charge(text(1));
        assert!(credit.is_spent(&limits, &waker));
        drop(first);
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(!credit.is_spent(&limits, &waker));
        drop(second);
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        let long = credit.charge(text(10));
        assert!(credit.is_spent(&limits, &waker));
        drop(long);
        assert_eq!(woken.0.load(Ordering::SeqCst), 2);
        // a short question for something long
        let mut short = credit.charge(text(1));
        short.charge(9);
        assert!(credit.is_spent(&limits, &waker));
        drop(short);
        assert_eq!(woken.0.load(Ordering::SeqCst), 3);
        assert_eq!(credit.bytes.load(Ordering::SeqCst), 0);
    }
}
