//! Which of the workers that could come is asked to. Pure: it sees loads and gives a place.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::config::Balancing;

/// What is known of a worker that could come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub in_flight: u32,
    /// From 0 to 1.
    pub cpu: f64,
}

/// The policy and its memory.
#[derive(Debug)]
pub(super) struct Balance {
    policy: Balancing,
    /// Where the last choice fell; the next looks first behind it, so that equals take turns.
    last: AtomicUsize,
}

impl Balance {
    pub fn new(policy: Balancing) -> Self {
        Self {
            policy,
            last: AtomicUsize::new(usize::MAX),
        }
    }

    /// The place of the best among `places`; `load` is `None` for those that cannot come.
    pub fn choose(&self, places: usize, load: impl Fn(usize) -> Option<Load>) -> Option<usize> {
        if places == 0 {
            return None;
        }
        let first = self.last.load(Relaxed).wrapping_add(1);
        let mut best: Option<(usize, f64)> = None;
        for place in (0..places).map(|step| first.wrapping_add(step) % places) {
            let Some(load) = load(place) else {
                continue;
            };
            let burden = match self.policy {
                Balancing::RoundRobin => 0.0,
                Balancing::LeastConnections => load.in_flight.into(),
                Balancing::CpuBased => load.cpu,
            };
            if best.is_none_or(|(_, least)| burden < least) {
                best = Some((place, burden));
            }
        }
        let (place, _) = best?;
        self.last.store(place, Relaxed);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(policy: Balancing, loads: &[Option<(u32, f64)>], count: usize) -> Vec<usize> {
        let balance = Balance::new(policy);
        let load = |place: usize| loads[place].map(|(in_flight, cpu)| Load { in_flight, cpu });
        (0..count)
            .filter_map(|_| balance.choose(loads.len(), load))
            .collect()
    }

    #[test]
    fn equals_take_turns() {
        for policy in [
            Balancing::RoundRobin,
            Balancing::LeastConnections,
            Balancing::CpuBased,
        ] {
            let same = [Some((3, 0.5)); 3];
            assert_eq!(choices(policy, &same, 5), [0, 1, 2, 0, 1]);
        }
    }

    #[test]
    fn each_policy_looks_at_its_own_figure() {
        let loads = [Some((9, 0.1)), Some((2, 0.9)), Some((5, 0.5))];
        assert_eq!(choices(Balancing::RoundRobin, &loads, 3), [0, 1, 2]);
        assert_eq!(choices(Balancing::LeastConnections, &loads, 2), [1, 1]);
        assert_eq!(choices(Balancing::CpuBased, &loads, 2), [0, 0]);
    }

    #[test]
    fn who_cannot_come_is_not_chosen() {
        let loads = [None, Some((7, 0.0)), None];
        assert_eq!(choices(Balancing::RoundRobin, &loads, 2), [1, 1]);
        assert!(choices(Balancing::LeastConnections, &[None, None], 1).is_empty());
        assert!(choices(Balancing::LeastConnections, &[], 1).is_empty());
    }
}
