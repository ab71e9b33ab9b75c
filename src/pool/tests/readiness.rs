//! When the pool cannot serve, and when it never could.

use super::*;

/// The worker on seat 0 fails to start, again and again.
fn fail_starts(pool: &mut Pool, times: usize) -> Vec<Action> {
    let mut actions = Vec::new();
    for _ in 0..times {
        actions.extend(pool.pass(6 * SECOND));
        let worker = pool.seated()[0];
        actions.extend(pool.on(Event::Exited {
            worker: WorkerId(worker),
            cause: Cause::Error("no database".to_owned()),
        }));
    }
    actions.retain(|action| !matches!(action, Action::Spawn { .. }));
    actions
}

#[test]
fn five_failed_starts_in_a_row_make_readiness_fail_with_the_reason() {
    let mut pool = Pool::ready(config(2));
    pool.exits(1, 1);
    assert_eq!(fail_starts(&mut pool, 4), []);
    let actions = fail_starts(&mut pool, 1);
    let [Action::Unready(reason)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert!(
        reason.contains("seat 0") && reason.contains("no database"),
        "{reason}"
    );
    assert_eq!(pool.policy.status().unready.as_ref(), Some(reason));

    assert_eq!(fail_starts(&mut pool, 3), [], "it is said once");
    let worker = pool.pass(6 * SECOND);
    let [Action::Spawn { worker, .. }] = worker[..] else {
        panic!("it keeps trying: {worker:?}")
    };
    assert_eq!(pool.is_ready(worker.0), [Action::ReadyAgain]);
    assert_eq!(pool.policy.status().unready, None);
}

#[test]
fn from_the_fifth_failure_on_the_tries_come_every_five_seconds() {
    let mut pool = Pool::ready(config(2));
    pool.exits(1, 1);
    fail_starts(&mut pool, 5);
    for _ in 0..3 {
        assert_eq!(pool.pass(5 * SECOND - MS), []);
        let actions = pool.pass(MS);
        let [Action::Spawn { worker, .. }] = actions[..] else {
            panic!("{actions:?}")
        };
        pool.exits(worker.0, 1);
    }
}

#[test]
fn taking_the_failing_seat_away_makes_the_pool_ready_again() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Add);
    for _ in 0..5 {
        pool.pass(6 * SECOND);
        let worker = pool.seated()[1];
        pool.exits(worker, 1);
    }
    assert!(pool.policy.status().unready.is_some());
    assert_eq!(pool.on(Event::Remove), [Action::ReadyAgain]);
}

#[test]
fn a_crash_loop_that_starts_every_time_is_no_failed_start() {
    let mut pool = Pool::ready(config(1));
    for worker in 1..20 {
        pool.exits(worker, 1);
        assert_eq!(pool.pass(6 * SECOND), [spawn(worker + 1, 0, 1)]);
        assert_eq!(pool.is_ready(worker + 1), []);
    }
}

#[test]
fn a_pool_without_a_ready_worker_for_long_says_so() {
    let mut pool = Pool::ready(config(2));
    pool.exits(1, 1);
    pool.exits(2, 1);
    pool.pass(10 * SECOND - MS);
    assert_eq!(pool.policy.status().unready, None, "both still start");
    let actions = pool.pass(MS);
    let [Action::Unready(reason)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert!(reason.contains("no worker"), "{reason}");
    assert_eq!(pool.is_ready(3), [Action::ReadyAgain]);
}

#[test]
fn gives_up_when_no_worker_has_ever_started() {
    let mut pool = Pool::new(config(1));
    pool.on(Event::Start);
    assert_eq!(fail_starts(&mut pool, 4), []);
    let actions = fail_starts(&mut pool, 1);
    let [Action::GiveUp(reason)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert!(reason.contains("no database"), "{reason}");
    assert_eq!(pool.pass(60 * SECOND), [], "nothing comes after it");
    assert_eq!(pool.on(Event::Add), []);
    assert_eq!(pool.on(Event::Stop), []);
}

#[test]
fn gives_up_only_when_every_seat_is_hopeless_and_ends_what_still_starts() {
    let mut pool = Pool::new(config(2));
    pool.on(Event::Start);
    fail_starts(&mut pool, 5);
    pool.pass(6 * SECOND);
    let starting = pool.seated()[0];
    let mut actions = Vec::new();
    for _ in 0..5 {
        let worker = pool.seated()[1];
        actions = pool.exits(worker, 1);
        if actions.is_empty() {
            pool.pass(2 * SECOND);
        }
    }
    let [kill, Action::GiveUp(_)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(*kill, terminate(starting, Why::Stopping));
}

#[test]
fn never_gives_up_once_a_worker_has_started() {
    let mut pool = Pool::ready(config(1));
    pool.exits(1, 1);
    let actions = fail_starts(&mut pool, 50);
    let [Action::Unready(first), Action::Unready(second)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert!(first.contains("no worker"), "{first}");
    assert!(second.contains("no database"), "a better reason: {second}");
}

#[test]
fn a_pool_that_hangs_at_every_start_gives_up_too() {
    let mut pool = Pool::new(config(1));
    pool.on(Event::Start);
    let mut actions = Vec::new();
    for worker in 1..=5 {
        actions = pool.pass(60 * SECOND);
        assert!(actions.contains(&terminate(worker, Why::StartTimeout)));
        pool.exits(worker, 1);
        pool.pass(worker * SECOND);
    }
    assert!(matches!(actions[..], [_, Action::GiveUp(_)]), "{actions:?}");
}
