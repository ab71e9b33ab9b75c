//! What the process counts: one fixed set of named numbers, added to from any thread
//! and read together. A counter only grows; a gauge is given back by whoever raised it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Counts `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Raises the gauge until the returned guard is dropped.
    #[must_use = "the gauge falls when this is dropped"]
    pub fn raise(&self) -> Raised<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Raised(self)
    }

    /// The present value.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One unit of a [`Gauge`], given back on drop.
#[derive(Debug)]
pub struct Raised<'a>(&'a Gauge);

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
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

        impl Counters {
            const fn new() -> Self {
                Counters { $($name: $kind(AtomicU64::new(0)),)* }
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
    /// Requests handed to JavaScript.
    renders: Counter,
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
    /// Panics caught in Rust, each of which ended one exchange.
    panics: Counter,
}

/// The process's own counters.
pub fn counters() -> &'static Counters {
    static COUNTERS: Counters = Counters::new();
    &COUNTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let counters = Counters::new();
        counters.exchanges.increment();
        counters.exchanges.add(2);
        let first = counters.slots_in_use.raise();
        let second = counters.slots_in_use.raise();
        drop(first);

        let snapshot = counters.snapshot();
        assert_eq!((snapshot.exchanges, snapshot.slots_in_use), (3, 1));
        assert!(snapshot.pairs().any(|pair| pair == ("exchanges", 3)));

        drop(second);
        assert_eq!(counters.snapshot().slots_in_use, 0);
        assert_eq!(snapshot.slots_in_use, 1);
    }

    #[test]
    fn a_gauge_is_given_back_by_a_panic() {
        let gauge = Gauge::default();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = gauge.raise();
            panic!("while held");
        }));
        assert!(caught.is_err());
        assert_eq!(gauge.value(), 0);
    }
}
