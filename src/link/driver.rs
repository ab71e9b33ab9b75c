//! The thread around the node: it brings time, carries what the hub notes in and what others tell out,
//! and holds the connection. Whatever becomes of Redis, the hub here goes on.

mod deeds;

use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use ::redis::{RedisError, RedisResult};
use tokio::runtime::Builder;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::intake::{Intake, Noted, Word};
use super::node::{Batch, Bounds, Event, Node};
use super::redis::{Arrival, Connection, Redis};
use super::words::Body;
use super::{Desk, Settings};
use crate::telemetry::counters;
use crate::telemetry::counters::Raised;
use crate::telemetry::log;
use crate::ws::{Hub, User};

/// How often the node is told the time.
const TICK: Duration = Duration::from_millis(100);

/// Topics that stand differently are told no more often than this.
const TELL: Duration = Duration::from_millis(20);

/// The first pause before Redis is tried again, and the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A connection that has held for so long was a good one: the next pause is short again.
const STEADY: Duration = Duration::from_secs(10);

/// An instance that has not heard itself for so long hears nobody.
const DEAF: Duration = Duration::from_secs(5);

/// Frames that are looked at before anything else has its turn.
const ARRIVALS: usize = 256;

type Connecting = Pin<Box<dyn Future<Output = RedisResult<Connection>>>>;
type Sending = Pin<Box<dyn Future<Output = (Batch, Result<(), RedisError>)>>>;

pub(super) struct Driver {
    hub: Arc<Hub>,
    intake: Arc<Intake>,
    desk: Weak<dyn Desk>,
    redis: Arc<Redis>,
    node: Node,
    events: Vec<Event>,
    /// When topics may be told next.
    tell_at: Instant,
    /// Since when Redis is gone, and when it is tried next.
    gone: Option<Gone>,
    /// How often it was tried, or lost soon after it had come.
    tries: u32,
    came: Instant,
    heard_itself: Instant,
    told_of_versions: bool,
    told_of_loss: bool,
    up: Option<Raised<'static>>,
    kept: Raised<'static>,
    instances: Vec<Raised<'static>>,
}

#[derive(Debug)]
struct Gone {
    since: Instant,
    next: Instant,
}

impl Driver {
    pub fn new(
        hub: Arc<Hub>,
        intake: Arc<Intake>,
        desk: Weak<dyn Desk>,
        settings: &Settings,
        bounds: Bounds,
    ) -> RedisResult<Self> {
        let id = hub.epoch();
        let now = Instant::now();
        let redis = Redis::new(&settings.url, &settings.prefix, id)?;
        Ok(Self {
            hub,
            intake,
            desk,
            redis: Arc::new(redis),
            node: Node::new(id, bounds),
            events: Vec::new(),
            tell_at: now,
            gone: None,
            tries: 0,
            came: now,
            heard_itself: now,
            told_of_versions: false,
            told_of_loss: false,
            up: None,
            kept: counters().redis_kept_bytes.raise_by(0),
            instances: Vec::new(),
        })
    }

    pub fn spawn(self) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("oxide-link".to_owned())
            .spawn(move || {
                let intake = self.intake.clone();
                runtime.block_on(self.run());
                intake.set_ended();
            })?;
        Ok(())
    }

    async fn run(mut self) {
        let mut connection: Option<Connection> = None;
        let mut connecting: Option<Connecting> = None;
        let mut sending: Option<Sending> = None;
        let mut bye = false;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let intake = self.intake.clone();
            let tell_at = self.tell_at;
            let may_connect = connection.is_none() && connecting.is_none();
            let retry_at = self.gone.as_ref().map_or(tell_at, |gone| gone.next);
            tokio::select! {
                () = intake.news.notified() => {}
                _ = ticks.tick() => {}
                () = sleep_until(retry_at.into()), if may_connect => {
                    let redis = self.redis.clone();
                    connecting = Some(Box::pin(async move { redis.connect().await }));
                }
                connected = finished(&mut connecting) => {
                    connecting = None;
                    match connected {
                        Ok(made) => {
                            self.connected(&made);
                            connection = Some(made);
                        }
                        Err(error) => self.lost(&error.to_string()),
                    }
                }
                (batch, sent) = finished(&mut sending) => {
                    sending = None;
                    match sent {
                        Ok(()) => {
                            counters().redis_sent.add(batch.frames.len() as u64);
                            self.node.sent(&batch, Instant::now());
                        }
                        Err(error) => {
                            connection = None;
                            self.lost(&error.to_string());
                        }
                    }
                }
                arrival = arrived(&mut connection) => {
                    let mut next = Some(arrival);
                    let mut turn = 0;
                    while let Some(arrival) = next.take() {
                        match arrival {
                            Arrival::Frame(bytes) => self.receive(bytes),
                            Arrival::End => {
                                connection = None;
                                sending = None;
                                self.lost("the connection has ended");
                            }
                        }
                        turn += 1;
                        if turn < ARRIVALS {
                            next = connection.as_mut().and_then(Connection::arrival_now);
                        }
                    }
                }
            }
            let now = Instant::now();
            self.take_words(now);
            self.node.tick(now, &mut self.events);
            self.carry_out().await;
            if connection.is_some() && self.is_deaf(Instant::now()) {
                connection = None;
                sending = None;
                self.lost("what is sent does not come back");
            }
            if let (Some(connection), true) = (&connection, sending.is_none()) {
                if self.intake.is_ending() && self.node.waiting() == 0 {
                    if bye {
                        return;
                    }
                    bye = true;
                    self.node.say_goodbye();
                }
                let batch = self.node.batch();
                if !batch.frames.is_empty() {
                    let sent = connection.send(&batch.frames);
                    sending = Some(Box::pin(async move { (batch, sent.await) }));
                }
            }
            if connection.is_none() && self.intake.is_ending() {
                return;
            }
            self.count();
        }
    }

    fn connected(&mut self, connection: &Connection) {
        let now = Instant::now();
        self.heard_itself = now;
        self.came = now;
        let gone = self.gone.take();
        let seconds = gone.map(|gone| now.saturating_duration_since(gone.since).as_secs_f64());
        let waiting = self.node.waiting();
        match seconds {
            Some(seconds) => log::info(
                "redis is back",
                &[
                    ("seconds", &format_args!("{seconds:.1}")),
                    ("waiting", &waiting),
                    ("sharded", &connection.sharded),
                ],
            ),
            None => log::info(
                "joined with other hubs through redis",
                &[("sharded", &connection.sharded)],
            ),
        }
        self.told_of_loss = false;
        self.up = Some(counters().redis_up.raise());
        self.node.up();
    }

    /// Redis is gone, or still is.
    fn lost(&mut self, reason: &str) {
        let now = Instant::now();
        self.up = None;
        self.node.down();
        if self.gone.is_none() {
            log::warn("redis is gone", &[("reason", &reason)]);
            counters().redis_outages.increment();
            if now.saturating_duration_since(self.came) >= STEADY {
                self.tries = 0;
            }
        }
        let longest = PAUSE * 2u32.saturating_pow(self.tries.min(16));
        let pause = longest.min(LONGEST_PAUSE);
        // not all at once
        let share = RandomState::new().hash_one(self.tries) % 1000;
        let next = now + pause / 2 + pause.mul_f64(share as f64 / 2000.0);
        self.tries = self.tries.saturating_add(1);
        let since = self.gone.as_ref().map_or(now, |gone| gone.since);
        self.gone = Some(Gone { since, next });
    }

    fn is_deaf(&mut self, now: Instant) -> bool {
        if self.node.take_echo() {
            self.heard_itself = now;
        }
        now.saturating_duration_since(self.heard_itself) >= DEAF
    }

    fn receive(&mut self, bytes: bytes::Bytes) {
        let now = Instant::now();
        let Err(error) = self.node.receive(bytes, now, &mut self.events) else {
            return;
        };
        counters().redis_ignored.increment();
        if !std::mem::replace(&mut self.told_of_versions, true) {
            log::warn("ignored what came from redis", &[("reason", &error)]);
        }
    }

    /// What was noted here since the last time.
    fn take_words(&mut self, now: Instant) {
        let tell = now >= self.tell_at;
        let Noted {
            words, dirty, lost, ..
        } = self.intake.take(tell);
        for word in words {
            match word {
                Word::Publish(topic, letter) => self.node.publish(topic, letter),
                Word::Broadcast(letter) => self.node.broadcast(letter),
                Word::Direct(to, body) => {
                    // One that has gone since is told nothing; whoever waits hears that it has.
                    self.node.direct(to, body);
                }
            }
        }
        if lost > 0 {
            self.loss(lost);
        }
        if !tell {
            return;
        }
        if !dirty.is_empty() {
            self.tell_at = now + TELL;
        }
        self.node.recount(self.hub.open_here() as u32);
        for (topic, users) in dirty {
            let users: Vec<_> = users.into_iter().collect();
            let standing = self.hub.standing(&topic, &users);
            self.node
                .stands(Body::Count(topic.clone(), standing.count as u32));
            for (id, info) in users.into_iter().zip(standing.users) {
                let topic = topic.clone();
                self.node.stands(match info {
                    Some(info) => Body::Present(topic, User { id, info }),
                    None => Body::Absent(topic, id),
                });
            }
        }
    }

    /// Something of this instance, or for it, is lost: said once for each outage.
    fn loss(&mut self, count: u64) {
        counters().redis_lost.add(count);
        if !std::mem::replace(&mut self.told_of_loss, true) {
            log::warn(
                "messages between hubs are lost: more than is kept",
                &[("count", &count)],
            );
        }
    }

    fn count(&mut self) {
        let tally = self.node.take_tally();
        let counters = counters();
        counters.redis_received.add(tally.received);
        counters.redis_again.add(tally.again);
        counters.redis_resent.add(tally.resent);
        if tally.dropped > 0 {
            self.loss(tally.dropped);
        }
        self.kept = counters
            .redis_kept_bytes
            .raise_by(self.node.kept_bytes() as u64);
    }
}

async fn finished<T>(running: &mut Option<Pin<Box<dyn Future<Output = T>>>>) -> T {
    match running {
        Some(running) => running.await,
        None => pending().await,
    }
}

async fn arrived(connection: &mut Option<Connection>) -> Arrival {
    match connection {
        Some(connection) => connection.arrival().await,
        None => pending().await,
    }
}
