//! What an I/O thread has to do for its peers, in the order in which the registry decided it.
//! Posts come from any thread and are taken all at once; only the first into an empty mailbox
//! wakes the thread.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use super::code::Goodbye;
use super::id::PeerId;
use super::inbound::Inbound;
use super::message::{Head, Message};

/// What a post weighs beside its message.
const POST_BYTES: usize = 128;

/// What a topic's peers need to know of it.
#[derive(Debug)]
pub(super) struct TopicCard {
    pub id: u64,
    pub name: Arc<str>,
    pub head: Head,
}

/// A message a topic had before the peer came (back).
#[derive(Debug)]
pub(super) struct Past {
    pub seq: u64,
    pub moment: u64,
    pub message: Message,
}

/// How a stream begins: its topics, what each peer is told of them, and what it missed.
#[derive(Debug)]
pub(super) struct Opening {
    pub topics: Vec<(Arc<TopicCard>, Message)>,
    /// By the topic's place in `topics`, in the order in which it was published.
    pub missed: Vec<(usize, Past)>,
    /// Up to where the peer has seen its topics before it gets what it missed, and behind that.
    pub moments: (u64, u64),
}

/// One thing to do.
#[derive(Debug)]
pub(super) enum Post {
    /// To all subscribers on this thread but one.
    Publish {
        topic: u64,
        seq: u64,
        moment: u64,
        message: Message,
        except: Option<PeerId>,
    },
    /// The peer has the topic from here on; first it gets the answer and what it missed. The
    /// wish counts against what the peer may have waiting until then.
    Subscribe {
        peer: PeerId,
        topic: Arc<TopicCard>,
        answer: Option<Message>,
        missed: Vec<Past>,
        #[expect(dead_code, reason = "it counts until it is dropped")]
        wish: Option<Inbound>,
    },
    /// The peer, which is a stream, has its topics from here on.
    Stream { peer: PeerId, opening: Box<Opening> },
    /// The peer has the topic no more.
    Unsubscribe { peer: PeerId, topic: u64 },
    /// To one peer.
    Send { peer: PeerId, message: Message },
    /// The answer to a wish of a peer; it is not left out. The wish counts against what the
    /// peer may have waiting until then.
    Answer {
        peer: PeerId,
        message: Message,
        #[expect(dead_code, reason = "it counts until it is dropped")]
        wish: Option<Inbound>,
    },
    /// To all peers on this thread but one that had joined by then.
    Broadcast {
        message: Message,
        except: Option<PeerId>,
        joined: u64,
    },
    /// Close one peer.
    Close { peer: PeerId, goodbye: Goodbye },
    /// Close all peers on this thread that had joined by then.
    CloseAll { goodbye: Goodbye, joined: u64 },
}

impl Post {
    /// What counts against the bound of the mailbox. Orders that an app gives once for each
    /// peer are bounded by the peers and weigh no more than they are.
    fn weight(&self) -> usize {
        let message = match self {
            Post::Publish { message, .. }
            | Post::Send { message, .. }
            | Post::Answer { message, .. }
            | Post::Broadcast { message, .. } => message.len(),
            Post::Subscribe { answer, missed, .. } => {
                let missed = missed.iter().map(|past| past.message.len());
                answer.as_ref().map_or(0, Message::len) + missed.sum::<usize>()
            }
            Post::Stream { opening, .. } => {
                let answers = opening.topics.iter().map(|(_, answer)| answer.len());
                let missed = opening.missed.iter().map(|(_, past)| past.message.len());
                answers.sum::<usize>() + missed.sum::<usize>()
            }
            Post::Unsubscribe { .. } | Post::Close { .. } | Post::CloseAll { .. } => 0,
        };
        POST_BYTES + message
    }
}

/// The posts for one I/O thread.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    posts: Mutex<Vec<Post>>,
    /// What the posts weigh that were not yet carried out.
    weight: AtomicUsize,
    waker: AtomicWaker,
}

impl Mailbox {
    /// Bytes of a message that still fits; `None`: not even an empty one does. Posts are only
    /// put in under the lock of the registry, so it still does when it is put in.
    pub fn room(&self, bound: usize) -> Option<usize> {
        bound.checked_sub(self.weight.load(Ordering::Relaxed) + POST_BYTES)
    }

    /// Whether everything that was put in has been carried out.
    pub fn is_settled(&self) -> bool {
        self.weight.load(Ordering::Relaxed) == 0
    }

    /// Adds a post. Whether the thread must be woken; waking costs a system call, so it is
    /// left to when no lock is held.
    #[must_use = "nobody else wakes the thread"]
    pub fn put(&self, post: Post) -> bool {
        self.weight.fetch_add(post.weight(), Ordering::Relaxed);
        let mut posts = self.posts.lock();
        posts.push(post);
        posts.len() == 1
    }

    pub fn wake(&self) {
        self.waker.wake();
    }

    /// Waits until there are posts.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.posts.lock().is_empty() {
            return Poll::Ready(());
        }
        self.waker.register(cx.waker());
        // What came in between found the waker before.
        if self.posts.lock().is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    /// Takes all posts. `spare` is an empty list whose memory the next ones use.
    pub fn take(&self, spare: &mut Vec<Post>) {
        mem::swap(&mut *self.posts.lock(), spare);
    }

    /// These posts have been carried out.
    pub fn settle(&self, posts: &[Post]) {
        let weight = posts.iter().map(Post::weight).sum();
        self.weight.fetch_sub(weight, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_once_for_a_batch() {
        let mailbox = Mailbox::default();
        let post = || Post::Broadcast {
            message: Message::text("x".repeat(72)),
            except: None,
            joined: 0,
        };
        assert!(mailbox.put(post()));
        assert!(!mailbox.put(post()));
        assert_eq!(mailbox.room(528), Some(0));
        assert_eq!(mailbox.room(527), None);
        let mut posts = Vec::new();
        mailbox.take(&mut posts);
        assert_eq!(posts.len(), 2);
        // taken is not yet carried out
        assert_eq!(mailbox.room(528), Some(0));
        mailbox.settle(&posts);
        assert_eq!(mailbox.room(528), Some(400));
        assert!(mailbox.put(post()));
    }
}
