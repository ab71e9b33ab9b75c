//! What clients wish of the hub: granted here where it needs nobody's leave, else asked of a
//! hook. Every wish with a number is answered once, and while its answer is on the way it
//! counts against what the peer may have waiting.

use bytes::Bytes;

use super::frames::{self, BadFrame, Frame};
use super::state::Held;
use super::task::{Asker, Request, Subscribe, Task};
use super::{Sockets, answers};
use crate::dispatch::Worker;
use crate::telemetry::counters;
use crate::ws::{Data, Inbound, Message, PeerId, Position, PublishError, Subscription, TopicName};

const PRESENCE: &str = "__presence:";

/// Bytes of a hook's reason that a client is told at most.
const REASON_BYTES: usize = 1024;

impl Sockets {
    /// A frame of the hub's own came.
    pub(super) fn wish(&self, peer: PeerId, frame: Inbound) {
        let Data::Text(bytes) = &frame.data else {
            return;
        };
        let bytes = bytes.clone();
        // the hub takes no text that is no UTF-8
        let text = str::from_utf8(&bytes).unwrap_or_default();
        match frames::parse(text) {
            Ok(Frame::Subscribe { id, topic, since }) => {
                self.subscribe(peer, frame, id, &topic, since);
            }
            Ok(Frame::Unsubscribe { id, topic }) => self.leave(peer, frame, id, &topic),
            Ok(Frame::Presence { id, topic }) => self.presence(peer, frame, id, &topic),
            Ok(Frame::Count { id, topic }) => self.count(peer, frame, id, &topic),
            Ok(Frame::Request { id, data }) => {
                let data = part(&bytes, data);
                let request = Box::new(Request { id, data, frame });
                self.ask_hook(peer, Task::Request(request));
            }
            Ok(Frame::Ping) => self.answer(peer, answers::pong(), Some(frame)),
            Ok(Frame::Reply { id, said }) => {
                let said = match said {
                    Ok(data) => Ok(part(&bytes, data)),
                    Err(error) => Err(part(&bytes, Some(error))),
                };
                self.replied(peer, id, said, frame);
            }
            Err(BadFrame { id, reason }) => {
                counters().ws_bad_frames.increment();
                self.answer(peer, answers::error(id, "bad-frame", reason), Some(frame));
            }
        }
    }

    fn subscribe(
        &self,
        peer: PeerId,
        frame: Inbound,
        id: u64,
        name: &str,
        since: Option<Position>,
    ) {
        let topic = match TopicName::parse(name) {
            Ok(topic) => topic,
            Err(error) => return self.bad_topic(peer, frame, id, &error.to_string()),
        };
        if self.public.contains(topic.as_str()) {
            self.grant(peer, id, &topic, since, frame);
            return;
        }
        let wish = Subscribe {
            topic: name.into(),
            asker: Asker::Client { id, since, frame },
        };
        self.ask_hook(peer, Task::Subscribe(Box::new(wish)));
    }

    /// Gives the topic to the peer and says so, or why not.
    fn grant(
        &self,
        peer: PeerId,
        id: u64,
        topic: &TopicName<'_>,
        since: Option<Position>,
        frame: Inbound,
    ) {
        let answer = Some(id);
        let subscription = Subscription { since, answer };
        if let Err(refused) = self.hub.grant(peer, topic, &subscription, Some(frame))
            && let Some((code, reason)) = answers::refusal(refused.error)
        {
            self.refused(peer, id, code, &reason, refused.wish);
        }
    }

    fn ask_hook(&self, peer: PeerId, task: Task) {
        // It is back: there are too many, or the peer is not there and hears nothing.
        match self.homes.tell_soon(peer, task) {
            Err(Task::Subscribe(wish)) => {
                self.not_granted(peer, *wish, "too-many", "too many wishes at once");
            }
            Err(Task::Request(wish)) => {
                let id = Some(wish.id.into());
                let answer = answers::error(id, "too-many", "too many wishes at once");
                self.answer(peer, answer, Some(wish.frame));
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn leave(&self, peer: PeerId, frame: Inbound, id: u64, name: &str) {
        let presence = name.strip_prefix(PRESENCE);
        match TopicName::parse(presence.unwrap_or(name)) {
            Ok(topic) if presence.is_some() => {
                self.hub.unsubscribe(peer, &topic.presence());
            }
            Ok(topic) => {
                self.unsubscribe(peer, &topic);
            }
            Err(error) => return self.bad_topic(peer, frame, id, &error.to_string()),
        }
        self.answer(peer, answers::unsubscribed(id, name), Some(frame));
    }

    fn presence(&self, peer: PeerId, frame: Inbound, id: u64, name: &str) {
        let Some((topic, frame)) = self.own(peer, frame, id, name) else {
            return;
        };
        let limits = self.hub.limits();
        let most = limits.outgoing_bytes.min(limits.queued_bytes);
        let watched = topic.presence();
        let fresh = Subscription::default();
        let subscribed = match self.hub.subscribe(peer, &watched, &fresh) {
            Ok(subscribed) => subscribed,
            Err(error) => {
                if let Some((code, reason)) = answers::refusal(error) {
                    self.refused(peer, id, code, &reason, Some(frame));
                }
                return;
            }
        };
        // First the changes, then who is there: nobody who comes in between is missed.
        let answer = answers::presence(id, name, &self.hub.presence(&topic));
        if answer.len() <= most {
            return self.answer(peer, answer, Some(frame));
        }
        // What is too large to be told is not watched either.
        if subscribed.new {
            self.hub.unsubscribe(peer, &watched);
        }
        let reason = "there are more than one message can name";
        self.refused(peer, id, "too-many", reason, Some(frame));
    }

    fn count(&self, peer: PeerId, frame: Inbound, id: u64, name: &str) {
        if let Some((topic, frame)) = self.own(peer, frame, id, name) {
            let count = self.hub.count(&topic);
            self.answer(peer, answers::count(id, name, count), Some(frame));
        }
    }

    /// The topic, if the peer has it; else it has been told that it has not.
    fn own<'a>(
        &self,
        peer: PeerId,
        frame: Inbound,
        id: u64,
        name: &'a str,
    ) -> Option<(TopicName<'a>, Inbound)> {
        match TopicName::parse(name) {
            Ok(topic) if self.hub.has(peer, &topic) => Some((topic, frame)),
            Ok(_) => {
                let reason = "only of topics that are subscribed to";
                let answer = answers::error(Some(id), "forbidden", reason);
                self.answer(peer, answer, Some(frame));
                None
            }
            Err(error) => {
                self.bad_topic(peer, frame, id, &error.to_string());
                None
            }
        }
    }

    fn bad_topic(&self, peer: PeerId, frame: Inbound, id: u64, reason: &str) {
        self.answer(
            peer,
            answers::error(Some(id), "bad-topic", reason),
            Some(frame),
        );
    }

    fn refused(&self, peer: PeerId, id: u64, code: &str, reason: &str, frame: Option<Inbound>) {
        counters().ws_topics_refused.increment();
        self.answer(peer, answers::error(Some(id), code, reason), frame);
    }

    fn answer(&self, peer: PeerId, message: Message, frame: Option<Inbound>) {
        // A peer that has gone waits for nothing, and what is long was looked at before.
        let _ = self.hub.answer(peer, message, frame);
    }

    /// The hook lets the peer have the topic it asked for. False if that is nothing the worker
    /// holds.
    pub fn allow(&self, worker: &Worker, token: u32) -> bool {
        let Some(Held { peer, task, .. }) = self.homes.settle_one(worker.id(), token) else {
            return false;
        };
        let Task::Subscribe(wish) = task else {
            return false;
        };
        match wish.asker {
            Asker::Stream(question) => question.allow(),
            Asker::Client { id, since, frame } => {
                if let Ok(topic) = TopicName::parse(&wish.topic) {
                    self.grant(peer, id, &topic, since, frame);
                }
            }
        }
        true
    }

    /// The hook does not.
    pub fn refuse(&self, worker: &Worker, token: u32, reason: &str) -> bool {
        let Some(held) = self.homes.settle_one(worker.id(), token) else {
            return false;
        };
        let mut ends = (0..=reason.len().min(REASON_BYTES)).rev();
        let end = ends.find(|&end| reason.is_char_boundary(end));
        self.forbidden(held, &reason[..end.unwrap_or(0)])
    }

    /// The hook has answered the request; `text` is the frame that says so. It is not left out,
    /// however much waits for the peer, and counts with the wish until it has been queued.
    /// False if that is nothing the worker holds. What is too long settles nothing.
    pub fn reply(&self, worker: &Worker, token: u32, text: String) -> Result<bool, PublishError> {
        if text.len() > self.hub.limits().outgoing_bytes {
            return Err(PublishError::TooLong);
        }
        let id = worker.id();
        let is_request = |task: &Task| matches!(task, Task::Request(_));
        if self.homes.look(id, token, is_request) != Some(true) {
            return Ok(false);
        }
        let Some(held) = self.homes.settle_one(id, token) else {
            return Ok(false);
        };
        if let Task::Request(wish) = held.task {
            self.answer(held.peer, Message::text(text), Some(wish.frame));
        }
        Ok(true)
    }

    /// The worker has done with what it took. A topic that was not granted is refused.
    pub fn settle(&self, worker: &Worker, tokens: &[u32]) {
        for held in self.homes.settle(worker.id(), tokens) {
            self.forbidden(held, "");
        }
    }

    fn forbidden(&self, held: Held, reason: &str) -> bool {
        let Task::Subscribe(wish) = held.task else {
            return false;
        };
        self.not_granted(held.peer, *wish, "forbidden", reason);
        true
    }

    /// Whoever asked for the topic is told why it cannot be had.
    fn not_granted(&self, peer: PeerId, wish: Subscribe, code: &'static str, reason: &str) {
        match wish.asker {
            Asker::Client { id, frame, .. } => self.refused(peer, id, code, reason, Some(frame)),
            Asker::Stream(question) => question.refuse(code, reason),
        }
    }

    /// The worker died over it: whoever waits for an answer gets one.
    pub(super) fn lost(&self, held: Held) {
        const REASON: &str = "the worker died";
        match held.task {
            Task::Subscribe(wish) => self.not_granted(held.peer, *wish, "lost", REASON),
            Task::Request(wish) => {
                let answer = answers::failed(wish.id, REASON);
                self.answer(held.peer, answer, Some(wish.frame));
            }
            Task::Open | Task::Drain | Task::Message(_) | Task::Close(_) => {}
        }
    }
}

/// A part of a frame that is a JSON text; what is not there is null.
fn part(of: &Bytes, text: Option<&str>) -> Bytes {
    text.map_or(Bytes::from_static(b"null"), |text| {
        of.slice_ref(text.as_bytes())
    })
}
