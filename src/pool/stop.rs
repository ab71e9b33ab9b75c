//! The end. From `Stop` on nothing is started, while ready workers go on: exchanges still
//! come through connections that are open, until the server has drained. Then (`Closed`, or
//! the shutdown timeout) the workers end, and what does not end by itself is killed. If the last
//! of them dies before, what waits for one is answered without (`Forsake`).

use std::time::Duration;

use super::notice::Notice;
use super::policy::{Phase, Policy};
use super::words::{Action, Why, WorkerId};
use super::worker::{Life, Worker};

/// A killed thread is waited for this long. One that is stuck in native code never goes.
const KILLED: Duration = Duration::from_secs(2);

impl Policy {
    /// [`Event::Stop`](super::Event::Stop).
    pub(super) fn stop(&mut self) {
        if self.is_over() || self.is_stopping() {
            return;
        }
        self.phase = Phase::Stopping {
            since: self.now,
            forsaken: false,
        };
        self.log(Notice::Stopping {
            ready: self.ready_count(),
        });
        self.drop_trial("the process stops");
        // Its seat's occupant goes on. One that starts alone on its seat goes on as well:
        // exchanges may be waiting for it.
        self.drop_incoming(Why::Stopping, |_| true);
    }

    /// [`Event::Closed`](super::Event::Closed).
    pub(super) fn close(&mut self) {
        self.stop();
        if !matches!(self.phase, Phase::Stopping { .. }) {
            return;
        }
        self.phase = Phase::Closing;
        let living: Vec<(WorkerId, Life)> = self
            .living()
            .map(|worker| (worker.id, worker.life))
            .collect();
        for (worker, life) in living {
            match life {
                Life::Starting => self.dismiss(worker, Why::Stopping),
                Life::Ready | Life::Draining { .. } => self.end_idle(worker),
                Life::Ending { .. } | Life::Terminated { .. } => {}
            }
        }
    }

    /// Carries the end on with time.
    pub(super) fn pursue_stop(&mut self) {
        let serve = |worker: &Worker| matches!(worker.life, Life::Starting | Life::Ready);
        let nobody = !self.workers.values().any(serve);
        if let Phase::Stopping { forsaken, .. } = &mut self.phase
            && nobody
            && !std::mem::replace(forsaken, true)
        {
            self.act(Action::Forsake);
        }
        if let Phase::Stopping { since, .. } = self.phase
            && self.now.saturating_sub(since) >= self.config.shutdown_timeout
        {
            self.close();
        }
        let gone = |worker: &Worker| match worker.life {
            Life::Terminated { since, .. } => self.now.saturating_sub(since) >= KILLED,
            _ => false,
        };
        if matches!(self.phase, Phase::Closing) && self.workers.values().all(gone) {
            self.phase = Phase::Over;
            self.log(Notice::Stopped {
                stuck: self.workers.len(),
            });
            self.act(Action::Stopped);
        }
    }
}
