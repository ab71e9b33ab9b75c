//! Another instance as this one knows it: whether it is alive, how far its streams have come, and
//! its topics. Its streams are kept longer than its topics: one that comes back goes on where it was.

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::incoming::Incoming;
use super::table::Table;
use super::words::{Body, Instance, LANES, Stream, TopicState};
use crate::ws::Change;

/// The state of a lane is asked for again after so long without an answer.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Changes of a lane that are kept while its state is awaited. Beyond it the state is asked for anew.
const QUEUED: usize = 100_000;

/// A state that is on its way.
#[derive(Debug, Default)]
struct Awaited {
    asked: Option<Instant>,
    /// What came meanwhile.
    queue: Vec<(u64, Body)>,
    /// A state that does not contain this number is too old.
    floor: u64,
    /// The number of the state of which parts have come, and how many.
    seq: u64,
    parts: u32,
    topics: Vec<(Arc<str>, TopicState)>,
}

#[derive(Debug, Default)]
struct Lane {
    incoming: Incoming,
    table: Table,
    /// What was told up to this number is in the table.
    contained: u64,
    awaited: Option<Box<Awaited>>,
}

/// Another instance.
#[derive(Debug)]
pub struct Remote {
    /// Its epoch.
    pub id: Instance,
    heard: Instant,
    /// When it could last have been heard.
    listened: Instant,
    /// It has been heard of late and has not said goodbye.
    pub alive: bool,
    /// It has said goodbye: what still comes of it is of no interest.
    pub over: bool,
    open: u32,
    lanes: [Lane; LANES],
    direct: Incoming,
}

impl Remote {
    /// One that has not been heard yet.
    pub fn new(id: Instance, now: Instant) -> Self {
        Self {
            id,
            heard: now,
            listened: now,
            alive: false,
            over: false,
            open: 0,
            lanes: Default::default(),
            direct: Incoming::from_first(),
        }
    }

    /// It gave a sign of life. Whether it was not there before.
    pub fn heard(&mut self, now: Instant) -> bool {
        self.heard = now;
        if self.alive {
            return false;
        }
        self.alive = true;
        for lane in &mut self.lanes {
            lane.awaited = Some(Box::default());
        }
        self.ask_anew();
        true
    }

    /// Nobody can be heard: that it is not is no reason to forget how far it had come. What it then
    /// sends again would be taken twice.
    pub fn excuse(&mut self, now: Instant) {
        self.listened = now;
    }

    /// For how long it could have been heard and was not.
    pub fn absence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.listened.max(self.heard))
    }

    /// How long ago it was heard.
    pub fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard)
    }

    /// Its topics are gone, and whoever was there.
    pub fn leave(&mut self, changes: &mut Vec<Change>) {
        self.alive = false;
        for lane in &mut self.lanes {
            lane.awaited = None;
            lane.table.clear(changes);
        }
        self.recount(0, changes);
    }

    /// It has so many peers.
    pub fn recount(&mut self, open: u32, changes: &mut Vec<Change>) {
        let before = mem::replace(&mut self.open, open);
        if before != open {
            changes.push(Change::Open {
                before: before as usize,
                after: open as usize,
            });
        }
    }

    /// One of its streams; `To` is always the one to this instance.
    pub fn incoming(&mut self, stream: Stream) -> &mut Incoming {
        match stream {
            Stream::Lane(lane) => &mut self.lanes[usize::from(lane) % LANES].incoming,
            Stream::To(_) => &mut self.direct,
        }
    }

    /// All of them, as seen from instance `own`.
    pub fn streams(&mut self, own: Instance) -> impl Iterator<Item = (Stream, &mut Incoming)> {
        let lanes = (0u8..).zip(&mut self.lanes);
        let lanes = lanes.map(|(i, lane)| (Stream::Lane(i), &mut lane.incoming));
        lanes.chain([(Stream::To(own), &mut self.direct)])
    }

    /// Something about counts and presence has come, in its order.
    pub fn told(&mut self, lane: u8, seq: u64, body: Body, changes: &mut Vec<Change>) {
        let lane = &mut self.lanes[usize::from(lane) % LANES];
        if body == Body::Reset {
            lane.await_state(seq);
            return;
        }
        if let Some(awaited) = &mut lane.awaited {
            if awaited.queue.len() < QUEUED {
                awaited.queue.push((seq, body));
            } else {
                lane.await_state(seq);
            }
            return;
        }
        if seq > lane.contained {
            lane.table.apply(&body, changes);
        }
    }

    /// What the lane's topics are is not known any more from that number on.
    pub fn await_state(&mut self, lane: u8, seq: u64) {
        self.lanes[usize::from(lane) % LANES].await_state(seq);
    }

    /// A part of the state of a lane has come.
    pub fn state(
        &mut self,
        lane: u8,
        (seq, part, last): (u64, u32, bool),
        topics: Vec<(Arc<str>, TopicState)>,
        changes: &mut Vec<Change>,
    ) {
        let lane = &mut self.lanes[usize::from(lane) % LANES];
        let Some(awaited) = &mut lane.awaited else {
            return;
        };
        if part == 0 {
            (awaited.seq, awaited.parts) = (seq, 0);
            awaited.topics.clear();
        }
        if part != awaited.parts || seq != awaited.seq || seq < awaited.floor {
            return;
        }
        awaited.parts += 1;
        awaited.topics.extend(topics);
        if !last {
            // there is progress
            awaited.asked = awaited.asked.map(|asked| asked + ASK_AGAIN / 8);
            return;
        }
        let awaited = mem::take(&mut **awaited);
        lane.awaited = None;
        lane.contained = seq;
        lane.table.replace(awaited.topics, changes);
        for (queued, body) in awaited.queue {
            if queued > seq {
                lane.table.apply(&body, changes);
            }
        }
    }

    /// Lanes whose state is to be asked for now, a bit for each.
    pub fn wants(&mut self, now: Instant) -> u16 {
        let mut wants = 0;
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            if let Some(awaited) = &mut lane.awaited {
                let asked = awaited.asked;
                if asked.is_none_or(|at| now.saturating_duration_since(at) >= ASK_AGAIN) {
                    awaited.asked = Some(now);
                    wants |= 1 << i;
                }
            }
        }
        wants
    }

    /// Who was asked may not have heard it.
    pub fn ask_anew(&mut self) {
        for lane in &mut self.lanes {
            lane.incoming.be_patient();
            if let Some(awaited) = &mut lane.awaited {
                awaited.asked = None;
            }
        }
        self.direct.be_patient();
    }

    /// Whether nothing is missing.
    #[cfg(test)]
    pub fn is_whole(&self) -> bool {
        self.lanes.iter().all(|lane| lane.awaited.is_none())
    }
}

impl Lane {
    fn await_state(&mut self, floor: u64) {
        let awaited = Awaited {
            floor,
            ..Awaited::default()
        };
        self.awaited = Some(Box::new(awaited));
    }
}
