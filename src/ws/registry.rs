//! Who is there (`roster.rs`) and who has which topic: one state under one lock, so that whatever
//! is asked of it is exact whichever thread asks. Each change is put into the mailboxes under the same
//! lock: what it decides, all I/O threads carry out in the order in which it was decided.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::elsewhere::Elsewhere;
use super::history::Room;
use super::id::PeerId;
use super::limits::Limits;
use super::mailbox::{Mailbox, Post, TopicCard};
use super::message::Message;
use super::name;
use super::presence::{self, User};
use super::relay::Relay;
use super::roster::Roster;
use super::topic::Topic;

/// I/O threads at most: as many as one word has bits.
pub const THREADS: usize = 64;

/// Topics are gone through this often, whichever thread comes first; what they remember may
/// outlive its time by as much.
const SWEEP: Duration = Duration::from_secs(1);

/// Who has to be woken once the lock is free: threads, and the relay.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    threads: u64,
    pub relay: bool,
}

#[derive(Debug)]
pub(super) struct Registry {
    pub peers: Roster,
    /// Topics by the address of the client that wished for them.
    makers: HashMap<Arc<str>, usize>,
    /// Names come from clients: hashed with a secret.
    pub topics: HashMap<Arc<str>, Topic>,
    next_topic: u64,
    /// No topic that is not there has had a message with a higher number. New topics begin
    /// here, so that no number is used twice under one name.
    floor: u64,
    /// Messages that were ever published, to whichever topic. The number of one of them is its
    /// moment: the order of all messages, so that one number says how far a peer has seen all
    /// of its topics.
    pub moment: u64,
    /// No message with a later moment has been forgotten with its topic.
    forgotten: u64,
    pub room: Room,
    pub threads: Vec<Option<Arc<Mailbox>>>,
    /// What other processes have.
    pub elsewhere: Elsewhere,
    /// Who tells them what happens here.
    pub relay: Option<Arc<dyn Relay>>,
    /// As of the last sweep by any thread.
    pub now: Instant,
    /// When the topics were last gone through.
    swept: Instant,
}

impl Registry {
    pub fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            peers: Roster::default(),
            makers: HashMap::new(),
            topics: HashMap::new(),
            next_topic: 0,
            floor: 0,
            moment: 0,
            forgotten: 0,
            room: Room {
                replay: limits.replay,
                bytes: limits.replay_bytes,
                used: 0,
            },
            threads: Vec::new(),
            elsewhere: Elsewhere::default(),
            relay: None,
            now,
            swept: now,
        }
    }

    /// The topic, made if there is none.
    pub fn topic(&mut self, name: &str) -> &mut Topic {
        // not `entry`: it would take an allocation to ask
        if !self.topics.contains_key(name) {
            let name: Arc<str> = name.into();
            self.next_topic += 1;
            let topic = Topic::new(self.next_topic, name.clone(), self.floor, self.forgotten);
            self.topics.insert(name.clone(), topic);
        }
        self.topics
            .get_mut(name)
            .expect("it was there or has just been put there")
    }

    /// How many topics there are because clients of the address wished for them.
    pub fn made_by(&self, address: &str) -> usize {
        self.makers.get(address).copied().unwrap_or_default()
    }

    /// The topic has been made at the wish of a client.
    pub fn charge(&mut self, name: &str, maker: Arc<str>) {
        if let Some(topic) = self.topics.get_mut(name) {
            *self.makers.entry(maker.clone()).or_default() += 1;
            topic.maker = Some(maker);
        }
    }

    /// Forgets the topic if nobody would miss it.
    pub fn tidy(&mut self, name: &str) {
        if self.topics.get(name).is_some_and(Topic::is_idle)
            && let Some(topic) = self.topics.remove(name)
        {
            self.floor = self.floor.max(topic.seq);
            discharge(&mut self.makers, &topic);
            self.forgotten = self.forgotten.max(topic.history.forgotten());
        }
    }

    /// The number of the topic's last message, which may have been forgotten with it.
    pub fn last(&self, name: &str) -> u64 {
        self.topics.get(name).map_or(self.floor, |topic| topic.seq)
    }

    /// Gives the message its number, remembers it and posts it to all threads that have
    /// subscribers. Returns the number and how many those are.
    pub fn publish(
        &mut self,
        name: &str,
        message: Message,
        except: Option<PeerId>,
        wakes: &mut Wakes,
    ) -> (u64, usize) {
        self.moment += 1;
        let Some(topic) = self.topics.get_mut(name) else {
            // Unheard and unremembered: it only uses up a number.
            self.floor += 1;
            self.forgotten = self.moment;
            return (self.floor, 0);
        };
        topic.seq += 1;
        topic
            .history
            .add((topic.seq, self.moment), &message, self.now, &mut self.room);
        let excepted = except.is_some_and(|id| topic.subscribers.contains(&id));
        let recipients = topic.subscribers.len() - usize::from(excepted);
        for thread in topic.reach() {
            let post = Post::Publish {
                topic: topic.card.id,
                seq: topic.seq,
                moment: self.moment,
                message: message.clone(),
                except: except.filter(|_| excepted),
            };
            wakes.post(&self.threads, thread, post);
        }
        (topic.seq, recipients)
    }

    /// The threads of those who watch the presence in a topic, and the bytes that a change of it
    /// has for each.
    pub fn watchers(&self, topic: &str, user: &User) -> Option<(&Topic, usize)> {
        let watched = self.topics.get(&*name::presence_of(topic))?;
        Some((watched, presence::change("leave", user).len()))
    }

    /// Tells those who watch the presence in a topic, if any do. A join is let in only where
    /// there is room to tell of it, so of leaves there are no more than joins that had it.
    pub fn tell(&mut self, topic: &str, kind: &str, user: &User, wakes: &mut Wakes) {
        if name::is_reserved(topic) {
            return;
        }
        let watched = name::presence_of(topic);
        if self.topics.contains_key(&*watched)
            && let Ok(message) = Message::event(presence::change(kind, user))
        {
            self.publish(&watched, message, None, wakes);
        }
    }

    /// The peer has the topic, which it did not have before, and whoever is to know is told.
    pub fn enter_topic(
        &mut self,
        id: PeerId,
        user: Option<&User>,
        card: Arc<TopicCard>,
        wakes: &mut Wakes,
    ) {
        let name = card.name.clone();
        if let Some(entry) = self.peers.entry_mut(id) {
            entry.topics.push(card);
        }
        let come = user.filter(|user| self.topic(&name).presence.join(user));
        if let Some(user) = come
            && !self.elsewhere.has(&name, &user.id)
        {
            self.tell(&name, "join", user, wakes);
        }
        self.changed(&name, user, wakes);
    }

    /// The peer no longer has the topic. Whether it had.
    pub fn leave_topic(
        &mut self,
        id: PeerId,
        thread: usize,
        user: Option<&User>,
        name: &str,
        wakes: &mut Wakes,
    ) -> bool {
        let Some(topic) = self.topics.get_mut(name) else {
            return false;
        };
        if !topic.remove(id, thread) {
            return false;
        }
        let name_of = topic.card.name.clone();
        let gone = user.filter(|user| topic.presence.leave(user));
        if let Some(user) = gone
            && !self.elsewhere.has(name, &user.id)
        {
            self.tell(name, "leave", user, wakes);
        }
        self.changed(&name_of, user, wakes);
        self.tidy(name);
        true
    }

    /// Other processes may have to know who has the topic now.
    fn changed(&self, topic: &Arc<str>, user: Option<&User>, wakes: &mut Wakes) {
        if let Some(relay) = &self.relay
            && !name::is_reserved(topic)
        {
            relay.changed(topic, user.map(|user| &user.id));
            wakes.relay = true;
        }
    }

    /// The mailboxes whose threads are to be woken.
    pub fn sleepers(&self, wakes: &Wakes) -> Vec<Arc<Mailbox>> {
        let threads = self.threads.iter().enumerate();
        let woken = threads.filter(|(thread, _)| wakes.contains(*thread));
        woken.filter_map(|(_, mailbox)| mailbox.clone()).collect()
    }

    /// Forgets what has been remembered for too long.
    pub fn sweep(&mut self, now: Instant) {
        self.now = now;
        if self.room.used == 0 || now.saturating_duration_since(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        let (room, floor, makers) = (&mut self.room, &mut self.floor, &mut self.makers);
        let forgotten = &mut self.forgotten;
        self.topics.retain(|_, topic| {
            topic.history.expire(now, room);
            let idle = topic.is_idle();
            if idle {
                *floor = (*floor).max(topic.seq);
                discharge(makers, topic);
                *forgotten = (*forgotten).max(topic.history.forgotten());
            }
            !idle
        });
    }
}

/// The topic is forgotten: it counts against nobody any more.
fn discharge(makers: &mut HashMap<Arc<str>, usize>, topic: &Topic) {
    if let Some(maker) = &topic.maker
        && let Some(count) = makers.get_mut(maker)
    {
        *count -= 1;
        if *count == 0 {
            makers.remove(maker);
        }
    }
}

impl Wakes {
    /// Puts a post into the mailbox of a thread. One that has ended has no peers any more.
    pub fn post(&mut self, threads: &[Option<Arc<Mailbox>>], thread: usize, post: Post) {
        if let Some(Some(mailbox)) = threads.get(thread)
            && mailbox.put(post)
        {
            self.threads |= 1 << thread;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.threads == 0 && !self.relay
    }

    pub fn contains(&self, thread: usize) -> bool {
        self.threads & (1 << thread) != 0
    }
}
