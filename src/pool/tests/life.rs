//! Starting, dying, coming back.

use super::*;

#[test]
fn all_seats_are_filled_at_the_start_and_the_first_ready_worker_opens_the_listener() {
    let mut pool = Pool::new(config(3));
    assert_eq!(pool.pass(SECOND), [], "nothing before the start");
    assert_eq!(
        pool.on(Event::Start),
        [spawn(1, 0, 1), spawn(2, 1, 1), spawn(3, 2, 1)]
    );
    assert_eq!(pool.on(Event::Start), [], "it starts once");
    assert_eq!(pool.is_ready(2), [Action::Listen]);
    assert_eq!(pool.is_ready(1), []);
    assert_eq!(pool.is_ready(1), [], "ready twice is ready");
    let status = pool.policy.status();
    assert_eq!((status.wished, status.ready), (3, 2));
    assert_eq!(pool.state(3), Some(State::Starting));
}

#[test]
fn a_worker_that_dies_comes_back_on_its_seat_after_a_wait_that_grows() {
    let mut pool = Pool::ready(config(2));
    let mut worker = 2;
    for wait in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
        assert_eq!(pool.exits(worker, 1), [], "not at once");
        assert_eq!(pool.seated(), [1, 0]);
        pool.now += wait * MS - MS;
        assert_eq!(pool.on(Event::Start), [], "not before {wait} ms");
        worker += 1;
        assert_eq!(pool.pass(MS), [spawn(worker, 1, 1)]);
        pool.is_ready(worker);
    }
    let seat = &pool.policy.status().seats[1];
    assert_eq!((seat.restarts, seat.failed_starts), (8, 0));
    assert_eq!(seat.last_death, Some(Cause::Exit(1)));
    assert_eq!(pool.policy.status().seats[0].restarts, 0);
}

#[test]
fn a_worker_that_lived_long_enough_dies_for_the_first_time_again() {
    let mut pool = Pool::ready(config(1));
    for worker in 1..5 {
        pool.exits(worker, 1);
        pool.pass(6 * SECOND);
        pool.is_ready(worker + 1);
    }
    pool.pass(30 * SECOND - MS);
    pool.exits(5, 1);
    assert_eq!(pool.pass(1600 * MS - MS), [], "it has not lived 30 s");
    assert_eq!(pool.pass(MS), [spawn(6, 0, 1)]);
    pool.is_ready(6);
    pool.pass(30 * SECOND);
    pool.exits(6, 1);
    assert_eq!(pool.pass(100 * MS), [spawn(7, 0, 1)]);
}

#[test]
fn a_worker_that_ends_well_settles_its_seat_too() {
    let mut pool = Pool::ready(config(1));
    for worker in 1..5 {
        pool.exits(worker, 1);
        pool.pass(6 * SECOND);
        pool.is_ready(worker + 1);
    }
    pool.pass(31 * SECOND);
    assert_eq!(pool.on(Event::Restart), [spawn(6, 0, 1)]);
    assert_eq!(pool.is_ready(6), [drain(5)]);
    pool.exits(6, 1);
    assert_eq!(pool.pass(100 * MS), [spawn(7, 0, 1)]);
}

#[test]
fn the_wait_is_jittered_by_the_injected_randomness() {
    for (random, wait) in [(0.0, 80), (1.0, 120)] {
        let mut pool = Pool::ready(config(1));
        pool.policy = Policy::new(config(1), Box::new(move || random));
        pool.on(Event::Start);
        pool.is_ready(1);
        pool.exits(1, 1);
        pool.now += wait * MS - MS;
        assert_eq!(pool.on(Event::Start), []);
        assert_eq!(pool.pass(MS), [spawn(2, 0, 1)]);
    }
}

#[test]
fn dying_while_starting_counts_as_a_failed_start_until_one_succeeds() {
    let mut pool = Pool::ready(config(2));
    pool.exits(1, 1);
    pool.pass(100 * MS);
    assert_eq!(pool.exits(3, 7), []);
    assert_eq!(pool.policy.status().seats[0].failed_starts, 1);
    assert!(pool.logged(|notice| matches!(
        notice,
        Notice::Died { starting: true, cause: Cause::Exit(7), restarts: 2, retry_in: Some(wait), .. }
            if *wait == 200 * MS
    )));
    assert_eq!(pool.pass(200 * MS), [spawn(4, 0, 1)]);
    pool.is_ready(4);
    assert_eq!(pool.policy.status().seats[0].failed_starts, 0);
}

#[test]
fn a_worker_that_takes_too_long_to_start_is_killed_and_another_tries() {
    let mut pool = Pool::new(config(1));
    pool.on(Event::Start);
    assert_eq!(pool.pass(60 * SECOND - MS), []);
    assert_eq!(pool.pass(MS), [terminate(1, Why::StartTimeout)]);
    assert_eq!(pool.is_ready(1), [], "too late");
    assert_eq!(pool.pass(100 * MS), [spawn(2, 0, 1)]);
    assert_eq!(pool.exits(1, 1), [], "it has been written off already");
    assert_eq!(pool.policy.status().seats[0].restarts, 1);
    assert_eq!(pool.is_ready(2), [Action::Listen]);
}

#[test]
fn an_unresponsive_worker_is_killed_and_replaced_at_once() {
    let mut pool = Pool::ready(config(2));
    pool.pass(15 * SECOND);
    let hung = Sample {
        silent_for: 15 * SECOND,
        ..sample(1)
    };
    assert_eq!(pool.pass_with(TICK, &[hung, sample(2)]), [], "not yet");
    let hung = Sample {
        silent_for: 15 * SECOND + MS,
        ..sample(1)
    };
    assert_eq!(
        pool.pass_with(TICK, &[hung, sample(2)]),
        [terminate(1, Why::Unresponsive), spawn(3, 0, 1)]
    );
    assert_eq!(pool.pass_with(TICK, &[hung]), [], "it is killed once");
    assert_eq!(pool.exits(1, 1), []);
    let deaths = pool.notices.iter();
    let deaths = deaths.filter(|notice| matches!(notice, Notice::Died { .. }));
    assert_eq!(deaths.count(), 1, "a death is one line");
}

#[test]
fn a_process_that_was_suspended_does_not_blame_its_workers() {
    let mut pool = Pool::ready(config(1));
    pool.pass(30 * SECOND);
    pool.now += 3600 * SECOND;
    let silent = Sample {
        silent_for: 3600 * SECOND,
        ..sample(1)
    };
    assert_eq!(pool.pass_with(15 * SECOND, &[silent]), []);
    assert_eq!(
        pool.pass_with(2 * TICK, &[silent]),
        [terminate(1, Why::Unresponsive), spawn(2, 0, 1)],
        "it had its time again, and did not use it"
    );
}

#[test]
fn silence_means_nothing_while_starting_or_where_the_timeout_is_off() {
    let silent = |worker| Sample {
        silent_for: 3600 * SECOND,
        ..sample(worker)
    };
    let mut pool = Pool::new(config(1));
    pool.on(Event::Start);
    assert_eq!(pool.pass_with(40 * SECOND, &[silent(1)]), []);

    let mut pool = Pool::ready(PolicyConfig {
        unresponsive_timeout: None,
        ..config(1)
    });
    assert_eq!(pool.pass_with(40 * SECOND, &[silent(1)]), []);
}

#[test]
fn threads_that_cannot_be_killed_do_not_pile_up() {
    let mut pool = Pool::ready(config(1));
    pool.pass(20 * SECOND);
    for worker in [1, 2] {
        let hung = Sample {
            silent_for: 16 * SECOND,
            ..sample(worker)
        };
        let actions = pool.pass_with(TICK, &[hung]);
        assert_eq!(actions[0], terminate(worker, Why::Unresponsive));
        if worker == 1 {
            assert_eq!(actions[1..], [spawn(2, 0, 1)]);
            pool.is_ready(2);
        } else {
            assert_eq!(actions[1..], [], "two are still there");
        }
    }
    let actions = pool.pass(60 * SECOND);
    assert!(matches!(actions[..], [Action::Unready(_)]), "{actions:?}");
    let crowded = |notice: &&Notice| matches!(notice, Notice::Crowded { .. });
    assert_eq!(pool.notices.iter().filter(crowded).count(), 1);
    assert_eq!(pool.exits(1, 1), [spawn(3, 0, 1)]);
    assert_eq!(pool.is_ready(3), [Action::ReadyAgain]);
}

#[test]
fn what_is_told_of_unknown_workers_changes_nothing() {
    let mut pool = Pool::ready(config(1));
    let before = pool.policy.status();
    for worker in [0, 2, u32::MAX] {
        assert_eq!(pool.is_ready(worker), []);
        assert_eq!(pool.drained(worker), []);
        assert_eq!(pool.exits(worker, 0), []);
        let hung = Sample {
            silent_for: 60 * SECOND,
            ..sample(worker)
        };
        assert_eq!(pool.pass_with(TICK, &[hung]), []);
    }
    assert_eq!(pool.drained(1), [], "nobody asked it to drain");
    assert_eq!(pool.policy.status(), before);
}

#[test]
fn an_exit_told_twice_is_one_death() {
    let mut pool = Pool::ready(config(1));
    pool.exits(1, 1);
    pool.exits(1, 1);
    assert_eq!(pool.policy.status().seats[0].restarts, 1);
    assert_eq!(pool.pass(100 * MS), [spawn(2, 0, 1)]);
    assert_eq!(pool.exits(1, 1), []);
    assert_eq!(pool.seated(), [2]);
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut pool = Pool::ready(config(1));
    pool.now -= 500 * SECOND;
    pool.exits(1, 1);
    assert_eq!(pool.pass(SECOND), []);
    pool.now += 500 * SECOND;
    assert_eq!(
        pool.pass(MS),
        [spawn(2, 0, 1)],
        "all of a sudden it is later"
    );
}
