//! What a worker has, and what becomes of it when the worker dies. An exchange belongs to a
//! worker from the moment it is taken; one that was not answered then ends as lost, and its
//! own task decides what the client gets. A stream breaks.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::event::Event;
use super::slots::{ExchangeId, OutEnd, RawBody, Slots};
use super::worker::{Standing, Worker};

/// Who has an exchange.
#[derive(Debug, Default)]
pub(super) enum Holder {
    /// Nobody yet: it waits to be taken.
    #[default]
    None,
    Worker(Arc<Worker>),
    /// Nobody will: its client has left, or waited long enough.
    Nobody,
}

/// Whose fault a worker's death may be, among the exchanges it had. A suspect is given to nobody
/// else, or a request that kills would walk through the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Suspects {
    /// None of them: it died of something else.
    #[default]
    None,
    /// The one it was running.
    One(ExchangeId),
    /// Any: it died in a way that does not tell.
    All,
}

/// An exchange whose worker died before answering it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// The worker may have died of it: nobody else may get it.
    pub suspected: bool,
}

/// What came of giving an exchange to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// It has it.
    Yes,
    /// Nobody waits for it any more.
    Unwanted,
    /// The worker was given up meanwhile; another has to take it.
    Gone,
}

impl Slots {
    /// Gives the exchange to `worker`.
    pub(super) fn bind(&self, id: ExchangeId, worker: &Arc<Worker>) -> Bound {
        let bound = self.with(id, |state| {
            if !matches!(state.holder, Holder::None) {
                return None;
            }
            // Under the lock of the state: `lose` looks at it after the worker has been marked,
            // so that one of the two sees the other.
            if worker.standing() == Standing::Gone {
                return Some(Err(Bound::Gone));
            }
            worker.takes();
            state.holder = Holder::Worker(worker.clone());
            Some(Ok((state.in_waker.take(), state.hung_up)))
        });
        let (reader, hung_up) = match bound.flatten() {
            Some(Ok(told)) => told,
            Some(Err(gone)) => return gone,
            None => return Bound::Unwanted,
        };
        if hung_up {
            worker.send(Event::Hangup(id));
        }
        // who feeds its body has waited to know whom to feed
        if let Some(reader) = reader {
            reader.wake();
        }
        Bound::Yes
    }

    /// Waits until the exchange has a worker. `None`: it will never have one.
    pub(super) fn poll_holder(
        &self,
        id: ExchangeId,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Arc<Worker>>> {
        self.with(id, |state| match &state.holder {
            Holder::Worker(worker) => Poll::Ready(Some(worker.clone())),
            Holder::Nobody => Poll::Ready(None),
            Holder::None => {
                state.in_waker = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .unwrap_or(Poll::Ready(None))
    }

    /// Whether the exchange still waits to be taken.
    pub(super) fn is_waiting(&self, id: ExchangeId) -> bool {
        self.with(id, |state| matches!(state.holder, Holder::None))
            .unwrap_or(false)
    }

    /// Ends an exchange that still waits to be taken: nobody will. Returns whether it did.
    pub(super) fn forsake(&self, id: ExchangeId) -> bool {
        let wakers = self.with(id, |state| {
            if !matches!(state.holder, Holder::None) {
                return None;
            }
            state.holder = Holder::Nobody;
            state.forsaken = true;
            Some([state.waker.take(), state.in_waker.take()])
        });
        let Some(wakers) = wakers.flatten() else {
            return false;
        };
        for waker in wakers.into_iter().flatten() {
            waker.wake();
        }
        true
    }

    /// Ends what a dead worker has left. Returns how much of it has no whole answer.
    pub(super) fn lose(&self, worker: &Arc<Worker>, suspects: Suspects) -> usize {
        let mut lost = 0;
        for id in self.held() {
            let suspected = match suspects {
                Suspects::None => false,
                Suspects::One(suspect) => suspect == id,
                Suspects::All => true,
            };
            let wakers = self.with(id, |state| {
                let held = matches!(&state.holder, Holder::Worker(own) if Arc::ptr_eq(own, worker));
                if !held {
                    return None;
                }
                let whole = match &state.reply {
                    Some(reply) if !matches!(reply.body, RawBody::Stream) => true,
                    _ => state.out_end == Some(OutEnd::Complete),
                };
                state.lost = Some(Lost { suspected });
                // what has been answered whole reaches its client; a stream must not look whole
                state.out_end.get_or_insert(OutEnd::Failed);
                state.in_cancelled = true;
                Some((whole, state.waker.take(), state.in_waker.take()))
            });
            if let Some(Some((whole, reply, body))) = wakers {
                lost += usize::from(!whole);
                for waker in [reply, body].into_iter().flatten() {
                    waker.wake();
                }
            }
        }
        lost
    }
}
