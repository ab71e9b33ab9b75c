//! The hub's half on one I/O thread: the peers whose sockets live there, from joining to leaving,
//! and the time that passes for them. What was decided about them is carried out in `posts.rs`,
//! without locks.

mod audience;
mod posts;
mod streams;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use tokio::task::yield_now;

use super::code::{CloseCode, Closed, Goodbye};
use super::heartbeat::Beat;
use super::hub::{Hub, JoinError, TooManyThreads};
use super::id::PeerId;
use super::inbound::Inbound;
use super::mailbox::Mailbox;
use super::member::Member;
use super::roster::Admission;
use super::run::Writer;
use super::sse::Ids;
use super::transport::Transport;
use crate::telemetry::counters;
use audience::Audience;

/// Posts carried out before the peers' tasks get their turn.
const POSTS_PER_TURN: usize = 1024;

/// What peers tell the app. Called on I/O threads: whoever implements it hands over and returns.
pub trait Hooks: Send + Sync {
    /// A message came. Dropping it lets the peer go on.
    fn message(&self, peer: PeerId, message: Inbound);
    /// No more have come for now on this thread: who has to be woken for them can be.
    fn heard(&self);
    /// A peer that was left messages out has taken all that waited for it.
    fn drained(&self, peer: PeerId);
    /// The peer has gone, and has left its topics. The last that is heard of it; `context` is
    /// what the app kept with it.
    fn closed(&self, peer: PeerId, closed: Closed, context: Bytes);
}

/// One I/O thread's peers.
pub struct Local {
    hub: Arc<Hub>,
    hooks: Arc<dyn Hooks>,
    thread: usize,
    mailbox: Arc<Mailbox>,
    now: Cell<Instant>,
    members: RefCell<FxHashMap<PeerId, Rc<Member>>>,
    topics: RefCell<FxHashMap<u64, Audience>>,
    writer: RefCell<Writer>,
    ids: Ids,
    /// Where all sockets of the thread are read into; what stays is copied out.
    pub(super) intake: RefCell<Box<[u8]>>,
}

/// Bytes read from a socket at once.
const INTAKE: usize = 64 * 1024;

/// A peer that has joined. Dropping it leaves.
pub struct Joined {
    pub(super) local: Rc<Local>,
    pub(super) member: Rc<Member>,
}

impl Local {
    /// Makes the calling thread one of the hub's I/O threads.
    pub fn attach(
        hub: Arc<Hub>,
        hooks: Arc<dyn Hooks>,
        now: Instant,
    ) -> Result<Rc<Self>, TooManyThreads> {
        let (thread, mailbox) = hub.attach()?;
        let ids = Ids::new(hub.epoch());
        Ok(Rc::new(Self {
            ids,
            hub,
            hooks,
            thread,
            mailbox,
            now: Cell::new(now),
            members: RefCell::default(),
            topics: RefCell::default(),
            writer: RefCell::default(),
            intake: RefCell::new(vec![0; INTAKE].into()),
        }))
    }

    /// The hub of the process.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Runs a hook. False if it panicked, which is nobody's fault but ours and ends nobody but
    /// the peer it was about.
    pub(super) fn guard(&self, hook: impl FnOnce(&dyn Hooks)) -> bool {
        let ran = catch_unwind(AssertUnwindSafe(|| hook(&*self.hooks)));
        if ran.is_err() {
            counters().panics.increment();
        }
        ran.is_ok()
    }

    /// The time of the last sweep.
    pub(super) fn now(&self) -> Instant {
        self.now.get()
    }

    /// A peer whose handshake is done joins.
    pub fn join(self: &Rc<Self>, admission: Admission) -> Result<Joined, JoinError> {
        let transport = admission.transport;
        let (id, nth) = self.hub.join(admission, self.thread)?;
        let member = Rc::new(Member::new(id, transport, nth, self.now.get()));
        self.members.borrow_mut().insert(id, member.clone());
        Ok(Joined {
            local: self.clone(),
            member,
        })
    }

    /// Carries out posts for as long as the thread lives.
    pub async fn run(&self) {
        let mut posts = Vec::new();
        loop {
            poll_fn(|cx| self.mailbox.poll_ready(cx)).await;
            self.mailbox.take(&mut posts);
            for turn in posts.chunks(POSTS_PER_TURN) {
                self.carry_out(turn);
                self.mailbox.settle(turn);
                // the peers write
                yield_now().await;
            }
            posts.clear();
            if posts.capacity() > POSTS_PER_TURN {
                posts = Vec::new();
            }
        }
    }

    /// Carries out what there is, without waiting.
    pub fn turn(&self) {
        let mut posts = Vec::new();
        self.mailbox.take(&mut posts);
        self.carry_out(&posts);
        self.mailbox.settle(&posts);
    }

    /// Time has passed. Pings the silent, closes the idle, drops the dead.
    pub fn sweep(&self, now: Instant) {
        self.now.set(now);
        let moment = self.hub.sweep(now, &self.mailbox);
        let limits = self.hub.limits();
        for member in self.members.borrow().values() {
            let mut heartbeat = member.heartbeat.get();
            if member.transport == Transport::Stream {
                if !member.begun.get() {
                    continue;
                }
                // it never says anything
                heartbeat.act(now);
            }
            match heartbeat.beat(now, limits) {
                Beat::Nothing => {
                    if heartbeat.is_quiet(now) && !member.quiet.replace(true) {
                        member.stir();
                    }
                    continue;
                }
                // what waits already is as good, and many of them would never be taken
                Beat::Ping if heartbeat.is_paused() && !member.queue.borrow().is_empty() => {}
                Beat::Ping => {
                    let ping = self.ping(member, moment);
                    member.queue.borrow_mut().push_control(ping);
                }
                Beat::Idle => member.close(Goodbye::new(CloseCode::AWAY, "idle for too long")),
                Beat::Dead => member.dead.set(true),
            }
            member.heartbeat.set(heartbeat);
            member.stir();
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.hub.detach(self.thread);
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        let id = self.member.id;
        self.local.members.borrow_mut().remove(&id);
        for topic in self.member.topics.take() {
            self.local.unsubscribe(id, topic);
        }
        let context = self.local.hub.leave(id).unwrap_or_default();
        let closed = self.member.closed.take().unwrap_or_else(Closed::lost);
        // A panic may be what drops it; a second one would end the process.
        self.local.guard(|hooks| hooks.closed(id, closed, context));
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("thread", &self.thread)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Joined").field(&self.member.id).finish()
    }
}

impl Joined {
    /// Who it is.
    pub fn id(&self) -> PeerId {
        self.member.id
    }

    /// It leaves before it has been served, as it may not have what it came for.
    pub fn refuse(self, reason: &str) {
        let goodbye = Goodbye::new(CloseCode::POLICY, reason);
        *self.member.closed.borrow_mut() = Some(Closed {
            code: goodbye.code.value(),
            reason: goodbye.reason.to_string(),
            was_clean: false,
        });
    }
}
