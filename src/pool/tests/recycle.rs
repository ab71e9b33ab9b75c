//! Recycling healthy workers by requests, memory and age.

use super::*;

fn recycling(count: usize, recycle: Recycle) -> Pool {
    Pool::ready(PolicyConfig {
        recycle,
        ..config(count)
    })
}

fn by_requests(count: usize) -> Pool {
    recycling(
        count,
        Recycle {
            max_requests: Some(1000),
            ..Recycle::default()
        },
    )
}

fn by_memory(count: usize) -> Pool {
    let mut pool = recycling(
        count,
        Recycle {
            max_memory: Some(1000),
            ..Recycle::default()
        },
    );
    pool.pass(10 * SECOND);
    pool
}

fn served(worker: u32, requests: u64) -> Sample {
    Sample {
        requests,
        ..sample(worker)
    }
}

fn fat(worker: u32, memory: u64) -> Sample {
    Sample {
        memory,
        ..sample(worker)
    }
}

#[test]
fn a_worker_that_had_its_requests_is_replaced_by_a_ready_one() {
    let mut pool = by_requests(2);
    assert_eq!(pool.pass_with(TICK, &[served(1, 999), served(2, 999)]), []);
    assert_eq!(
        pool.pass_with(TICK, &[served(1, 1000), served(2, 1000)]),
        [spawn(3, 0, 1)],
        "one at a time"
    );
    assert_eq!(pool.is_ready(3), [drain(1)]);
    assert!(pool.logged(|it| matches!(
        it,
        Notice::Replaced {
            why: "requests",
            requests: 1000,
            ..
        }
    )));
    assert_eq!(pool.leaves(1), [spawn(4, 1, 1)]);
    assert_eq!(pool.is_ready(4), [drain(2)]);
    assert_eq!(pool.leaves(2), []);
    let status = pool.policy.status();
    assert!(!status.rolling);
    assert_eq!((status.ready, status.seats[0].restarts), (2, 0));
}

#[test]
fn limits_of_requests_and_age_are_spread() {
    for (random, requests, age) in [(0.0, 900, 90), (1.0, 1100, 110)] {
        let config = PolicyConfig {
            recycle: Recycle {
                max_requests: Some(1000),
                max_age: Some(100 * SECOND),
                ..Recycle::default()
            },
            ..config(1)
        };
        let mut pool = Pool::ready(config);
        pool.policy = Policy::new(pool.policy.config.clone(), Box::new(move || random));
        pool.on(Event::Start);
        pool.is_ready(1);
        assert_eq!(pool.pass_with(TICK, &[served(1, requests - 1)]), []);
        assert_eq!(pool.pass(age * SECOND - TICK - MS), []);
        assert_eq!(pool.pass(2 * MS), [spawn(2, 0, 1)]);
        pool.is_ready(2);
        pool.leaves(1);
        assert_eq!(
            pool.pass_with(TICK, &[served(2, requests + 1)]),
            [spawn(3, 0, 1)]
        );
    }
}

#[test]
fn age_counts_from_ready() {
    let mut pool = Pool::new(PolicyConfig {
        recycle: Recycle {
            max_age: Some(100 * SECOND),
            ..Recycle::default()
        },
        ..config(1)
    });
    pool.on(Event::Start);
    pool.pass(50 * SECOND);
    pool.is_ready(1);
    assert_eq!(pool.pass(100 * SECOND - MS), []);
    assert_eq!(pool.pass(MS), [spawn(2, 0, 1)]);
}

#[test]
fn the_fattest_worker_goes_first_and_before_those_that_are_worn_out() {
    let mut pool = recycling(
        3,
        Recycle {
            max_requests: Some(1000),
            max_memory: Some(1000),
            max_age: None,
        },
    );
    pool.pass(10 * SECOND);
    let samples = [served(1, 5000), fat(2, 1001), fat(3, 2000)];
    assert_eq!(pool.pass_with(TICK, &samples), [spawn(4, 2, 1)]);
    pool.is_ready(4);
    assert_eq!(pool.leaves(3), [spawn(5, 1, 1)]);
    pool.is_ready(5);
    assert_eq!(pool.leaves(2), [spawn(6, 0, 1)]);
}

#[test]
fn memory_up_to_the_limit_is_fine() {
    let mut pool = by_memory(1);
    assert_eq!(pool.pass_with(SECOND, &[fat(1, 1000)]), []);
    assert_eq!(pool.pass_with(TICK, &[fat(1, 1001)]), [spawn(2, 0, 1)]);
}

#[test]
fn a_limit_below_what_the_application_needs_does_not_spin() {
    let mut pool = by_memory(1);
    pool.pass_with(TICK, &[fat(1, 2000)]);
    pool.is_ready(2);
    pool.leaves(1);
    assert_eq!(pool.pass_with(10 * SECOND - MS, &[fat(2, 2000)]), []);
    assert_eq!(pool.pass_with(MS, &[fat(2, 2000)]), [spawn(3, 0, 1)]);
}

#[test]
fn memory_does_not_wait_for_a_roll() {
    let mut pool = by_memory(3);
    pool.on(Event::Restart);
    pool.pass_with(TICK, &[fat(3, 2000)]);
    pool.is_ready(4);
    assert_eq!(pool.leaves(1), [spawn(5, 2, 1)], "seat 2 before seat 1");
    pool.is_ready(5);
    assert_eq!(pool.leaves(3), [spawn(6, 1, 1)]);
    pool.is_ready(6);
    assert_eq!(pool.leaves(2), []);
    assert!(
        !pool.policy.status().rolling,
        "it was the restart's work too"
    );
}

#[test]
fn recycling_goes_on_while_another_seat_is_empty() {
    let mut pool = by_memory(2);
    pool.exits(2, 1);
    assert_eq!(
        pool.pass_with(100 * MS, &[fat(1, 2000)]),
        [spawn(3, 1, 1), spawn(4, 0, 1)]
    );
}

#[test]
fn a_replacement_that_does_not_start_is_tried_again_and_again_while_the_old_one_serves() {
    let mut pool = by_requests(1);
    pool.pass_with(TICK, &[served(1, 1000)]);
    for worker in 2..12 {
        assert_eq!(pool.seated(), [1]);
        pool.exits(worker, 1);
        assert_eq!(pool.pass(5 * SECOND), [spawn(worker + 1, 0, 1)]);
    }
    let status = pool.policy.status();
    assert_eq!((status.ready, status.unready), (1, None));
    assert_eq!(pool.is_ready(12), [drain(1)]);
}

#[test]
fn a_worker_that_is_to_be_recycled_may_die_first() {
    let mut pool = by_requests(1);
    pool.pass_with(TICK, &[served(1, 1000)]);
    assert_eq!(pool.exits(1, 1), [], "its replacement takes the seat");
    assert_eq!(pool.is_ready(2), []);
    assert_eq!(pool.pass_with(SECOND, &[served(2, 10)]), []);
}

#[test]
fn two_hundred_recycles_never_leave_the_seat_unserved() {
    let mut pool = by_requests(1);
    for worker in 1..=200 {
        assert_eq!(
            pool.pass_with(TICK, &[served(worker, 1000)]),
            [spawn(worker + 1, 0, 1)]
        );
        assert_eq!(pool.is_ready(worker + 1), [drain(worker)]);
        assert_eq!(pool.policy.status().ready, 1);
        pool.leaves(worker);
        assert_eq!(pool.policy.status().workers.len(), 1);
    }
}
