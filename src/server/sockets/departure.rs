//! What becomes of the peers of a worker that has gone.

use std::sync::Arc;

use super::state::{Drained, Held, NOBODY, State};
use super::task::Task;
use crate::dispatch::{PeerNews, Worker};
use crate::telemetry::counters;

impl State {
    /// The worker has gone. What it had taken and not settled is lost and comes back; what it
    /// had not taken is told to other homes, before what was parked behind it.
    pub fn gone(&mut self, worker: &Arc<Worker>) -> Vec<Held> {
        let id = worker.id();
        if self.homes.remove(&id).is_none() {
            return Vec::new();
        }
        for event in worker.reclaim().into_iter().rev() {
            let token = match event.news {
                PeerNews::Open { token }
                | PeerNews::Drain { token }
                | PeerNews::Message { token, .. }
                | PeerNews::Close { token, .. }
                | PeerNews::Subscribe { token, .. }
                | PeerNews::Request { token, .. } => token,
                PeerNews::Reply { answer, .. } => {
                    self.unheard.push(answer);
                    continue;
                }
            };
            // of a peer that was released meanwhile nothing is held
            let Some(held) = self.held.remove(&token) else {
                continue;
            };
            worker.settles();
            match self.residents.get_mut(&held.peer) {
                Some(resident) => resident.parked.push_front(held.task),
                None => self.dropped.push(held.task),
            }
        }
        let lost = self.held.extract_if(|_, held| held.worker == id);
        let lost: Vec<Held> = lost.map(|(_, held)| held).collect();
        for held in &lost {
            worker.settles();
            if let Some(resident) = self.residents.get_mut(&held.peer) {
                resident.wishes -= u32::from(held.task.is_wish());
            }
        }
        counters().ws_lost.add(lost.len() as u64);
        self.evict(id);
        lost
    }

    /// Finds other homes for those who had theirs with that worker.
    fn evict(&mut self, worker: u32) {
        let mut waiting = Vec::new();
        self.residents.retain(|peer, resident| {
            if resident.home != worker {
                return true;
            }
            resident.home = NOBODY;
            // also what the worker was about to take when it was given up
            resident.outstanding.clear();
            let drains = |task: &Task| matches!(task, Task::Drain);
            let told = resident.parked.iter().any(drains);
            resident.drained = if told { Drained::Told } else { Drained::No };
            if !resident.parked.is_empty() {
                waiting.push(*peer);
            }
            !resident.is_over()
        });
        for peer in waiting {
            self.unpark(peer);
        }
    }
}
