//! What is different about streams of server-sent events: how they begin, what a topic's messages
//! become for them, and their sign of life.

use std::rc::Rc;

use bytes::Bytes;

use super::audience::Audience;
use super::{Local, Member};
use crate::ws::mailbox::{Opening, Post};
use crate::ws::message::PING;
use crate::ws::run::{Run, Writer};
use crate::ws::sse;
use crate::ws::transport::Transport;

impl Local {
    /// Asks a peer for a sign of life. A stream is told how far it has seen everything, if that
    /// is known, so that it does not seem to have missed what was never for it.
    pub(super) fn ping(&self, member: &Member, moment: Option<u64>) -> Bytes {
        match (member.transport, moment) {
            (Transport::Socket, _) => Bytes::from_static(PING),
            (Transport::Stream, Some(moment)) => self.ids.alone(moment).freeze(),
            (Transport::Stream, None) => Bytes::from_static(sse::COMMENT),
        }
    }

    /// What the topic's streams get of messages of it.
    pub(super) fn events(&self, audience: &Audience, posts: &[Post]) -> Run {
        let mut writer = Writer::default();
        for post in posts {
            if let Post::Publish {
                seq,
                moment,
                message,
                except,
                ..
            } = post
            {
                let from = Some((&audience.card().head, *seq));
                writer.add_event(message, from, Some((&self.ids, *moment)), *except);
            }
        }
        writer.finish(audience.card().id)
    }

    /// Begins a stream: it is told of its topics, gets what it missed, and what is published
    /// from here on.
    pub(super) fn begin(&self, member: &Rc<Member>, opening: &Opening) {
        let Opening {
            topics,
            missed,
            moments: (before, now),
        } = opening;
        let mut writer = Writer::default();
        for (topic, answer) in topics {
            self.subscribe(member, topic);
            writer.add_event(answer, None, Some((&self.ids, *before)), None);
        }
        member.begun.set(true);
        member.beat(|heartbeat| heartbeat.hear(self.now()));
        let told = writer.finish(0);
        // What it missed is bounded by what may wait for a peer (`hub/stream.rs`), and was promised.
        for (topic, past) in missed {
            let head = &topics[*topic].0.head;
            let from = Some((head, past.seq));
            writer.add_event(&past.message, from, Some((&self.ids, past.moment)), None);
        }
        if !member.leaving.get() {
            let mut queue = member.queue.borrow_mut();
            queue.push_answer(&told);
            if !missed.is_empty() {
                queue.push_answer(&writer.finish(0));
                queue.push_control(self.ids.alone(*now).freeze());
            }
        }
        member.stir();
    }
}
