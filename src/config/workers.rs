//! What the settings of the workers mean together: how many there are at start, whether they
//! have threads of their own, and what has an effect then. The pool itself is elsewhere.

use super::decided::{AutoScale, Recycle, Workers};
use super::parse::WorkerCount;
use super::read;
use super::setting::Group;
use super::settings::{
    AUTO_SCALE, CLUSTER_WORKERS, CPU_THRESHOLD, ENABLE_STICKY_SESSION, HEALTH_CHECK_INTERVAL,
    ISOLATED_WORKER, KEEP_BUILDS, LOAD_BALANCING_STRATEGY, MAX_IN_FLIGHT, MAX_MEMORY_USAGE,
    MAX_QUEUE, MAX_REQUESTS_PER_WORKER, MAX_WORKER_AGE, MAX_WORKERS, MEMORY_THRESHOLD, MIN_WORKERS,
    MOST_WORKERS, QUEUE_TIMEOUT, SETTINGS, UNRESPONSIVE_TIMEOUT,
};
use super::source::{Given, Source, default_of};

/// The workers of a server of our own, on a machine with so many cores.
pub(super) fn decide(source: &mut Source<'_>, cores: usize) -> Workers {
    let workers = asked(source, cores);
    if workers.pooled {
        return workers;
    }
    let reason = format!(
        "the only worker runs in the main thread; {}, {} or {} gives workers threads of their own",
        source.variable(CLUSTER_WORKERS.env),
        source.variable(ISOLATED_WORKER.env),
        source.variable(AUTO_SCALE.env),
    );
    for (setting, wanted) in [
        (LOAD_BALANCING_STRATEGY, true),
        (ENABLE_STICKY_SESSION, workers.sticky),
        (UNRESPONSIVE_TIMEOUT, workers.unresponsive_timeout.is_some()),
        (
            MAX_REQUESTS_PER_WORKER,
            workers.recycle.max_requests.is_some(),
        ),
        (MAX_MEMORY_USAGE, workers.recycle.max_memory.is_some()),
        (MAX_WORKER_AGE, workers.recycle.max_age.is_some()),
        (KEEP_BUILDS, workers.keep_builds > 0),
    ] {
        // What is switched off anyway may as well be said.
        if wanted {
            source.no_effect(&setting, &reason);
        }
    }
    in_the_main_thread(workers)
}

/// The worker of a handler inside another server: one, in the thread of that server.
pub(super) fn decide_embedded(source: &mut Source<'_>, cores: usize) -> Workers {
    let workers = asked(source, cores);
    let reason = "build/handler.js runs the app in the thread of the server it is used in";
    for setting in SETTINGS.iter().filter(|s| s.group == Group::Workers) {
        source.no_effect(setting, reason);
    }
    if workers.pooled {
        for setting in [CLUSTER_WORKERS, ISOLATED_WORKER, AUTO_SCALE] {
            if let Some(raw) = source.given_option(&setting) {
                source.warn(format!("{} has no effect: {reason}", raw.name));
            }
        }
    }
    in_the_main_thread(workers)
}

/// One worker, which nothing can replace.
fn in_the_main_thread(workers: Workers) -> Workers {
    Workers {
        count: 1,
        pooled: false,
        sticky: false,
        unresponsive_timeout: None,
        recycle: Recycle::default(),
        memory_limit: None,
        auto_scale: None,
        ..workers
    }
}

/// What the settings ask for, wherever the app runs.
fn asked(source: &mut Source<'_>, cores: usize) -> Workers {
    let cores = cores.clamp(1, MOST_WORKERS);
    let given = source.given(&CLUSTER_WORKERS, read::workers);
    let isolated = source.take_or_default(&ISOLATED_WORKER, read::switch);
    let scaling = Scaling::take(source);
    let (count, auto_scale) = if scaling.on {
        let auto_scale = scaling.bounds(given.as_ref(), cores);
        let count = scaling.start(source, given.as_ref(), cores, auto_scale);
        (count, Some(auto_scale))
    } else {
        (fixed(given.as_ref(), cores), None)
    };
    let balancing = source.take_or_default(&LOAD_BALANCING_STRATEGY, read::balancing);
    let sticky = source.take_or_default(&ENABLE_STICKY_SESSION, read::switch);
    let max_queue = source.take_or_default(&MAX_QUEUE, read::count);
    let queue_timeout = source.take_or_default(&QUEUE_TIMEOUT, read::timeout);
    let max_in_flight = source.take_or_default(&MAX_IN_FLIGHT, read::count);
    let unresponsive_timeout = source.take_or_default(&UNRESPONSIVE_TIMEOUT, read::timeout);
    let health_check_interval = source.take_or_default(&HEALTH_CHECK_INTERVAL, read::interval);
    let recycle = Recycle {
        max_requests: source.take_or_default(&MAX_REQUESTS_PER_WORKER, read::count_or_never),
        max_memory: source.take_or_default(&MAX_MEMORY_USAGE, read::memory),
        max_age: source.take_or_default(&MAX_WORKER_AGE, read::timeout),
    };
    Workers {
        count,
        pooled: count > 1 || isolated || auto_scale.is_some(),
        balancing,
        sticky,
        max_queue,
        queue_timeout,
        max_in_flight,
        unresponsive_timeout,
        health_check_interval,
        recycle,
        memory_limit: recycle.max_memory.map(|bytes| bytes * 2),
        auto_scale,
        keep_builds: source.take_or_default(&KEEP_BUILDS, read::count),
    }
}

/// How many there are when nothing changes their number.
fn fixed(given: Option<&Given<WorkerCount>>, cores: usize) -> usize {
    let asked = given.map_or_else(
        || default_of(&CLUSTER_WORKERS, read::workers),
        |given| given.value,
    );
    match asked {
        WorkerCount::Fixed(count) => count,
        WorkerCount::Auto => cores,
    }
}

/// What is said about following the load.
struct Scaling {
    on: bool,
    min: Option<Given<usize>>,
    max: Option<Given<usize>>,
    cpu_percent: u8,
    memory_percent: u8,
}

impl Scaling {
    fn take(source: &mut Source<'_>) -> Scaling {
        let scaling = Scaling {
            on: source.take_or_default(&AUTO_SCALE, read::switch),
            min: source.given(&MIN_WORKERS, read::count),
            max: source.given(&MAX_WORKERS, read::count),
            cpu_percent: source.take_or_default(&CPU_THRESHOLD, read::percent),
            memory_percent: source.take_or_default(&MEMORY_THRESHOLD, read::percent),
        };
        if let (Some(min), Some(max)) = (&scaling.min, &scaling.max)
            && min.value > max.value
        {
            source.mistake(&min.name, &min.value.to_string(), &at_most(max));
        }
        if !scaling.on {
            let reason = format!("it needs {}=true", source.variable(AUTO_SCALE.env));
            for setting in [MIN_WORKERS, MAX_WORKERS, CPU_THRESHOLD, MEMORY_THRESHOLD] {
                source.no_effect(&setting, &reason);
            }
        }
        scaling
    }

    /// From how many to how many. A bound that nobody gave makes room for what they did.
    fn bounds(&self, given: Option<&Given<WorkerCount>>, cores: usize) -> AutoScale {
        let max = self.max.as_ref().map(|max| max.value);
        let min = self.min.as_ref().map_or_else(
            || default_of(&MIN_WORKERS, read::count).min(max.unwrap_or(MOST_WORKERS)),
            |min| min.value,
        );
        let asked = match given.map(|given| given.value) {
            Some(WorkerCount::Fixed(count)) => count,
            Some(WorkerCount::Auto) | None => 1,
        };
        AutoScale {
            min,
            max: max.unwrap_or_else(|| cores.max(min).max(asked)),
            cpu_percent: self.cpu_percent,
            memory_percent: self.memory_percent,
        }
    }

    /// How many there are at start. `auto` goes as far as the bounds let it; a number has to
    /// be within them.
    fn start(
        &self,
        source: &mut Source<'_>,
        given: Option<&Given<WorkerCount>>,
        cores: usize,
        AutoScale { min, max, .. }: AutoScale,
    ) -> usize {
        let Some(given) = given else {
            return min;
        };
        let count = match given.value {
            WorkerCount::Auto => return cores.min(max).max(min),
            WorkerCount::Fixed(count) => count,
        };
        if let Some(max) = self.max.as_ref().filter(|max| count > max.value) {
            source.mistake(&given.name, &count.to_string(), &at_most(max));
        }
        if count < min {
            source.warn(format!(
                "{}={count} has no effect: with {}, there are at least the {min} of {}",
                given.name,
                source.variable(AUTO_SCALE.env),
                source.variable(MIN_WORKERS.env),
            ));
        }
        count.max(min)
    }
}

fn at_most(bound: &Given<usize>) -> String {
    format!("a number up to {}, which is {}", bound.name, bound.value)
}
