//! The end, from every state.

use super::*;

#[test]
fn ready_workers_serve_until_the_process_has_drained_then_end() {
    let mut pool = Pool::ready(config(2));
    assert_eq!(pool.on(Event::Stop), []);
    assert_eq!(pool.pass(20 * SECOND), [], "exchanges still come");
    assert_eq!(pool.policy.status().ready, 2);
    assert_eq!(pool.on(Event::Closed), [end(1), end(2)]);
    assert_eq!(pool.exits(1, 0), []);
    assert_eq!(pool.exits(2, 0), [Action::Stopped]);
    assert_eq!(pool.pass(60 * SECOND), []);
    assert_eq!(pool.on(Event::Stop), []);
    assert_eq!(pool.on(Event::Start), []);
}

#[test]
fn the_shutdown_timeout_stands_in_for_closed() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Stop);
    assert_eq!(pool.pass(30 * SECOND - MS), []);
    assert_eq!(pool.pass(MS), [end(1)]);
    assert_eq!(pool.on(Event::Closed), []);
}

#[test]
fn a_shutdown_timeout_of_nothing_still_lets_workers_shut_down() {
    let mut pool = Pool::ready(PolicyConfig {
        shutdown_timeout: Duration::ZERO,
        ..config(1)
    });
    assert_eq!(pool.on(Event::Stop), [end(1)]);
    assert_eq!(pool.pass(5 * SECOND - MS), []);
    assert_eq!(pool.pass(MS), [terminate(1, Why::ShutdownTimeout)]);
}

#[test]
fn closed_alone_is_the_end_too() {
    let mut pool = Pool::ready(config(1));
    assert_eq!(pool.on(Event::Closed), [end(1)]);
    assert_eq!(pool.exits(1, 0), [Action::Stopped]);
}

#[test]
fn a_stop_before_the_start_stops() {
    let mut pool = Pool::new(config(1));
    assert_eq!(pool.on(Event::Stop), [Action::Forsake]);
    assert_eq!(pool.on(Event::Start), []);
    assert_eq!(pool.on(Event::Closed), [Action::Stopped]);
}

#[test]
fn nothing_is_started_any_more() {
    let mut pool = Pool::ready(config(2));
    pool.exits(2, 1);
    pool.on(Event::Stop);
    assert_eq!(pool.pass(SECOND), [], "seat 1 stays empty");
    pool.on(Event::Restart);
    pool.on(Event::Add);
    pool.on(Event::Scale(9));
    assert_eq!(pool.exits(1, 1), [Action::Forsake], "nobody else will come");
    assert_eq!(pool.pass(20 * SECOND), []);
    assert_eq!(pool.on(Event::Closed), [Action::Stopped]);
}

#[test]
fn what_waits_is_forsaken_once_the_last_that_could_take_it_has_gone() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    assert_eq!(pool.is_ready(3), [drain(1)]);
    pool.on(Event::Stop);
    assert_eq!(pool.exits(3, 1), [], "worker 2 serves");
    assert_eq!(
        pool.exits(2, 1),
        [Action::Forsake],
        "worker 1 drains, and takes nothing"
    );
    assert_eq!(pool.exits(1, 1), []);
    let mut pool = Pool::ready(config(1));
    pool.exits(1, 1);
    assert_eq!(
        pool.on(Event::Stop),
        [Action::Forsake],
        "it had gone before"
    );
}

#[test]
fn one_that_starts_alone_on_its_seat_may_still_serve() {
    let mut pool = Pool::ready(config(1));
    pool.exits(1, 1);
    pool.pass(100 * MS);
    assert_eq!(pool.on(Event::Stop), [], "exchanges may wait for it");
    assert_eq!(pool.is_ready(2), []);
    assert_eq!(pool.policy.status().ready, 1);
    assert_eq!(pool.on(Event::Closed), [end(2)]);
}

#[test]
fn one_that_starts_when_all_is_over_is_killed() {
    let mut pool = Pool::new(config(2));
    pool.on(Event::Start);
    pool.on(Event::Stop);
    assert_eq!(
        pool.on(Event::Closed),
        [terminate(1, Why::Stopping), terminate(2, Why::Stopping)]
    );
    assert_eq!(pool.is_ready(1), []);
    pool.exits(1, 1);
    assert_eq!(pool.exits(2, 1), [Action::Stopped]);
}

#[test]
fn a_stop_during_a_restart_drops_the_replacement() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    assert_eq!(pool.on(Event::Stop), [terminate(3, Why::Stopping)]);
    assert_eq!(pool.is_ready(3), []);
    assert_eq!(pool.policy.status().ready, 2);
}

#[test]
fn a_stop_while_a_worker_drains_lets_it_go_on() {
    let mut pool = Pool::ready(config(2));
    pool.on(Event::Restart);
    pool.is_ready(3);
    assert_eq!(pool.on(Event::Stop), []);
    assert_eq!(pool.leaves(1), []);
    assert_eq!(pool.on(Event::Closed), [end(2), end(3)]);
}

#[test]
fn what_drains_when_all_is_over_ends_once() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Restart);
    pool.is_ready(2);
    assert_eq!(pool.on(Event::Closed), [end(1), end(2)]);
    assert_eq!(pool.drained(1), []);
    pool.exits(1, 0);
    assert_eq!(pool.exits(2, 0), [Action::Stopped]);
}

#[test]
fn a_stop_during_a_take_over_refuses_the_build() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::TakeOver(BuildId(2)));
    let actions = pool.on(Event::Stop);
    assert!(
        matches!(&actions[..], [Action::Refuse { build: BuildId(2), .. }, kill]
            if *kill == terminate(2, Why::Stopping)),
        "{actions:?}"
    );
}

#[test]
fn threads_that_do_not_go_are_not_waited_for() {
    let mut pool = Pool::ready(config(1));
    pool.on(Event::Closed);
    assert_eq!(pool.pass(30 * SECOND), [terminate(1, Why::ShutdownTimeout)]);
    assert_eq!(pool.pass(2 * SECOND - MS), []);
    assert_eq!(pool.pass(MS), [Action::Stopped]);
    assert!(pool.logged(|it| matches!(it, Notice::Stopped { stuck: 1 })));
    assert_eq!(pool.exits(1, 1), []);
}

#[test]
fn unresponsive_workers_are_killed_to_the_end() {
    let mut pool = Pool::ready(config(1));
    pool.pass(20 * SECOND);
    pool.on(Event::Stop);
    let hung = Sample {
        silent_for: 16 * SECOND,
        ..sample(1)
    };
    assert_eq!(
        pool.pass_with(TICK, &[hung]),
        [terminate(1, Why::Unresponsive), Action::Forsake]
    );
    pool.exits(1, 1);
    assert_eq!(pool.pass(SECOND), []);
}

#[test]
fn readiness_is_not_judged_any_more() {
    let mut pool = Pool::ready(config(1));
    pool.exits(1, 1);
    pool.on(Event::Stop);
    assert_eq!(pool.pass(29 * SECOND), []);
}
