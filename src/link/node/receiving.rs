//! What comes from other instances: each number once and in order, and what is missing is asked for.

use std::time::Instant;

use bytes::Bytes;

use super::{Channel, Event, INSTANCES, Node, Resend, changed};
use crate::link::incoming::Taken;
use crate::link::remote::Remote;
use crate::link::wire::{self, WireError};
use crate::link::words::{Body, Frame, Instance, LANES, Stream};

impl Node {
    /// Something came from Redis. An error is of no consequence but to be counted.
    pub fn receive(
        &mut self,
        bytes: Bytes,
        now: Instant,
        events: &mut Vec<Event>,
    ) -> Result<(), WireError> {
        let len = bytes.len();
        let (origin, frame) = wire::decode(bytes)?;
        if origin == self.id {
            self.echoed = true;
            return Ok(());
        }
        let full = self.remotes.len() >= INSTANCES;
        let known = self.remotes.contains_key(&origin);
        if !known && (full || frame == Frame::Bye) {
            return Ok(());
        }
        let remote = self
            .remotes
            .entry(origin)
            .or_insert_with(|| Remote::new(origin, now));
        if remote.over {
            return Ok(());
        }
        let mut changes = Vec::new();
        if frame == Frame::Bye {
            remote.over = true;
            if remote.alive {
                remote.leave(&mut changes);
                changed(changes, events);
                events.push(Event::Gone(origin));
            }
            return Ok(());
        }
        if remote.heard(now) {
            // it is to know this one as well, soon
            self.beat_early = true;
            events.push(Event::Came(origin));
        }
        let mut frames = Vec::new();
        match frame {
            Frame::Beat {
                heads,
                open,
                direct,
            } => {
                remote.recount(open, &mut changes);
                for (lane, head) in (0u8..).zip(heads) {
                    remote.incoming(Stream::Lane(lane)).heard_of(head);
                }
                let own = direct.into_iter().find(|(to, _)| *to == self.id);
                if let Some((to, head)) = own {
                    remote.incoming(Stream::To(to)).heard_of(head);
                }
                changed(changes, events);
                self.ask(origin, now);
            }
            Frame::Bye => {}
            Frame::Numbered(stream, seq, body) => {
                if matches!(stream, Stream::To(to) if to != self.id) {
                    return Ok(());
                }
                let incoming = remote.incoming(stream);
                let taken = incoming.take(seq, body, len, &mut frames);
                self.given(origin, stream, frames, events);
                match taken {
                    Taken::Next => {}
                    Taken::Again => self.tally.again += 1,
                    Taken::Early => self.ask(origin, now),
                }
            }
            Frame::Lost(stream, upto) => {
                let missed = remote.incoming(stream).lost(upto, &mut frames);
                self.lost(origin, stream, upto, missed, events);
                self.given(origin, stream, frames, events);
            }
            Frame::Nack(stream, next) => {
                if matches!(stream, Stream::To(to) if to != origin) {
                    return Err(WireError::Malformed);
                }
                let same = |it: &&mut Resend| it.to == origin && it.stream == stream;
                match self.resends.iter_mut().find(same) {
                    Some(resend) => resend.next = next,
                    None => self.resends.push_back(Resend {
                        to: origin,
                        stream,
                        next,
                    }),
                }
            }
            Frame::Want(lanes) => {
                for lane in (0..LANES as u8).filter(|lane| lanes & (1 << lane) != 0) {
                    if !self.states.contains(&(origin, lane)) {
                        self.states.push_back((origin, lane));
                    }
                }
            }
            Frame::State {
                lane,
                seq,
                part,
                last,
                topics,
            } => {
                remote.state(lane, (seq, part, last), topics, &mut changes);
                changed(changes, events);
            }
        }
        Ok(())
    }

    /// Frames of a stream are next, in order.
    fn given(
        &mut self,
        origin: Instance,
        stream: Stream,
        frames: Vec<(u64, Body)>,
        events: &mut Vec<Event>,
    ) {
        for (seq, body) in frames {
            self.tally.received += 1;
            match (stream, body) {
                (Stream::Lane(_), Body::Publish(topic, letter)) => {
                    events.push(Event::Publish(topic, letter));
                }
                (Stream::Lane(_), Body::Broadcast(letter)) => {
                    events.push(Event::Broadcast(letter));
                }
                (Stream::Lane(lane), body) if body.is_state() => {
                    let mut changes = Vec::new();
                    if let Some(remote) = self.remotes.get_mut(&origin) {
                        remote.told(lane, seq, body, &mut changes);
                    }
                    changed(changes, events);
                }
                (Stream::To(_), body) => events.push(Event::Direct(origin, body)),
                // of a kind that does not belong there
                (Stream::Lane(_), _) => {}
            }
        }
    }

    fn lost(
        &mut self,
        origin: Instance,
        stream: Stream,
        upto: u64,
        missed: u64,
        events: &mut Vec<Event>,
    ) {
        if missed == 0 {
            return;
        }
        self.tally.missed += missed;
        events.push(Event::Missed(origin, missed));
        if let (Stream::Lane(lane), Some(remote)) = (stream, self.remotes.get_mut(&origin)) {
            remote.await_state(lane, upto);
        }
    }

    /// Asks an instance for what is missing of it, where it is time to.
    pub(super) fn ask(&mut self, of: Instance, now: Instant) {
        let Some(remote) = self.remotes.get_mut(&of) else {
            return;
        };
        if !self.up {
            return;
        }
        let mut frames = Vec::new();
        for (stream, incoming) in remote.streams(self.id) {
            if let Some(next) = incoming.ask(now) {
                frames.push(Frame::Nack(stream, next));
            }
        }
        let wants = remote.wants(now);
        if wants != 0 {
            frames.push(Frame::Want(wants));
        }
        for frame in frames {
            self.control(Channel::Inbox(of), &frame);
        }
    }

    pub(super) fn give_up(&mut self, id: Instance, now: Instant, events: &mut Vec<Event>) {
        let Some(remote) = self.remotes.get_mut(&id) else {
            return;
        };
        let hopeless: Vec<(Stream, u64)> = remote
            .streams(self.id)
            .filter_map(|(stream, incoming)| Some((stream, incoming.hopeless(now)?)))
            .collect();
        for (stream, upto) in hopeless {
            let mut frames = Vec::new();
            let Some(remote) = self.remotes.get_mut(&id) else {
                return;
            };
            let missed = remote.incoming(stream).lost(upto, &mut frames);
            self.lost(id, stream, upto, missed, events);
            self.given(id, stream, frames, events);
        }
    }
}
