//! Taking over a new build, and what may come between.

use super::*;

const SWITCH: Action = Action::Switch(BuildId(2));

fn take_over(pool: &mut Pool, build: u32) -> Vec<Action> {
    pool.on(Event::TakeOver(BuildId(build)))
}

/// The reason why this build, and nothing else, is refused.
fn refused(actions: &[Action], build: u32) -> String {
    let mut reasons = actions.iter().filter_map(|action| match action {
        Action::Refuse { build: it, reason } if it.0 == build => Some(reason.clone()),
        _ => None,
    });
    let reason = reasons.next().unwrap_or_else(|| panic!("{actions:?}"));
    assert_eq!(reasons.next(), None);
    reason
}

#[test]
fn the_first_ready_worker_switches_the_rest_follows_one_by_one() {
    let mut pool = Pool::ready(config(3));
    assert_eq!(take_over(&mut pool, 2), [spawn(4, 0, 2)]);
    let status = pool.policy.status();
    assert_eq!((status.build, status.trial), (BuildId(1), Some(BuildId(2))));
    assert_eq!(pool.is_ready(4), [SWITCH, drain(1)]);
    assert_eq!(pool.policy.status().build, BuildId(2));
    assert_eq!(pool.leaves(1), [spawn(5, 1, 2)]);
    assert_eq!(pool.is_ready(5), [drain(2)]);
    assert_eq!(pool.leaves(2), [spawn(6, 2, 2)]);
    assert_eq!(pool.is_ready(6), [drain(3)]);
    assert!(pool.logged(|it| matches!(
        it,
        Notice::TakenOver {
            build: BuildId(2),
            ..
        }
    )));
    assert_eq!(pool.leaves(3), []);
    assert!(!pool.policy.status().rolling);
}

#[test]
fn a_build_whose_workers_do_not_start_is_refused_with_their_error() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    assert_eq!(pool.exits(3, 1), []);
    assert_eq!(pool.pass(100 * MS), [spawn(4, 0, 2)]);
    assert_eq!(pool.exits(4, 1), []);
    assert_eq!(pool.pass(200 * MS), [spawn(5, 0, 2)]);
    let actions = pool.on(Event::Exited {
        worker: WorkerId(5),
        cause: Cause::Error("Cannot find module 'pg'".to_owned()),
    });
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert!(refused(&actions, 2).contains("Cannot find module 'pg'"));
    assert_eq!(pool.pass(60 * SECOND), []);
    let status = pool.policy.status();
    assert_eq!(
        (status.build, status.trial, status.ready),
        (BuildId(1), None, 2)
    );
    assert!(!status.rolling);
    pool.exits(1, 1);
    assert_eq!(
        pool.pass(100 * MS),
        [spawn(6, 0, 1)],
        "the old build goes on"
    );
}

#[test]
fn a_build_whose_workers_hang_at_the_start_is_refused() {
    let mut pool = Pool::ready(config(1));
    take_over(&mut pool, 2);
    let mut actions = Vec::new();
    for worker in 2..5 {
        actions = pool.pass(60 * SECOND);
        assert!(actions.contains(&terminate(worker, Why::StartTimeout)));
        pool.exits(worker, 1);
        pool.pass(SECOND);
    }
    assert!(refused(&actions, 2).contains("start-timeout"));
    assert_eq!(pool.seated(), [1]);
}

#[test]
fn a_worker_of_the_old_build_that_dies_during_the_trial_comes_back_as_it_was() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    pool.exits(1, 1);
    assert_eq!(pool.pass(100 * MS), [spawn(4, 0, 1)], "the trial may fail");
    assert_eq!(
        pool.is_ready(3),
        [SWITCH, terminate(4, Why::Superseded), spawn(5, 1, 2)]
    );
    assert_eq!(pool.seated(), [3, 2]);
    assert_eq!(pool.exits(4, 1), []);
    assert_eq!(pool.is_ready(4), [], "too late");
}

#[test]
fn after_the_switch_a_dead_worker_comes_back_with_the_new_build() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    pool.is_ready(3);
    pool.exits(2, 1);
    assert_eq!(pool.pass(100 * MS), [spawn(4, 1, 2)]);
    pool.leaves(1);
    assert_eq!(pool.is_ready(4), []);
    assert!(!pool.policy.status().rolling);
}

#[test]
fn the_new_builds_first_worker_may_die_after_the_switch() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    pool.is_ready(3);
    pool.leaves(1);
    assert_eq!(pool.state(4), Some(State::Starting));
    pool.exits(4, 1);
    pool.exits(3, 1);
    assert_eq!(
        pool.pass(4 * SECOND),
        [spawn(5, 0, 2)],
        "the roll waits for it, the old worker on seat 1 stays"
    );
    assert_eq!(pool.is_ready(5), [spawn(6, 1, 2)]);
}

#[test]
fn after_the_switch_there_is_no_way_back_however_often_a_start_fails() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    pool.is_ready(3);
    pool.leaves(1);
    for worker in 4..20 {
        assert_eq!(pool.state(worker), Some(State::Starting));
        pool.exits(worker, 1);
        assert_eq!(pool.seated(), [3, 2], "the old one serves meanwhile");
        pool.pass(5 * SECOND);
    }
    assert_eq!(pool.is_ready(20), [drain(2)]);
    assert_eq!(pool.policy.status().unready, None);
}

#[test]
fn a_new_build_is_tried_first_where_nobody_serves() {
    let mut pool = Pool::ready(config(3));
    pool.exits(2, 1);
    assert_eq!(take_over(&mut pool, 2), [spawn(4, 1, 2)]);
    assert_eq!(pool.is_ready(4), [SWITCH, spawn(5, 0, 2)]);
    assert_eq!(
        pool.pass(SECOND),
        [],
        "no other worker is started on that seat"
    );
}

#[test]
fn a_new_build_saves_a_pool_whose_old_build_does_not_start() {
    let mut pool = Pool::new(config(1));
    pool.on(Event::Start);
    for worker in 1..5 {
        pool.exits(worker, 1);
        pool.pass(2 * SECOND);
    }
    assert_eq!(take_over(&mut pool, 2), [spawn(6, 0, 2)]);
    assert_eq!(
        pool.exits(5, 1),
        [],
        "it does not give up while there is hope"
    );
    assert_eq!(pool.is_ready(6), [SWITCH, Action::Listen]);
    assert_eq!(pool.pass(60 * SECOND), []);
}

#[test]
fn gives_up_when_the_last_hope_is_refused() {
    let mut pool = Pool::new(config(1));
    pool.on(Event::Start);
    take_over(&mut pool, 2);
    let mut seen = Vec::new();
    for _ in 0..12 {
        let workers = pool.policy.status().workers;
        for worker in workers {
            seen.extend(pool.exits(worker.id.0, 1));
        }
        seen.extend(pool.pass(2 * SECOND));
    }
    seen.retain(|action| !matches!(action, Action::Spawn { .. }));
    let [Action::Refuse { .. }, Action::GiveUp(_)] = &seen[..] else {
        panic!("{seen:?}")
    };
}

#[test]
fn a_restart_during_the_trial_keeps_the_build() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    assert_eq!(pool.on(Event::Restart), []);
    assert_eq!(pool.is_ready(3), [SWITCH, drain(1)]);
    assert_eq!(pool.leaves(1), [spawn(4, 1, 2)]);
    assert_eq!(pool.is_ready(4), [drain(2)]);
    assert_eq!(
        pool.leaves(2),
        [spawn(5, 0, 2)],
        "3 is older than the restart"
    );
    assert_eq!(pool.is_ready(5), [drain(3)]);
    assert_eq!(pool.leaves(3), []);
    assert!(!pool.policy.status().rolling);
}

#[test]
fn a_take_over_during_a_restart_comes_first_and_the_restart_is_done_with_it() {
    let mut pool = Pool::ready(config(2));
    assert_eq!(pool.on(Event::Restart), [spawn(3, 0, 1)]);
    assert_eq!(
        take_over(&mut pool, 2),
        [terminate(3, Why::Superseded), spawn(4, 0, 2)]
    );
    assert_eq!(pool.is_ready(3), [], "too late");
    pool.exits(3, 1);
    assert_eq!(pool.is_ready(4), [SWITCH, drain(1)]);
    assert_eq!(pool.leaves(1), [spawn(5, 1, 2)]);
    assert_eq!(pool.is_ready(5), [drain(2)]);
    assert_eq!(pool.leaves(2), []);
    assert!(!pool.policy.status().rolling);
}

#[test]
fn a_take_over_waits_for_the_worker_that_the_restart_drains() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    pool.is_ready(3);
    assert_eq!(take_over(&mut pool, 2), [], "one worker too many, not two");
    assert_eq!(
        pool.leaves(1),
        [spawn(4, 1, 2)],
        "the one that is furthest behind"
    );
}

#[test]
fn a_refused_build_does_not_end_the_restart_that_it_came_into() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Restart);
    take_over(&mut pool, 2);
    pool.exits(2, 1);
    for worker in 3..6 {
        pool.exits(worker, 1);
        pool.pass(SECOND);
    }
    assert_eq!(pool.state(6), Some(State::Starting));
    let status = pool.policy.status();
    assert_eq!(status.workers[1].build, BuildId(1));
    assert_eq!(pool.is_ready(6), [drain(1)]);
    assert!(pool.logged(|it| matches!(
        it,
        Notice::Restarted {
            build: BuildId(1),
            ..
        }
    )));
}

#[test]
fn a_newer_build_puts_the_one_on_trial_aside() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    let actions = take_over(&mut pool, 3);
    assert!(refused(&actions, 2).contains("build 3"));
    assert_eq!(
        actions[1..],
        [terminate(3, Why::Superseded), spawn(4, 0, 3)]
    );
    assert_eq!(pool.is_ready(3), []);
    assert_eq!(pool.is_ready(4), [Action::Switch(BuildId(3)), drain(1)]);
    assert_eq!(pool.leaves(1), [spawn(5, 1, 3)]);
}

#[test]
fn a_refused_newer_build_lets_the_one_before_it_be_finished() {
    let mut pool = Pool::ready(config(2));
    take_over(&mut pool, 2);
    pool.is_ready(3);
    pool.leaves(1);
    assert_eq!(
        take_over(&mut pool, 3),
        [terminate(4, Why::Superseded), spawn(5, 1, 3)]
    );
    pool.exits(4, 1);
    let mut actions = Vec::new();
    for worker in 5..8 {
        actions.extend(pool.exits(worker, 1));
        actions.extend(pool.pass(SECOND));
    }
    refused(&actions, 3);
    assert_eq!(actions.last(), Some(&spawn(8, 1, 2)));
    assert_eq!(pool.is_ready(8), [drain(2)]);
    assert!(pool.logged(|it| matches!(
        it,
        Notice::TakenOver {
            build: BuildId(2),
            ..
        }
    )));
}

#[test]
fn taking_over_the_build_that_is_current_or_on_trial_is_a_restart() {
    let mut pool = Pool::ready(config(1));
    assert_eq!(take_over(&mut pool, 1), [spawn(2, 0, 1)]);
    assert_eq!(pool.is_ready(2), [drain(1)]);
    pool.leaves(1);
    assert_eq!(take_over(&mut pool, 2), [spawn(3, 0, 2)]);
    assert_eq!(take_over(&mut pool, 2), [], "it is tried already");
    assert_eq!(pool.is_ready(3), [SWITCH, drain(2)]);
    assert_eq!(pool.leaves(2), [spawn(4, 0, 2)]);
}

#[test]
fn a_build_that_was_refused_may_come_again() {
    let mut pool = Pool::ready(config(1));
    take_over(&mut pool, 2);
    for worker in 2..5 {
        pool.exits(worker, 1);
        pool.pass(SECOND);
    }
    assert_eq!(take_over(&mut pool, 2), [spawn(5, 0, 2)]);
    assert_eq!(pool.exits(5, 1), []);
    assert_eq!(pool.pass(100 * MS), [spawn(6, 0, 2)], "with all its tries");
}

#[test]
fn the_trial_moves_when_its_seat_is_taken_away() {
    let mut pool = Pool::ready(config(2));
    pool.exits(2, 1);
    assert_eq!(take_over(&mut pool, 2), [spawn(3, 1, 2)]);
    assert_eq!(
        pool.on(Event::Remove),
        [terminate(3, Why::Unneeded), spawn(4, 0, 2)]
    );
    assert_eq!(pool.is_ready(4), [SWITCH, drain(1)]);
}

#[test]
fn a_build_that_comes_while_the_process_does_not_run_is_refused() {
    let mut pool = Pool::new(config(1));
    refused(&take_over(&mut pool, 2), 2);
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Stop);
    refused(&take_over(&mut pool, 2), 2);
}

#[test]
fn seats_that_are_added_get_the_build_that_is_current() {
    let mut pool = Pool::ready(config(1));
    take_over(&mut pool, 2);
    assert_eq!(
        pool.on(Event::Add),
        [spawn(3, 1, 1)],
        "not the one on trial"
    );
    assert_eq!(pool.is_ready(2), [SWITCH, drain(1)]);
    assert_eq!(pool.on(Event::Add), [spawn(4, 2, 2)]);
}
