//! How often each client may do something: a bucket of tokens for each address, kept as the one
//! point in time at which it would be full again (the generic cell rate algorithm). Time and
//! addresses come from outside, and memory is bounded however many addresses come.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// Addresses remembered at most, in the two halves together. Those longest unheard of are
/// forgotten first, which lets them begin anew.
const ADDRESSES: usize = 1 << 16;

/// A bound on how often each address may come.
#[derive(Debug)]
pub struct Limiter {
    /// The time for all tokens of a bucket.
    period: Duration,
    /// The time for one.
    interval: Duration,
    /// Most addresses in one half.
    half: usize,
    /// Addresses come from clients: hashed with a secret, and only the hash is kept, so that a
    /// long header is not.
    hasher: RandomState,
    /// By address, when its bucket will be full.
    recent: HashMap<u64, Instant>,
    /// What was `recent` before it became too many or too old.
    earlier: HashMap<u64, Instant>,
    turned: Instant,
}

impl Limiter {
    /// Each address may come `count` times in `period`: all at once, or spread. More than none
    /// of both.
    pub fn new(count: u32, period: Duration, now: Instant) -> Self {
        Self {
            period,
            interval: period / count.max(1),
            half: ADDRESSES / 2,
            hasher: RandomState::new(),
            recent: HashMap::new(),
            earlier: HashMap::new(),
            turned: now,
        }
    }

    /// Takes a token of `address`, or tells how long there will be none. One that is refused
    /// costs nothing.
    pub fn take(&mut self, address: &str, now: Instant) -> Result<(), Duration> {
        self.turn(now);
        let key = self.hasher.hash_one(address);
        let known = self.recent.get(&key).or_else(|| self.earlier.get(&key));
        let full = known.copied().map_or(now, |full| full.max(now));
        let missing = full.saturating_duration_since(now) + self.interval;
        if let Some(wait) = missing.checked_sub(self.period)
            && !wait.is_zero()
        {
            return Err(wait);
        }
        self.recent.insert(key, full + self.interval);
        Ok(())
    }

    /// After a whole period without a visit a bucket is full, which it is without being
    /// remembered. So whoever stands in the older half for so long can be forgotten.
    fn turn(&mut self, now: Instant) {
        let old = now.saturating_duration_since(self.turned) >= self.period;
        if old || self.recent.len() >= self.half {
            self.earlier = std::mem::take(&mut self.recent);
            self.turned = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn twenty_in_ten(now: Instant) -> Limiter {
        Limiter::new(20, 10 * SECOND, now)
    }

    /// How often in a row it may come.
    fn burst(limiter: &mut Limiter, address: &str, now: Instant) -> usize {
        (0..100)
            .take_while(|_| limiter.take(address, now).is_ok())
            .count()
    }

    #[test]
    fn lets_a_burst_through_and_then_one_for_each_token() {
        let start = Instant::now();
        let mut limiter = twenty_in_ten(start);
        assert_eq!(burst(&mut limiter, "192.0.2.1", start), 20);
        assert_eq!(limiter.take("192.0.2.1", start), Err(SECOND / 2));
        let almost = start + SECOND / 4;
        assert_eq!(limiter.take("192.0.2.1", almost), Err(SECOND / 4));
        assert_eq!(burst(&mut limiter, "192.0.2.1", start + SECOND / 2), 1);
        assert_eq!(burst(&mut limiter, "192.0.2.1", start + 3 * SECOND), 5);
        assert_eq!(burst(&mut limiter, "192.0.2.1", start + 60 * SECOND), 20);
    }

    #[test]
    fn what_was_refused_costs_nothing() {
        let start = Instant::now();
        let mut limiter = twenty_in_ten(start);
        burst(&mut limiter, "192.0.2.1", start);
        for _ in 0..1_000 {
            assert!(limiter.take("192.0.2.1", start).is_err());
        }
        assert_eq!(burst(&mut limiter, "192.0.2.1", start + SECOND), 2);
    }

    #[test]
    fn each_address_has_its_own() {
        let start = Instant::now();
        let mut limiter = twenty_in_ten(start);
        for address in ["192.0.2.1", "192.0.2.2", "a client"] {
            assert_eq!(burst(&mut limiter, address, start), 20, "{address}");
        }
        assert_eq!(burst(&mut limiter, "a client", start), 0);
    }

    #[test]
    fn nothing_is_forgotten_early_and_everything_late() {
        let start = Instant::now();
        let mut limiter = twenty_in_ten(start);
        burst(&mut limiter, "192.0.2.1", start + 9 * SECOND);
        // the halves change places in between
        assert_eq!(limiter.take("192.0.2.2", start + 10 * SECOND), Ok(()));
        assert_eq!(burst(&mut limiter, "192.0.2.1", start + 10 * SECOND), 2);
        for later in [30, 50] {
            assert_eq!(limiter.take("192.0.2.3", start + later * SECOND), Ok(()));
        }
        let known = limiter.recent.keys().chain(limiter.earlier.keys());
        assert_eq!(known.collect::<BTreeSet<_>>().len(), 1);
    }

    #[test]
    fn many_addresses_take_no_more_than_their_room() {
        let start = Instant::now();
        let mut limiter = twenty_in_ten(start);
        limiter.half = 10;
        for address in 0..1_000 {
            assert_eq!(limiter.take(&address.to_string(), start), Ok(()));
            assert!(limiter.recent.len() + limiter.earlier.len() <= 20);
        }
        // the latest are still known
        assert_eq!(burst(&mut limiter, "999", start), 19);
    }
}
