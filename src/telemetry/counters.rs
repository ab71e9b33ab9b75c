//! What the process counts: one fixed set of named numbers, added to from any thread
//! and read together. A counter only grows; a gauge is given back by whoever raised it.
//!
//! Each thread adds to its own lane, which no other writes: that takes no locked instruction,
//! and threads do not wait for each other's cache lines. A value is the sum of all lanes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

/// A number that only grows.
#[derive(Debug)]
pub struct Counter(usize);

impl Counter {
    /// Counts one more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Counts `n` more.
    pub fn add(&self, n: u64) {
        add(self.0, n);
    }

    /// The count so far.
    pub fn value(&self) -> u64 {
        sum(self.0)
    }
}

/// A number that goes up and down.
#[derive(Debug)]
pub struct Gauge(usize);

impl Gauge {
    /// Raises the gauge until the returned guard is dropped, on whatever thread.
    #[must_use = "the gauge falls when this is dropped"]
    pub fn raise(&self) -> Raised<'_> {
        self.raise_by(1)
    }

    /// Raises it by so many.
    #[must_use = "the gauge falls when this is dropped"]
    pub fn raise_by(&self, n: u64) -> Raised<'_> {
        add(self.0, n);
        Raised(self, n)
    }

    /// The present value.
    pub fn value(&self) -> u64 {
        // what was raised in a lane already read may have fallen in one read later
        (sum(self.0) as i64).max(0) as u64
    }
}

/// What a [`Gauge`] was raised by, given back on drop.
#[derive(Debug)]
pub struct Raised<'a>(&'a Gauge, u64);

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        add(self.0.0, self.1.wrapping_neg());
    }
}

/// One thread's share of every number, modulo 2^64. Aligned so that no two lanes share a
/// cache line, nor the pair of lines that some processors fetch at once.
#[derive(Debug)]
#[repr(align(128))]
struct Lane([AtomicU64; NUMBERS]);

impl Lane {
    const fn new() -> Self {
        Lane([const { AtomicU64::new(0) }; NUMBERS])
    }
}

/// The lanes of all threads that count.
static LANES: Mutex<Vec<Arc<Lane>>> = Mutex::new(Vec::new());

/// What threads that are no more have counted, and those that are just ending.
static ENDED: Lane = Lane::new();

/// A thread's hold on its lane.
struct Own(Arc<Lane>);

thread_local! {
    static OWN: Own = {
        let lane = Arc::new(Lane::new());
        LANES.lock().push(lane.clone());
        Own(lane)
    };
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut lanes = LANES.lock();
        lanes.retain(|lane| !Arc::ptr_eq(lane, &self.0));
        for (ended, own) in ENDED.0.iter().zip(&self.0.0) {
            ended.fetch_add(own.load(Relaxed), Relaxed);
        }
    }
}

fn add(number: usize, n: u64) {
    let added = OWN.try_with(|own| {
        let number = &own.0.0[number];
        // nobody else writes it, so nothing is lost in between
        number.store(number.load(Relaxed).wrapping_add(n), Relaxed);
    });
    if added.is_err() {
        ENDED.0[number].fetch_add(n, Relaxed);
    }
}

fn sum(number: usize) -> u64 {
    let lanes = LANES.lock();
    let lanes = lanes.iter().map(|lane| &**lane).chain([&ENDED]);
    lanes
        .map(|lane| lane.0[number].load(Relaxed))
        .fold(0, u64::wrapping_add)
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident: $kind:ident),* $(,)?) => {
        /// Every counter and gauge of the process.
        #[derive(Debug)]
        pub struct Counters {
            $($(#[$doc])* pub $name: $kind,)*
        }

        /// The values at one moment. Each is exact; together they are not one instant.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Snapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// Where each stands in a lane.
        #[expect(non_camel_case_types, reason = "named like what they number")]
        enum Place { $($name,)* Count }

        impl Counters {
            const fn new() -> Self {
                Counters { $($name: $kind(Place::$name as usize),)* }
            }

            /// Reads every value.
            pub fn snapshot(&self) -> Snapshot {
                Snapshot { $($name: self.$name.value(),)* }
            }
        }

        impl Snapshot {
            /// The values by name, in the order of declaration.
            pub fn pairs(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Clients accepted.
    connections_accepted: Counter,
    /// Clients connected now.
    connections_open: Gauge,
    /// Requests whose head was read.
    exchanges: Counter,
    /// Requests not yet answered to the end.
    exchanges_open: Gauge,
    /// Requests answered from the asset table, redirects included.
    assets: Counter,
    /// Requests that were let in to wait for a worker; most are taken at once.
    renders: Counter,
    /// Requests refused because too many were waiting for a worker.
    queue_refused: Counter,
    /// Requests given up because no worker took them within the queue timeout.
    queue_expired: Counter,
    /// Exchanges that a worker had when it died.
    lost: Counter,
    /// Those of them that were given to another worker.
    given_on: Counter,
    /// Slots held by exchanges now.
    slots_in_use: Gauge,
    /// Slots taken from the pool.
    slot_hits: Counter,
    /// Slots made because the pool was empty.
    slot_misses: Counter,
    /// Exchanges whose client went away before the end.
    aborted: Counter,
    /// Exchanges ended by a timeout.
    timeouts: Counter,
    /// Requests refused before they were routed: malformed or over a limit.
    refused: Counter,
    /// Panics caught in Rust, each of which ended one exchange or one peer.
    panics: Counter,
    /// Messages from peers.
    ws_messages: Counter,
    /// Those of them that were meant for the hub and made no sense.
    ws_bad_frames: Counter,
    /// Subscriptions that peers wished for and did not get.
    ws_topics_refused: Counter,
    /// Events of peers that waited for a worker to be there for them.
    ws_parked: Counter,
    /// Events of peers that a worker had when it died.
    ws_lost: Counter,
    /// WebSockets open now.
    ws_open: Gauge,
    /// Handshakes that were accepted.
    ws_accepted: Counter,
    /// Handshakes that the app answered with something else.
    ws_declined: Counter,
    /// Handshakes refused because their address had begun too many.
    ws_refused_rate: Counter,
    /// Handshakes refused because of the page they came from.
    ws_refused_origin: Counter,
    /// Handshakes refused because their address had too many peers.
    ws_refused_address: Counter,
    /// Handshakes refused because there were too many peers.
    ws_refused_full: Counter,
    /// Handshakes refused because a drain had begun.
    ws_refused_drain: Counter,
    /// 1 while the hub is joined with others through Redis.
    redis_up: Gauge,
    /// Times that Redis was lost.
    redis_outages: Counter,
    /// Other processes whose hubs are joined with this one.
    redis_instances: Gauge,
    /// Frames given to Redis.
    redis_sent: Counter,
    /// Those of them that another process had missed and asked for.
    redis_resent: Counter,
    /// Numbered frames taken from other processes.
    redis_received: Counter,
    /// Frames that came twice and were ignored.
    redis_again: Counter,
    /// Frames that could not be told, were not heard or could not be delivered.
    redis_lost: Counter,
    /// What came from Redis and made no sense, or was of another version.
    redis_ignored: Counter,
    /// Bytes kept to be sent to other processes, or sent again.
    redis_kept_bytes: Gauge,
}

/// Two of them are for the tests of this file alone.
const NUMBERS: usize = Place::Count as usize + if cfg!(test) { 2 } else { 0 };

/// The process's own counters.
pub fn counters() -> &'static Counters {
    static COUNTERS: Counters = Counters::new();
    &COUNTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTER: Counter = Counter(NUMBERS - 2);
    const GAUGE: Gauge = Gauge(NUMBERS - 1);

    #[test]
    fn counts_on_every_thread_and_after_it() {
        COUNTER.increment();
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..1_000).for_each(|_| COUNTER.add(2))))
            .collect();
        for thread in threads {
            thread.join().expect("it only counts");
        }
        assert_eq!(COUNTER.value(), 8_001);
    }

    #[test]
    fn the_lane_of_a_thread_that_ended_is_not_kept() {
        let lane = std::thread::spawn(|| OWN.with(|own| Arc::downgrade(&own.0)));
        let lane = lane.join().expect("it only looks");
        assert!(lane.upgrade().is_none());
    }

    #[test]
    fn a_gauge_is_given_back_by_another_thread_and_by_a_panic() {
        let held = GAUGE.raise();
        let more = GAUGE.raise();
        assert_eq!(GAUGE.value(), 2);
        std::thread::spawn(|| drop(held))
            .join()
            .expect("it only drops");
        assert_eq!(GAUGE.value(), 1);
        drop(more);
        let caught = std::panic::catch_unwind(|| {
            let _held = GAUGE.raise();
            panic!("while held");
        });
        assert!(caught.is_err());
        assert_eq!(GAUGE.value(), 0);
    }

    #[test]
    fn a_snapshot_names_every_number() {
        let snapshot = counters().snapshot();
        let names: Vec<_> = snapshot.pairs().map(|(name, _)| name).collect();
        assert_eq!(names.len(), Place::Count as usize);
        assert_eq!((names[0], names[16]), ("connections_accepted", "panics"));
    }
}
