//! Which healthy worker has been there long enough: by memory, requests or age. Replacing
//! it is `replace.rs`.

use std::cmp::Reverse;
use std::time::Duration;

use super::backoff::spread;
use super::policy::Policy;
use super::replace::Purpose;
use super::words::{RecycleWhy, Seat};
use super::worker::Worker;

/// Limits of requests and age are this part lower or higher for each worker.
const SPREAD: f64 = 0.1;

/// A worker may use what it likes for this long: a limit below what the application needs
/// to start would otherwise have its workers replaced without a pause.
const SETTLING: Duration = Duration::from_secs(10);

impl Policy {
    /// A new worker's factor on its limits.
    pub(super) fn recycle_spread(&mut self) -> f64 {
        let random = self.random();
        spread(SPREAD, random)
    }

    /// The worker that uses too much memory, the one that is to be replaced anyway before
    /// others, then the largest.
    pub(super) fn over_memory(&self) -> Option<(Seat, Purpose)> {
        let limit = self.config.recycle.max_memory?;
        self.recyclable()
            .filter(|worker| worker.memory > limit && worker.age(self.now) >= SETTLING)
            .min_by_key(|worker| Reverse((self.is_outdated(worker.seat), worker.memory)))
            .map(|worker| (worker.seat, Purpose::Recycle(RecycleWhy::Memory)))
    }

    /// The worker that has had its requests, or is too old; the oldest first.
    pub(super) fn worn_out(&self) -> Option<(Seat, Purpose)> {
        let recycle = &self.config.recycle;
        self.recyclable()
            .filter_map(|worker| {
                let requests = recycle
                    .max_requests
                    .is_some_and(|limit| worker.requests as f64 >= limit as f64 * worker.spread);
                let age = recycle
                    .max_age
                    .is_some_and(|limit| worker.age(self.now) >= limit.mul_f64(worker.spread));
                let why = match (requests, age) {
                    (true, _) => RecycleWhy::Requests,
                    (_, true) => RecycleWhy::Age,
                    _ => return None,
                };
                Some((worker, why))
            })
            .min_by_key(|(worker, _)| Reverse(worker.age(self.now)))
            .map(|(worker, why)| (worker.seat, Purpose::Recycle(why)))
    }

    fn recyclable(&self) -> impl Iterator<Item = &Worker> {
        self.all_seats()
            .filter(|&seat| self.has_room(seat))
            .filter_map(|seat| self.occupant(seat))
            .filter(|worker| worker.is_ready())
    }
}
