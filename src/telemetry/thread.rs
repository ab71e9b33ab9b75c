//! How much processor time a thread has used, where the system tells (Linux).

use std::path::{Path, PathBuf};
use std::time::Duration;

/// A thread of this process, as others can look at it.
#[derive(Debug)]
pub struct Thread {
    /// `schedstat` (Linux, Documentation/scheduler/sched-stats): nanoseconds on a processor,
    /// nanoseconds waiting for one, and the number of times it got one.
    stat: PathBuf,
}

impl Thread {
    /// The calling thread; `None` where the system has no such figures.
    pub fn current() -> Option<Self> {
        let own = std::fs::read_link("/proc/thread-self").ok()?;
        let stat = Path::new("/proc").join(own).join("schedstat");
        let thread = Self { stat };
        thread.cpu_time().map(|_| thread)
    }

    /// The processor time it has used; `None` once it has ended.
    pub fn cpu_time(&self) -> Option<Duration> {
        let text = std::fs::read_to_string(&self.stat).ok()?;
        let nanoseconds = text.split_ascii_whitespace().next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_uses_time_and_one_that_ended_has_none() {
        let (give, given) = std::sync::mpsc::channel();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let worker = std::thread::spawn(move || {
            give.send(Thread::current()).expect("it listens");
            while stopped.try_recv().is_err() {
                std::hint::spin_loop();
            }
        });
        let thread = given.recv().expect("it tells").expect("Linux has figures");
        let first = thread.cpu_time().expect("it runs");
        while thread.cpu_time().expect("it runs") < first + Duration::from_millis(5) {
            std::thread::yield_now();
        }
        stop.send(()).expect("it runs");
        worker.join().expect("it ends");
        assert_eq!(thread.cpu_time(), None);
    }
}
