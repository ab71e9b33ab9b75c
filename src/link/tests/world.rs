//! Instances and a bus between them. What each is told is kept; what it knows of the others is kept
//! as its hub would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::link::node::{Bounds, Channel, Event, Node};
use crate::link::words::{Body, Instance, Letter};
use crate::ws::{Change, Kind, User};

pub const STEP: Duration = Duration::from_millis(100);

/// What an instance has been told.
#[derive(Debug, Default)]
pub struct Told {
    /// Texts by topic, in order.
    pub published: BTreeMap<String, Vec<String>>,
    pub direct: Vec<(Instance, Body)>,
    pub counts: BTreeMap<String, i64>,
    /// Users by topic, each with the number of instances that have him.
    pub users: BTreeMap<(String, String), i64>,
    pub open: i64,
    pub missed: u64,
    pub gone: Vec<Instance>,
}

/// What becomes of a frame on its way to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Arrives,
    Lost,
    Twice,
}

pub struct Place {
    pub node: Node,
    pub told: Told,
    pub up: bool,
    events: Vec<Event>,
}

pub struct World {
    pub now: Instant,
    pub places: Vec<Place>,
}

pub fn letter(text: &str) -> Letter {
    Letter {
        kind: Kind::Text,
        data: Bytes::copy_from_slice(text.as_bytes()),
        key: None,
        except: None,
    }
}

pub fn id(at: usize) -> Instance {
    at as Instance + 1
}

impl World {
    /// So many instances, all of which are there.
    pub fn new(count: usize, bytes: usize) -> Self {
        let age = Duration::from_secs(60);
        let places = (0..count).map(|at| Place {
            node: Node::new(id(at), Bounds { bytes, age }),
            told: Told::default(),
            up: false,
            events: Vec::new(),
        });
        let mut world = Self {
            now: Instant::now(),
            places: places.collect(),
        };
        for at in 0..count {
            world.up(at);
        }
        world
    }

    pub fn up(&mut self, at: usize) {
        self.places[at].up = true;
        self.places[at].node.up();
    }

    pub fn down(&mut self, at: usize) {
        self.places[at].up = false;
        self.places[at].node.down();
    }

    pub fn publish(&mut self, at: usize, topic: &str, text: &str) {
        self.places[at].node.publish(topic.into(), letter(text));
    }

    pub fn stands(&mut self, at: usize, body: Body) {
        self.places[at].node.stands(body);
    }

    pub fn count(&mut self, at: usize, topic: &str, count: u32) {
        self.stands(at, Body::Count(topic.into(), count));
    }

    pub fn user(&mut self, at: usize, topic: &str, name: &str, there: bool) {
        let topic: Arc<str> = topic.into();
        let id: Arc<str> = name.into();
        self.stands(
            at,
            if there {
                Body::Present(topic, User { id, info: None })
            } else {
                Body::Absent(topic, id)
            },
        );
    }

    /// Time passes and everybody sends what he has, one batch each. Of a batch, `cut` frames go out
    /// and the connection ends before it is said that they did.
    pub fn step(
        &mut self,
        mut fate: impl FnMut(usize, usize) -> Fate,
        cut: Option<(usize, usize)>,
    ) {
        self.now += STEP;
        let now = self.now;
        for place in &mut self.places {
            place.node.tick(now, &mut place.events);
        }
        for at in 0..self.places.len() {
            if !self.places[at].up {
                continue;
            }
            let batch = self.places[at].node.batch();
            let cut = cut.filter(|(whom, _)| *whom == at).map(|(_, after)| after);
            let most = cut.unwrap_or(usize::MAX);
            for (channel, bytes) in batch.frames.iter().take(most) {
                self.carry(at, *channel, bytes, &mut fate);
            }
            if cut.is_some() {
                self.down(at);
            } else {
                self.places[at].node.sent(&batch, now);
            }
        }
        for place in &mut self.places {
            place.look();
        }
    }

    fn carry(
        &mut self,
        from: usize,
        channel: Channel,
        bytes: &Bytes,
        fate: &mut impl FnMut(usize, usize) -> Fate,
    ) {
        let now = self.now;
        for (at, place) in self.places.iter_mut().enumerate() {
            let hears = match channel {
                Channel::Inbox(instance) => instance == id(at),
                Channel::Lane(_) | Channel::Control => true,
            };
            if !hears || !place.up {
                continue;
            }
            let times = match fate(from, at) {
                Fate::Arrives => 1,
                Fate::Lost => 0,
                Fate::Twice => 2,
            };
            for _ in 0..times {
                place
                    .node
                    .receive(bytes.clone(), now, &mut place.events)
                    .expect("our own frames");
            }
        }
    }

    /// All goes well for so long.
    pub fn settle(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.step(|_, _| Fate::Arrives, None);
        }
    }
}

impl Place {
    fn look(&mut self) {
        let told = &mut self.told;
        for event in self.events.drain(..) {
            match event {
                Event::Publish(topic, letter) => {
                    let text = String::from_utf8_lossy(&letter.data).into_owned();
                    told.published
                        .entry(topic.to_string())
                        .or_default()
                        .push(text);
                }
                Event::Broadcast(_) | Event::Came(_) => {}
                Event::Changed(changes) => changes.into_iter().for_each(|it| told.note(it)),
                Event::Direct(from, body) => told.direct.push((from, body)),
                Event::Gone(instance) => told.gone.push(instance),
                Event::Missed(_, count) => told.missed += count,
            }
        }
    }
}

impl Told {
    fn note(&mut self, change: Change) {
        match change {
            Change::Open { before, after } => self.open += after as i64 - before as i64,
            Change::Count {
                topic,
                before,
                after,
            } => {
                let count = self.counts.entry(topic.to_string()).or_default();
                *count += after as i64 - before as i64;
            }
            Change::Join { topic, user } => {
                *self
                    .users
                    .entry((topic.to_string(), user.id.to_string()))
                    .or_default() += 1;
            }
            Change::Leave { topic, user } => {
                *self
                    .users
                    .entry((topic.to_string(), user.id.to_string()))
                    .or_default() -= 1;
            }
            Change::Restate { .. } => {}
        }
    }

    pub fn count(&self, topic: &str) -> i64 {
        self.counts.get(topic).copied().unwrap_or_default()
    }

    /// Who is in the topic elsewhere.
    pub fn present(&self, topic: &str) -> BTreeSet<&str> {
        let here = self
            .users
            .iter()
            .filter(|((of, _), n)| of == topic && **n > 0);
        here.map(|((_, user), _)| user.as_str()).collect()
    }
}
