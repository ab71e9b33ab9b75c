//! Whether a stream may have the topics that it is asked for with. Hooks are asked as for a socket's
//! wishes; the exchange that wants to begin the stream waits for all of them.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use super::state::WISHES;
use super::task::{Asker, Subscribe, Task};
use super::{Sockets, answers};
use crate::ws::{PeerId, SubscribeError, TopicName};

/// A topic that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoTopic {
    /// Which; none if it is about all of them.
    pub topic: Option<String>,
    /// Why, in a word of the frames.
    pub code: &'static str,
    /// Why, for people.
    pub reason: String,
    /// It is the clients of its address that have too many.
    pub of_address: bool,
}

impl NoTopic {
    /// `{"type":"__error","topic":…,"code":…,"reason":…}`, as a frame would say it.
    pub fn json(&self) -> String {
        answers::no_topic(self.topic.as_deref(), self.code, &self.reason)
    }
}

impl From<SubscribeError> for NoTopic {
    fn from(error: SubscribeError) -> Self {
        let (code, reason) = answers::refusal(error).unwrap_or(("lost", error.to_string()));
        Self {
            topic: None,
            code,
            reason,
            of_address: error == SubscribeError::Share,
        }
    }
}

/// Questions that wait for hooks.
#[derive(Debug)]
struct Questions {
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Debug)]
struct State {
    open: usize,
    refused: Option<NoTopic>,
}

/// One of them. Dropped without an answer, it is refused.
#[derive(Debug)]
pub(super) struct Question {
    topic: String,
    of: Option<Arc<Questions>>,
}

impl Questions {
    fn poll(&self, cx: &Context<'_>) -> Poll<Result<(), NoTopic>> {
        self.waker.register(cx.waker());
        let mut state = self.state.lock();
        match state.refused.take() {
            Some(refused) => Poll::Ready(Err(refused)),
            None if state.open == 0 => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }
}

impl Question {
    /// It may be had.
    pub fn allow(mut self) {
        self.settle(None);
    }

    /// It may not.
    pub fn refuse(mut self, code: &'static str, reason: &str) {
        self.settle(Some((code, reason)));
    }

    fn settle(&mut self, refused: Option<(&'static str, &str)>) {
        let Some(questions) = self.of.take() else {
            return;
        };
        {
            let mut state = questions.state.lock();
            state.open -= 1;
            if let Some((code, reason)) = refused {
                state.refused.get_or_insert_with(|| NoTopic {
                    topic: Some(std::mem::take(&mut self.topic)),
                    code,
                    reason: reason.to_owned(),
                    of_address: false,
                });
            }
        }
        questions.waker.wake();
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.settle(Some(("lost", "nobody was there to be asked")));
    }
}

impl Sockets {
    /// Waits until hooks have said that the peer, which is open, may have all these topics, or that
    /// it may not have one of them.
    pub async fn may_have(&self, peer: PeerId, topics: &[TopicName<'_>]) -> Result<(), NoTopic> {
        let names = topics.iter().map(TopicName::as_str);
        let asked: Vec<&str> = names.filter(|name| !self.public.contains(name)).collect();
        // as many at once as a peer may wish for
        for names in asked.chunks(WISHES as usize) {
            let questions = Arc::new(Questions {
                state: Mutex::new(State {
                    open: names.len(),
                    refused: None,
                }),
                waker: AtomicWaker::new(),
            });
            for name in names {
                let question = Question {
                    topic: (*name).to_owned(),
                    of: Some(questions.clone()),
                };
                let wish = Subscribe {
                    topic: (*name).into(),
                    asker: Asker::Stream(question),
                };
                // what comes back is dropped, and so refused
                drop(self.homes.tell(peer, Task::Subscribe(Box::new(wish))));
            }
            poll_fn(|cx| questions.poll(cx)).await?;
        }
        Ok(())
    }
}
