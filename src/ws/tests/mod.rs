//! The parts together: the hub against a simple model, over threads, and over sockets.

mod bounds;
mod client;
mod endings;
mod joined;
mod life;
mod model;
mod overflow;
mod peers;
mod resume;
mod streams;
mod threads;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use super::raw::payloads;
use super::*;

/// What hooks were told.
#[derive(Debug, Default)]
pub struct Told {
    pub messages: Mutex<Vec<(PeerId, Data)>>,
    pub drained: Mutex<Vec<PeerId>>,
    pub closed: Mutex<Vec<(PeerId, Closed)>>,
    pub contexts: Mutex<Vec<Bytes>>,
    /// Hooks panic.
    pub broken: AtomicBool,
    /// Messages are kept here, as by an app that is busy.
    pub keep: Mutex<Option<Vec<Inbound>>>,
}

impl Hooks for Told {
    fn message(&self, peer: PeerId, message: Inbound) {
        assert!(!self.broken.load(Relaxed), "a hook that panics");
        self.messages.lock().push((peer, message.data.clone()));
        if let Some(kept) = &mut *self.keep.lock() {
            kept.push(message);
        }
    }

    fn heard(&self) {}

    fn drained(&self, peer: PeerId) {
        self.drained.lock().push(peer);
    }

    fn closed(&self, peer: PeerId, closed: Closed, context: Bytes) {
        self.closed.lock().push((peer, closed));
        assert!(!self.broken.load(Relaxed), "a hook that panics");
        self.contexts.lock().push(context);
    }
}

pub fn topic(name: &str) -> TopicName<'_> {
    TopicName::parse(name).expect("a good name")
}

pub fn text(text: impl ToString) -> Message {
    Message::text(text.to_string())
}

/// An event that its number tells from others.
pub fn event(n: u32) -> Message {
    Message::event(format!("{{\"n\":{n}}}")).expect("an object")
}

/// The last three messages of a topic are remembered for a minute.
pub fn replaying() -> Limits {
    Limits {
        replay: Replay {
            size: 3,
            ttl: Duration::from_secs(60),
        },
        ..Limits::default()
    }
}

pub fn one_thread(limits: Limits) -> (Arc<Hub>, Rc<Local>, Arc<Told>) {
    let now = Instant::now();
    let hub = Hub::new(limits, 1, now);
    let told = Arc::new(Told::default());
    let local = Local::attach(hub.clone(), told.clone(), now).expect("one thread");
    (hub, local, told)
}

/// Somebody of this address.
pub fn of(address: &str) -> Admission {
    Admission {
        address: Some(address.into()),
        ..Admission::default()
    }
}

pub fn join(local: &Rc<Local>) -> Joined {
    local.join(Admission::default()).expect("room for a peer")
}

pub fn subscribe(hub: &Hub, peer: &Joined, name: &str) -> Subscribed {
    hub.subscribe(peer.id(), &topic(name), &Subscription::default())
        .expect("room for a topic")
}

/// The peer is told who comes to the topic and who leaves it.
pub fn watch(hub: &Hub, peer: &Joined, name: &str) {
    let fresh = Subscription::default();
    let watching = hub.subscribe(peer.id(), &topic(name).presence(), &fresh);
    watching.expect("room for a topic");
}

/// To all who have the topic. The number it got.
pub fn publish(hub: &Hub, name: &str, message: Message) -> u64 {
    let published = hub.publish(&topic(name), message, None);
    published.expect("room").seq
}

/// What waits for the peer.
pub fn taken(peer: &Joined) -> Vec<String> {
    payloads(&peer.member.queue.borrow_mut().drain())
}
