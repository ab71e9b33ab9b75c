//! Posts, carried out in the order in which the registry decided them: who has which topic on this
//! thread changes, messages are queued, and the tasks of those concerned are woken to write. A run
//! of messages of one topic is encoded once for all who have it.

use std::rc::Rc;
use std::sync::Arc;

use super::audience::Audience;
use super::{Local, Member};
use crate::ws::code::{CloseCode, Goodbye};
use crate::ws::id::PeerId;
use crate::ws::mailbox::{Post, TopicCard};
use crate::ws::run::{Run, Writer};
use crate::ws::transport::Transport;

impl Local {
    pub(super) fn carry_out(&self, posts: &[Post]) {
        let mut at = 0;
        while let Some(post) = posts.get(at) {
            at += 1;
            match post {
                Post::Publish { topic, .. } => {
                    let rest = &posts[at - 1..];
                    at += self.publish(*topic, rest) - 1;
                }
                Post::Subscribe {
                    peer,
                    topic,
                    answer,
                    missed,
                    ..
                } => {
                    let Some(member) = self.member(*peer) else {
                        continue;
                    };
                    self.subscribe(&member, topic);
                    if let Some(answer) = answer {
                        member.answer(answer);
                    }
                    let mut writer = Writer::default();
                    for past in missed {
                        writer.add(&past.message, Some((&topic.head, past.seq)), None);
                        self.push(&member, &writer.finish(topic.id));
                    }
                }
                Post::Stream { peer, opening } => {
                    if let Some(member) = self.member(*peer) {
                        self.begin(&member, opening);
                    }
                }
                Post::Unsubscribe { peer, topic } => {
                    if let Some(member) = self.member(*peer) {
                        member.topics.borrow_mut().retain(|id| id != topic);
                        self.unsubscribe(*peer, *topic);
                    }
                }
                Post::Send { peer, message } => {
                    if let Some(member) = self.member(*peer) {
                        self.push(&member, &Run::of(message, member.transport));
                    }
                }
                Post::Answer { peer, message, .. } => {
                    if let Some(member) = self.member(*peer) {
                        member.answer(message);
                    }
                }
                Post::Broadcast {
                    message,
                    except,
                    joined,
                } => {
                    let mut runs = [None, None];
                    for member in self.members.borrow().values() {
                        if member.nth <= *joined && Some(member.id) != *except {
                            let transport = member.transport;
                            let run = runs[transport as usize]
                                .get_or_insert_with(|| Run::of(message, transport));
                            self.push(member, run);
                        }
                    }
                }
                Post::Close { peer, goodbye } => {
                    if let Some(member) = self.member(*peer) {
                        member.close(goodbye.clone());
                    }
                }
                Post::CloseAll { goodbye, joined } => {
                    for member in self.members.borrow().values() {
                        if member.nth <= *joined {
                            member.close(goodbye.clone());
                        }
                    }
                }
            }
        }
    }

    /// Sends the messages of one topic that `posts` begins with. How many those are.
    fn publish(&self, id: u64, posts: &[Post]) -> usize {
        let topics = self.topics.borrow();
        let audience = topics.get(&id);
        let mut writer = self.writer.borrow_mut();
        let mut taken = 0;
        for post in posts {
            match post {
                Post::Publish {
                    topic: of,
                    seq,
                    message,
                    except,
                    ..
                } if *of == id && (taken == 0 || writer.takes(message)) => {
                    taken += 1;
                    // all its subscribers on this thread may have gone since
                    if let Some(audience) = audience {
                        writer.add(message, Some((&audience.card().head, *seq)), *except);
                    }
                }
                _ => break,
            }
        }
        if let Some(audience) = audience {
            let run = writer.finish(id);
            let events = audience
                .has_streams()
                .then(|| self.events(audience, &posts[..taken]));
            for member in audience.members() {
                match &events {
                    Some(events) if member.transport == Transport::Stream => {
                        self.push(member, events);
                    }
                    _ => self.push(member, &run),
                }
            }
        }
        taken
    }

    fn push(&self, member: &Member, run: &Run) {
        if member.leaving.get() {
            return;
        }
        let limits = self.hub.limits();
        let pushed = member.queue.borrow_mut().push_run(
            run,
            member.id,
            limits.queued_bytes,
            limits.overflow,
        );
        if pushed.overflow {
            member.queue.borrow_mut().clear();
            member.close(Goodbye::new(CloseCode::LATER, "reading too slowly"));
        }
        member.stir();
    }

    fn member(&self, id: PeerId) -> Option<Rc<Member>> {
        self.members.borrow().get(&id).cloned()
    }

    pub(super) fn subscribe(&self, member: &Rc<Member>, card: &Arc<TopicCard>) {
        let mut topics = self.topics.borrow_mut();
        let audience = topics
            .entry(card.id)
            .or_insert_with(|| Audience::new(card.clone()));
        if audience.add(member) {
            member.topics.borrow_mut().push(card.id);
        }
    }

    pub(super) fn unsubscribe(&self, peer: PeerId, id: u64) {
        let mut topics = self.topics.borrow_mut();
        if let Some(audience) = topics.get_mut(&id) {
            audience.remove(peer);
            if audience.members().is_empty() {
                topics.remove(&id);
            }
        }
    }
}
