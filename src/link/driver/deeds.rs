//! What others have told, done here: published, sent, noted, handed to the desk.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Driver;
use crate::link::node::Event;
use crate::link::words::{Body, Instance, Letter};
use crate::telemetry::counters;
use crate::telemetry::log;
use crate::ws::{CloseCode, Goodbye, Message, PeerId, PublishError, TopicName};

/// How long something from elsewhere waits for the I/O threads here to have room.
const ROOM: Duration = Duration::from_secs(2);
const ROOM_STEP: Duration = Duration::from_millis(5);

/// Changes that are told to the hub under one lock.
const CHANGES: usize = 128;

impl Driver {
    /// Does here what others have told.
    pub(super) async fn carry_out(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let mut events: VecDeque<Event> = std::mem::take(&mut self.events).into();
        let mut others = false;
        while let Some(event) = events.pop_front() {
            match event {
                Event::Publish(topic, letter) => self.deliver(Some(&topic), letter).await,
                Event::Broadcast(letter) => self.deliver(None, letter).await,
                Event::Changed(changes) => {
                    let mut changes = changes.into_iter().peekable();
                    while changes.peek().is_some() {
                        self.hub.take_note(changes.by_ref().take(CHANGES));
                    }
                }
                Event::Direct(from, body) => self.direct(from, body).await,
                Event::Came(instance) => {
                    others = true;
                    log::info("hub joined", &[("hub", &Hex(instance))]);
                }
                Event::Gone(instance) => {
                    others = true;
                    log::info("hub left", &[("hub", &Hex(instance))]);
                    if let Some(desk) = self.desk.upgrade() {
                        desk.gone(instance);
                    }
                }
                Event::Missed(instance, count) => {
                    counters().redis_lost.add(count);
                    let hub = Hex(instance);
                    log::warn(
                        "messages of another hub are lost",
                        &[("hub", &hub), ("count", &count)],
                    );
                }
            }
        }
        if others {
            let known = self.node.instances().collect();
            self.intake.set_known(known);
            let count = self.node.instances().count();
            let raise = || counters().redis_instances.raise();
            self.instances.resize_with(count, raise);
        }
    }

    async fn deliver(&mut self, topic: Option<&str>, letter: Letter) {
        let Some(message) = message(&letter) else {
            counters().redis_ignored.increment();
            return;
        };
        let epoch = self.hub.epoch();
        let except = letter.except.filter(|it| it.epoch == epoch);
        let except = except.map(|it| it.peer);
        let hub = self.hub.clone();
        match topic.map(TopicName::parse) {
            Some(Ok(topic)) => {
                self.with_room(|| hub.deliver(&topic, message.clone(), except))
                    .await;
            }
            None => {
                self.with_room(|| hub.deliver_all(&message, except)).await;
            }
            Some(Err(_)) => counters().redis_ignored.increment(),
        }
    }

    /// Waits for the I/O threads to have room. Meanwhile nothing is taken from Redis, which has its
    /// own bound; what it drops then is asked for again.
    async fn with_room(&mut self, mut deliver: impl FnMut() -> Result<(), PublishError>) {
        let until = Instant::now() + ROOM;
        loop {
            match deliver() {
                Ok(()) => return,
                Err(PublishError::Overloaded) if Instant::now() < until => sleep(ROOM_STEP).await,
                Err(_) => return self.loss(1),
            }
        }
    }

    async fn direct(&mut self, from: Instance, body: Body) {
        let Some(desk) = self.desk.upgrade() else {
            return;
        };
        match body {
            Body::Send(peer, letter) => {
                let Some(message) = message(&letter) else {
                    counters().redis_ignored.increment();
                    return;
                };
                self.send(peer, message).await;
            }
            Body::Close(peer, code, reason) => {
                if let Some(code) = CloseCode::new(code) {
                    self.hub.disconnect(peer, Goodbye::new(code, &reason));
                }
            }
            Body::Ask(id, peer, data) => desk.asked(from, id, peer, &data),
            Body::Forget(id) => desk.forgotten(from, id),
            Body::Reply(id, outcome) => desk.answered(from, id, outcome),
            Body::Survey(id, slot) => desk.surveyed(from, id, slot),
            // of a kind that does not belong there
            _ => counters().redis_ignored.increment(),
        }
    }

    async fn send(&mut self, peer: PeerId, message: Message) {
        let hub = self.hub.clone();
        self.with_room(|| hub.send(peer, message.clone()).map(|_| ()))
            .await;
    }
}

fn message(letter: &Letter) -> Option<Message> {
    let message = Message::from_parts(letter.kind, letter.data.clone())?;
    Some(match &letter.key {
        Some(key) => message.keyed(key.clone()),
        None => message,
    })
}

struct Hex(Instance);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
