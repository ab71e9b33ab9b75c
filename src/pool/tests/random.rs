//! Random sequences of events, however unlikely, in a made-up world that checks every step.

use proptest::prelude::*;

use super::world::World;
use super::*;

#[derive(Debug, Clone)]
enum Step {
    Wait(u64, bool),
    Ready(usize),
    Drained(usize),
    Exit(usize, Cause),
    Hang(usize),
    WearOut(usize, bool),
    Restart,
    TakeOver,
    Scale(usize),
    Add,
    Remove,
    Stale(u32, u8),
    Stop,
    Closed,
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::Exit(0)),
        Just(Cause::Exit(1)),
        Just(Cause::Error("failed".to_owned())),
        Just(Cause::OutOfMemory),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..8_usize;
    prop_oneof![
        20 => (0..1500_u64, any::<bool>()).prop_map(|(time, busy)| Step::Wait(time, busy)),
        4 => (1500..70_000_u64, any::<bool>()).prop_map(|(time, busy)| Step::Wait(time, busy)),
        25 => which.clone().prop_map(Step::Ready),
        12 => which.clone().prop_map(Step::Drained),
        20 => (which.clone(), cause()).prop_map(|(which, cause)| Step::Exit(which, cause)),
        3 => which.clone().prop_map(Step::Hang),
        5 => (which, any::<bool>()).prop_map(|(which, fat)| Step::WearOut(which, fat)),
        3 => Just(Step::Restart),
        3 => Just(Step::TakeOver),
        2 => (0..5_usize).prop_map(Step::Scale),
        2 => Just(Step::Add),
        2 => Just(Step::Remove),
        5 => (0..60_u32, 0..3_u8).prop_map(|(worker, kind)| Step::Stale(worker, kind)),
    ]
}

/// The same, and the end somewhere among them.
fn steps_with_an_end() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![3 => Just(Step::Stop), 1 => Just(Step::Closed)];
    let more = prop_oneof![20 => step(), 1 => Just(Step::Closed), 1 => Just(Step::Stop)];
    (
        prop::collection::vec(step(), 0..80),
        end,
        prop::collection::vec(more, 0..40),
    )
        .prop_map(|(mut steps, end, more)| {
            steps.push(end);
            steps.extend(more);
            steps
        })
}

fn pool() -> impl Strategy<Value = PolicyConfig> {
    (
        1..5_usize,
        any::<bool>(),
        prop::option::weighted(0.3, 1..3_usize),
    )
        .prop_map(|(count, recycles, min)| PolicyConfig {
            recycle: Recycle {
                max_requests: recycles.then_some(1000),
                max_memory: recycles.then_some(1000),
                max_age: recycles.then_some(300 * SECOND),
            },
            shutdown_timeout: 10 * SECOND,
            auto_scale: min.map(|min| AutoScale {
                min,
                max: min + 2,
                cpu_percent: 80,
                memory_percent: 85,
            }),
            ..config(count)
        })
}

fn take(world: &mut World, fixed: bool, step: Step) {
    match step {
        Step::Wait(millis, busy) => {
            // ticks, unless the whole process was suspended
            let cpu = if busy { 1.0 } else { 0.1 };
            let time = Duration::from_millis(millis);
            for _ in 0..millis / 1000 {
                world.wait(SECOND, cpu);
            }
            world.wait(time - SECOND * (millis / 1000) as u32, cpu);
        }
        Step::Ready(which) => {
            if let Some(worker) = world.pick(which, |state| state == State::Starting) {
                world.becomes_ready(worker);
            }
        }
        Step::Drained(which) => {
            if let Some(worker) = world.pick(which, |state| state == State::Draining) {
                world.on(Event::Drained(WorkerId(worker)));
            }
        }
        Step::Exit(which, cause) => {
            if let Some(worker) = world.pick(which, |_| true) {
                world.exits(worker, cause);
            }
        }
        Step::Hang(which) => {
            if let Some(worker) = world.pick(which, |_| true) {
                world.hangs(worker);
            }
        }
        Step::WearOut(which, fat) => {
            if let Some(worker) = world.pick(which, |_| true) {
                let (requests, memory) = if fat { (0, 2000) } else { (2000, 0) };
                world.wears_out(worker, requests, memory);
            }
        }
        Step::Restart => world.on(Event::Restart),
        Step::TakeOver => world.take_over(),
        Step::Scale(count) if !fixed => world.on(Event::Scale(count)),
        Step::Add if !fixed => world.on(Event::Add),
        Step::Remove if !fixed => world.on(Event::Remove),
        Step::Scale(_) | Step::Add | Step::Remove => {}
        Step::Stale(worker, kind) => stale(world, worker, kind),
        Step::Stop => world.on(Event::Stop),
        Step::Closed => world.on(Event::Closed),
    }
}

/// An event that comes too late, twice, or about nobody.
fn stale(world: &mut World, worker: u32, kind: u8) {
    let state = world.workers.get(&worker).map(|worker| worker.state);
    let id = WorkerId(worker);
    match (kind, state) {
        (0, state) if state != Some(State::Starting) => world.on(Event::Ready(id)),
        (1, state) if state != Some(State::Draining) => world.on(Event::Drained(id)),
        (_, None) => world.on(Event::Exited {
            worker: id,
            cause: Cause::Exit(1),
        }),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens: once it is over, everything is as it was wished.
    #[test]
    fn what_was_wished_comes_true_in_the_end(
        config in pool(),
        fixed: bool,
        seed: u64,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new(config, fixed, seed);
        for step in steps {
            take(&mut world, fixed, step);
        }
        world.behave(200);
        if world.is_running() {
            world.check_calm();
        }
    }

    /// Wherever the end comes, and even if no worker does anything any more, it comes.
    #[test]
    fn a_stop_always_comes_to_an_end(
        config in pool(),
        seed: u64,
        steps in steps_with_an_end(),
        obeys: bool,
    ) {
        let mut world = World::new(config, false, seed);
        for step in steps {
            take(&mut world, false, step);
        }
        if world.is_running() {
            world.on(Event::Stop);
        }
        if obeys {
            world.on(Event::Closed);
            world.behave(3);
            prop_assert!(world.workers.is_empty());
        } else {
            // the drain, the workers' shutdown, their killing
            for _ in 0..(10 + 10 + 2) * 4 + 2 {
                world.wait(TICK, 0.0);
            }
        }
        prop_assert!(world.stopped || !world.is_running());
        let alive = |state| state != State::Terminated;
        prop_assert_eq!(world.pick(0, alive), None, "every worker was ended or killed");
    }
}
