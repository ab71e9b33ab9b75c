//! Rolling restarts, and wishes that cross.

use super::*;

#[test]
fn replaces_the_workers_one_by_one_each_on_its_seat() {
    let mut pool = Pool::ready(config(2));
    pool.pass(SECOND);
    assert_eq!(pool.on(Event::Restart), [spawn(3, 0, 1)]);
    assert_eq!(
        pool.pass(20 * SECOND),
        [],
        "the old one serves until the new one is ready"
    );
    assert_eq!(pool.is_ready(3), [drain(1)]);
    assert_eq!(
        pool.pass(20 * SECOND),
        [],
        "the next waits until the old one has gone"
    );
    assert_eq!(pool.drained(1), [end(1)]);
    assert_eq!(pool.exits(1, 0), [spawn(4, 1, 1)]);
    assert_eq!(pool.is_ready(4), [drain(2)]);
    assert!(pool.logged(|notice| matches!(notice, Notice::Restarted { .. })));
    assert_eq!(pool.leaves(2), []);
    assert_eq!(pool.seated(), [3, 4]);
    assert!(!pool.policy.status().rolling);
}

#[test]
fn a_worker_that_does_not_drain_in_time_is_cut_then_killed() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Restart);
    pool.is_ready(2);
    assert_eq!(pool.pass(30 * SECOND - MS), []);
    assert_eq!(pool.pass(MS), [end(1)]);
    assert_eq!(pool.drained(1), [], "too late");
    assert_eq!(pool.pass(5 * SECOND), [terminate(1, Why::ShutdownTimeout)]);
    assert_eq!(pool.exits(1, 1), []);
    assert_eq!(
        pool.policy.status().seats[0].restarts,
        0,
        "that is no death of the seat"
    );
}

#[test]
fn a_drained_worker_may_take_its_time_to_shut_down_but_not_for_ever() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Restart);
    pool.is_ready(2);
    pool.drained(1);
    assert_eq!(pool.pass(30 * SECOND - MS), []);
    assert_eq!(pool.pass(MS), [terminate(1, Why::ShutdownTimeout)]);
}

#[test]
fn a_worker_that_dies_while_it_drains_leaves_its_seat_alone() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    pool.is_ready(3);
    assert_eq!(pool.exits(1, 1), [spawn(4, 1, 1)], "the roll goes on");
    assert_eq!(pool.seated(), [3, 2]);
    assert_eq!(pool.drained(1), [], "drained after it has gone");
}

#[test]
fn an_unresponsive_worker_is_killed_while_it_drains() {
    let mut pool = Pool::ready(config(1));
    pool.pass(20 * SECOND);
    pool.on(Event::Restart);
    pool.is_ready(2);
    let hung = Sample {
        silent_for: 16 * SECOND,
        ..sample(1)
    };
    assert_eq!(
        pool.pass_with(TICK, &[hung]),
        [terminate(1, Why::Unresponsive)]
    );
    assert_eq!(pool.seated(), [2]);
}

#[test]
fn a_replacement_that_dies_while_starting_is_tried_again_and_the_old_one_stays() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Restart);
    assert_eq!(pool.exits(2, 1), []);
    assert_eq!(pool.seated(), [1]);
    assert_eq!(pool.pass(100 * MS), [spawn(3, 0, 1)]);
    assert_eq!(pool.is_ready(3), [drain(1)]);
}

#[test]
fn a_restart_whose_workers_do_not_start_is_given_up() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    pool.is_ready(3);
    pool.leaves(1);
    for worker in 4..9 {
        assert_eq!(pool.seated(), [3, 2]);
        pool.exits(worker, 1);
        pool.pass(2 * SECOND);
    }
    assert!(pool.logged(|notice| matches!(notice, Notice::RestartFailed { failures: 5, .. })));
    assert_eq!(pool.pass(60 * SECOND), []);
    assert!(!pool.logged(|notice| matches!(notice, Notice::Restarted { .. })));
    let status = pool.policy.status();
    assert!(!status.rolling && status.unready.is_none());
    assert_eq!(
        pool.on(Event::Restart),
        [spawn(9, 0, 1)],
        "a new wish is a new roll"
    );
}

#[test]
fn failed_starts_of_a_restart_count_in_a_row_only() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    let mut next = 3;
    for old in [1, 2] {
        for wait in [100, 200, 400, 800] {
            assert_eq!(pool.state(next), Some(State::Starting));
            pool.exits(next, 1);
            assert_eq!(pool.pass(wait * MS - MS), []);
            next += 1;
            assert_eq!(pool.pass(MS), [spawn(next, old - 1, 1)]);
        }
        assert_eq!(pool.is_ready(next), [drain(old)]);
        pool.leaves(old);
        next += 1;
    }
    assert!(pool.logged(|notice| matches!(notice, Notice::Restarted { .. })));
}

#[test]
fn a_roll_is_over_only_once_all_seats_are_served() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    pool.is_ready(3);
    pool.leaves(1);
    assert_eq!(pool.exits(2, 1), [], "the replacement takes the seat");
    assert_eq!(pool.exits(4, 1), []);
    let over = |pool: &Pool| pool.logged(|notice| matches!(notice, Notice::Restarted { .. }));
    assert_eq!(pool.seated(), [3, 0]);
    assert!(!over(&pool), "a seat is empty");
    assert_eq!(pool.pass(SECOND), [spawn(5, 1, 1)]);
    assert!(!over(&pool), "its worker starts");
    assert_eq!(pool.is_ready(5), []);
    assert!(over(&pool) && !pool.policy.status().rolling);
}

#[test]
fn the_occupants_death_makes_its_replacement_the_occupant() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Restart);
    assert_eq!(pool.exits(1, 1), [], "no third worker");
    assert_eq!(pool.pass(SECOND), []);
    assert_eq!(pool.seated(), [2]);
    assert_eq!(pool.is_ready(2), []);
    assert!(!pool.policy.status().rolling);
}

#[test]
fn the_occupant_and_its_replacement_may_both_die() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Restart);
    pool.exits(1, 1);
    pool.exits(2, 1);
    assert_eq!(pool.pass(200 * MS), [spawn(3, 0, 1)]);
    assert_eq!(pool.is_ready(3), []);
    assert!(!pool.policy.status().rolling);
}

#[test]
fn the_fresh_replacements_death_is_its_seats_death() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    pool.is_ready(3);
    assert_eq!(pool.exits(3, 1), []);
    assert_eq!(pool.leaves(1), [], "the roll pauses while a seat is empty");
    assert_eq!(pool.pass(100 * MS), [spawn(4, 0, 1)]);
    assert_eq!(pool.pass(SECOND), []);
    assert_eq!(pool.is_ready(4), [spawn(5, 1, 1)], "and goes on");
}

#[test]
fn a_restart_during_a_restart_replaces_every_worker_that_is_older_than_it() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    pool.is_ready(3);
    assert_eq!(pool.on(Event::Restart), [], "never two at once");
    assert_eq!(pool.leaves(1), [spawn(4, 1, 1)]);
    assert_eq!(pool.on(Event::Restart), [], "what starts may go on");
    assert_eq!(pool.is_ready(4), [drain(2)]);
    assert_eq!(pool.leaves(2), [spawn(5, 0, 1)]);
    assert_eq!(pool.is_ready(5), [drain(3)]);
    assert_eq!(
        pool.leaves(3),
        [spawn(6, 1, 1)],
        "4 is older than the last wish"
    );
    assert_eq!(pool.is_ready(6), [drain(4)]);
    assert_eq!(pool.leaves(4), []);
    assert!(!pool.policy.status().rolling);
    let ends = |notice: &&Notice| matches!(notice, Notice::Restarted { .. });
    assert_eq!(pool.notices.iter().filter(ends).count(), 1);
}

#[test]
fn a_storm_of_restarts_keeps_serving_and_comes_to_an_end() {
    let mut pool = Pool::ready(config(2));
    let mut next = 3;
    for _ in 0..20 {
        pool.on(Event::Restart);
        assert_eq!(pool.policy.status().ready, 2);
        assert!(pool.policy.status().workers.len() <= 3);
    }
    while pool.policy.status().rolling {
        let old = match pool.is_ready(next)[..] {
            [Action::Drain(old)] => old,
            ref actions => panic!("{actions:?}"),
        };
        pool.leaves(old.0);
        next += 1;
        assert!(next < 10);
    }
    assert_eq!(
        pool.seated(),
        [5, 4],
        "the first to start was older than the last wish"
    );
}

#[test]
fn workers_that_start_when_the_restart_comes_are_replaced_when_they_are_ready() {
    let mut pool = Pool::new(config(1));
    pool.on(Event::Start);
    assert_eq!(pool.on(Event::Restart), []);
    assert_eq!(pool.is_ready(1), [Action::Listen, spawn(2, 0, 1)]);
    assert_eq!(pool.is_ready(2), [drain(1)]);
}
