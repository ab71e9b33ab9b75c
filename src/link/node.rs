//! One instance among others, as a state machine: what happens goes in with the time, what is to be
//! sent and what is to be done here comes out. No clock, no I/O, no hub.
//!
//! Everything that counts is numbered by its sender, per lane or per receiver, kept for a while, and
//! sent in order. A receiver takes each number once and in order and asks for what it misses;
//! heartbeats say how far a sender has come, so that it also misses the last one. State (counts and
//! presence) goes the same way; where numbers are lost for good, the state is asked for as a whole.

mod receiving;
mod sending;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::outgoing::Outgoing;
use super::remote::Remote;
use super::table::Table;
use super::wire;
use super::words::{Body, Frame, Instance, LANES, Letter, Stream};
use crate::ws::Change;

/// Every instance says so often that it is alive.
pub const BEAT: Duration = Duration::from_secs(1);

/// What changes in between is said no more often than this.
const BEAT_AT_MOST: Duration = Duration::from_millis(100);

/// One that has been silent for so long is gone, with its peers.
pub const SILENCE: Duration = Duration::from_secs(15);

/// One that has been silent for so long is asked nothing.
const QUIET: Duration = Duration::from_secs(3);

/// How far it had come is remembered for so long after that.
const FORGET: Duration = Duration::from_secs(600);

/// Instances that are known, dead ones included.
pub const INSTANCES: usize = 1024;

/// Frames of one batch at most.
const BATCH: usize = 512;

/// Bytes of one batch, about.
const BATCH_BYTES: usize = 512 << 10;

/// Bytes of a part of a lane's state, about.
const PART_BYTES: usize = 64 << 10;

/// How much is kept to be sent again.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes.
    pub bytes: usize,
    /// Time after it was sent.
    pub age: Duration,
}

/// Where something is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// All instances, about the topics of that lane.
    Lane(u8),
    /// One instance.
    Inbox(Instance),
    /// All instances, about themselves.
    Control,
}

/// What is to be done here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something was published elsewhere.
    Publish(Arc<str>, Letter),
    /// Something was sent to all peers elsewhere.
    Broadcast(Letter),
    /// Counts or presence elsewhere are different.
    Changed(Vec<Change>),
    /// For this instance alone.
    Direct(Instance, Body),
    /// An instance is there.
    Came(Instance),
    /// An instance is gone.
    Gone(Instance),
    /// Frames of an instance are lost for good.
    Missed(Instance, u64),
}

/// What was counted since it was last looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Numbered frames that were taken.
    pub received: u64,
    /// Frames that were here before.
    pub again: u64,
    /// Frames that were sent again.
    pub resent: u64,
    /// Frames of others that were lost for good.
    pub missed: u64,
    /// Own frames that had to make room before anybody was sent them.
    pub dropped: u64,
}

/// What an instance has asked to be sent again.
#[derive(Debug)]
struct Resend {
    to: Instance,
    stream: Stream,
    next: u64,
}

/// Frames to be sent, and where they end in what is kept.
#[derive(Debug, Default)]
pub struct Batch {
    /// Where to and what.
    pub frames: Vec<(Channel, Bytes)>,
    end: u64,
}

/// This instance.
#[derive(Debug)]
pub struct Node {
    id: Instance,
    outgoing: Outgoing,
    /// What has been told of the topics here.
    tables: [Table; LANES],
    /// Lanes of which that is not all, as nobody could be told.
    stale: [bool; LANES],
    open: u32,
    up: bool,
    beaten: Option<Instant>,
    /// A beat is due before its time.
    beat_early: bool,
    control: VecDeque<(Channel, Bytes)>,
    resends: VecDeque<Resend>,
    states: VecDeque<(Instance, u8)>,
    remotes: FxHashMap<Instance, Remote>,
    tally: Tally,
    /// It has heard itself.
    echoed: bool,
}

/// The lane of a topic: FNV-1a, the same in every process.
pub fn lane_of(topic: &str) -> u8 {
    let hash = topic.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ((hash >> 32) % LANES as u64) as u8
}

impl Node {
    /// An instance that has told nothing and knows nobody.
    pub fn new(id: Instance, bounds: Bounds) -> Self {
        Self {
            id,
            outgoing: Outgoing::new(bounds.bytes, bounds.age),
            tables: Default::default(),
            stale: [false; LANES],
            open: 0,
            up: false,
            beaten: None,
            beat_early: false,
            control: VecDeque::new(),
            resends: VecDeque::new(),
            states: VecDeque::new(),
            remotes: FxHashMap::default(),
            tally: Tally::default(),
            echoed: false,
        }
    }

    /// Something was published here.
    pub fn publish(&mut self, topic: Arc<str>, letter: Letter) {
        let lane = lane_of(&topic);
        self.say(Stream::Lane(lane), Body::Publish(topic, letter));
    }

    /// Something was sent to all peers here.
    pub fn broadcast(&mut self, letter: Letter) {
        self.say(Stream::Lane(0), Body::Broadcast(letter));
    }

    /// For one instance. Whether it is there.
    pub fn direct(&mut self, to: Instance, body: Body) -> bool {
        let there = self.knows(to);
        if there {
            self.say(Stream::To(to), body);
        }
        there
    }

    /// Whether the instance is there.
    pub fn knows(&self, instance: Instance) -> bool {
        self.remotes
            .get(&instance)
            .is_some_and(|remote| remote.alive)
    }

    /// Instances that are there.
    pub fn instances(&self) -> impl Iterator<Item = Instance> {
        let alive = self.remotes.values().filter(|remote| remote.alive);
        alive.map(|remote| remote.id)
    }

    /// How a topic stands here: a count, or a user who is in it or not. Nothing is told that has been.
    pub fn stands(&mut self, body: Body) {
        let (Body::Count(topic, _) | Body::Present(topic, _) | Body::Absent(topic, _)) = &body
        else {
            return;
        };
        let lane = lane_of(topic);
        let mut changes = Vec::new();
        self.tables[usize::from(lane)].apply(&body, &mut changes);
        if changes.is_empty() {
            return;
        }
        if self.up {
            self.say(Stream::Lane(lane), body);
        } else {
            self.stale[usize::from(lane)] = true;
        }
    }

    /// So many peers are here.
    pub fn recount(&mut self, open: u32) {
        self.beat_early |= mem::replace(&mut self.open, open) != open;
    }

    fn say(&mut self, stream: Stream, body: Body) {
        let seq = self.outgoing.next(stream);
        let bytes = wire::encode(self.id, &Frame::Numbered(stream, seq, body));
        self.tally.dropped += self.outgoing.add(stream, bytes) as u64;
    }

    fn control(&mut self, channel: Channel, frame: &Frame) {
        let bytes = wire::encode(self.id, frame);
        self.control.push_back((channel, bytes));
    }

    /// Redis is there, and what is sent to this instance arrives.
    pub fn up(&mut self) {
        self.up = true;
        self.beaten = None;
        for lane in 0..LANES as u8 {
            if mem::take(&mut self.stale[usize::from(lane)]) {
                self.say(Stream::Lane(lane), Body::Reset);
            }
        }
        for remote in self.remotes.values_mut() {
            remote.ask_anew();
        }
    }

    /// It is not. What was being sent and was not said to be there is sent again.
    pub fn down(&mut self) {
        self.up = false;
        self.control.clear();
        self.resends.clear();
        self.states.clear();
    }

    /// The last words. To be sent when nothing else is left.
    pub fn say_goodbye(&mut self) {
        self.control(Channel::Control, &Frame::Bye);
    }

    /// Redis has had the batch.
    pub fn sent(&mut self, batch: &Batch, now: Instant) {
        self.outgoing.sent_up_to(batch.end, now);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant, events: &mut Vec<Event>) {
        self.outgoing.expire(now);
        if self.up {
            let since = self.beaten.map(|at| now.saturating_duration_since(at));
            let due = since
                .is_none_or(|since| since >= BEAT || (self.beat_early && since >= BEAT_AT_MOST));
            if due {
                self.beat(now);
            }
        }
        let ids: Vec<Instance> = self.remotes.keys().copied().collect();
        for id in ids {
            let Some(remote) = self.remotes.get_mut(&id) else {
                continue;
            };
            let silence = remote.silence(now);
            if remote.alive && silence >= SILENCE {
                let mut changes = Vec::new();
                remote.leave(&mut changes);
                changed(changes, events);
                events.push(Event::Gone(id));
            }
            if !self.up {
                remote.excuse(now);
            }
            if remote.absence(now) >= SILENCE + FORGET {
                self.remotes.remove(&id);
                continue;
            }
            if !self.up || !remote.alive {
                continue;
            }
            if silence >= QUIET {
                // it cannot answer, so that is no reason to give anything up
                remote.ask_anew();
            } else {
                self.give_up(id, now, events);
                self.ask(id, now);
            }
        }
    }

    fn beat(&mut self, now: Instant) {
        let mut heads = [0; LANES];
        for (lane, head) in (0u8..).zip(&mut heads) {
            *head = self.outgoing.sent(Stream::Lane(lane));
        }
        let beat = Frame::Beat {
            heads,
            open: self.open,
            direct: self.outgoing.directs(),
        };
        self.control(Channel::Control, &beat);
        self.beaten = Some(now);
        self.beat_early = false;
    }

    /// What was counted since this was last called.
    pub fn take_tally(&mut self) -> Tally {
        mem::take(&mut self.tally)
    }

    /// Whether it has heard itself since this was last called: what it sends goes all the way.
    pub fn take_echo(&mut self) -> bool {
        mem::take(&mut self.echoed)
    }

    /// Bytes that are kept to be sent or sent again.
    pub fn kept_bytes(&self) -> usize {
        self.outgoing.bytes()
    }

    /// Frames that nobody has been sent.
    pub fn waiting(&self) -> usize {
        self.outgoing.waiting()
    }

    /// Whether everything is known of the instances that are there.
    #[cfg(test)]
    pub fn is_whole(&self) -> bool {
        let mut alive = self.remotes.values().filter(|remote| remote.alive);
        alive.all(Remote::is_whole)
    }
}

fn changed(changes: Vec<Change>, events: &mut Vec<Event>) {
    if !changes.is_empty() {
        events.push(Event::Changed(changes));
    }
}
