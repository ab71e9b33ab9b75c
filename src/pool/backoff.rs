//! How long to wait before the next try after a failure. It only counts: time and
//! randomness come from outside.

use std::time::Duration;

/// The wait after the first failure.
pub const SHORTEST: Duration = Duration::from_millis(100);

/// The wait that no number of failures exceeds, but for the jitter.
pub const LONGEST: Duration = Duration::from_secs(5);

/// Each wait is this part shorter or longer at most, so that workers that died of one cause
/// do not come back, and die, in step.
pub const JITTER: f64 = 0.2;

/// Doubles from [`SHORTEST`] to [`LONGEST`].
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure; how long to wait now. `random` is within 0..=1.
    pub fn fail(&mut self, random: f64) -> Duration {
        // Six doublings pass the longest wait.
        let base = (SHORTEST * (1 << self.failures.min(6))).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        jittered(base, random)
    }

    /// The next failure is the first again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The wait of those who have failed too often to be hurried.
pub fn longest(random: f64) -> Duration {
    jittered(LONGEST, random)
}

fn jittered(base: Duration, random: f64) -> Duration {
    base.mul_f64(spread(JITTER, random))
}

/// A factor of up to `part` more or less than 1, for a `random` within 0..=1.
pub fn spread(part: f64, random: f64) -> f64 {
    1.0 + part * (2.0 * random.clamp(0.0, 1.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest_and_begins_again_after_a_reset() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.fail(0.5).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.fail(0.5), SHORTEST);
    }

    #[test]
    fn jitter_goes_both_ways_and_knows_its_bounds() {
        assert_eq!(Backoff::default().fail(0.0), Duration::from_millis(80));
        assert_eq!(Backoff::default().fail(1.0), Duration::from_millis(120));
        assert_eq!(longest(7.0), Duration::from_secs(6));
        assert_eq!(longest(-7.0), Duration::from_secs(4));
    }

    #[test]
    fn any_number_of_failures_is_fine() {
        let mut backoff = Backoff { failures: u32::MAX };
        assert_eq!(backoff.fail(0.5), LONGEST);
    }
}
