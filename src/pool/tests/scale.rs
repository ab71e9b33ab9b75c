//! More seats and fewer, by hand and by load.

use super::*;

fn scaling(count: usize) -> Pool {
    Pool::ready(PolicyConfig {
        auto_scale: Some(AutoScale {
            min: 2,
            max: 4,
            cpu_percent: 80,
            memory_percent: 85,
        }),
        ..config(count)
    })
}

/// Workers `1..=count`, all with this load.
fn loaded(count: u32, cpu: f64) -> Vec<Sample> {
    let load = |worker| Sample {
        cpu,
        ..sample(worker)
    };
    (1..=count).map(load).collect()
}

#[test]
fn adds_and_takes_by_hand_the_last_seat_first() {
    let mut pool = Pool::ready(config(1));
    assert_eq!(pool.on(Event::Add), [spawn(2, 1, 1)]);
    pool.is_ready(2);
    assert_eq!(pool.on(Event::Scale(4)), [spawn(3, 2, 1), spawn(4, 3, 1)]);
    pool.is_ready(3);
    assert_eq!(
        pool.on(Event::Scale(2)),
        [terminate(4, Why::Unneeded), drain(3)],
        "one that still starts has nothing to drain"
    );
    assert_eq!(pool.on(Event::Remove), [drain(2)]);
    assert_eq!(pool.leaves(2), []);
    assert_eq!(pool.seated(), [1]);
}

#[test]
fn by_hand_there_are_one_to_as_many_as_can_be_started_with() {
    let mut pool = Pool::ready(config(1));
    assert_eq!(pool.on(Event::Remove), []);
    assert_eq!(pool.on(Event::Scale(0)), []);
    pool.on(Event::Scale(usize::MAX));
    assert_eq!(pool.policy.status().wished, 256);
    assert_eq!(pool.on(Event::Add), []);
}

#[test]
fn before_the_start_only_the_wish_changes() {
    let mut pool = Pool::new(config(1));
    assert_eq!(pool.on(Event::Add), []);
    assert_eq!(pool.on(Event::Start).len(), 2);
}

#[test]
fn a_seat_that_comes_back_does_not_wait_for_who_leaves_it() {
    let mut pool = Pool::ready(config(2));
    assert_eq!(pool.on(Event::Remove), [drain(2)]);
    assert_eq!(pool.on(Event::Add), [spawn(3, 1, 1)]);
    pool.is_ready(3);
    assert_eq!(pool.leaves(2), []);
    assert_eq!(pool.seated(), [1, 3]);
}

#[test]
fn flapping_by_hand_does_not_pile_up_workers() {
    let mut pool = Pool::ready(config(2));
    for worker in 2..4 {
        assert_eq!(pool.on(Event::Remove), [drain(worker)]);
        pool.on(Event::Add);
        pool.is_ready(worker + 1);
    }
    for _ in 0..20 {
        pool.on(Event::Remove);
        pool.on(Event::Add);
    }
    assert_eq!(
        pool.policy.status().workers.len(),
        3,
        "1, and two that drain"
    );
    assert_eq!(pool.seated(), [1, 0]);
    assert_eq!(pool.leaves(2), [spawn(4, 1, 1)]);
}

#[test]
fn a_seat_may_be_taken_while_its_worker_is_recycled() {
    let mut pool = Pool::ready(PolicyConfig {
        recycle: Recycle {
            max_requests: Some(10),
            ..Recycle::default()
        },
        ..config(2)
    });
    let full = Sample {
        requests: 20,
        ..sample(2)
    };
    assert_eq!(pool.pass_with(TICK, &[full]), [spawn(3, 1, 1)]);
    assert_eq!(
        pool.on(Event::Remove),
        [terminate(3, Why::Unneeded), drain(2)]
    );
    assert_eq!(pool.leaves(2), []);
    assert_eq!(pool.is_ready(3), []);
    assert_eq!(pool.pass(SECOND), []);
}

#[test]
fn the_count_at_the_start_is_within_the_bounds() {
    assert_eq!(scaling(1).policy.status().wished, 2);
    assert_eq!(scaling(9).policy.status().wished, 4);
}

#[test]
fn a_load_that_lasts_brings_one_worker_after_another_up_to_the_most() {
    let mut pool = scaling(2);
    assert_eq!(
        pool.pass_with(15 * SECOND, &loaded(2, 0.9)),
        [],
        "since the first tick"
    );
    assert_eq!(pool.pass_with(TICK, &loaded(2, 0.9)), [spawn(3, 2, 1)]);
    assert!(pool.logged(|it| matches!(
        it,
        Notice::Scaled {
            from: 2,
            to: 3,
            why: ScaleWhy::Load
        }
    )));
    pool.is_ready(3);
    let wait = 30 * SECOND - TICK;
    assert_eq!(
        pool.pass_with(wait, &loaded(3, 0.9)),
        [],
        "its effect has to show"
    );
    assert_eq!(pool.pass_with(2 * TICK, &loaded(3, 0.9)), [spawn(4, 3, 1)]);
    pool.is_ready(4);
    assert_eq!(pool.pass_with(300 * SECOND, &loaded(4, 1.0)), []);
}

#[test]
fn short_loads_are_no_load() {
    let mut pool = scaling(2);
    for _ in 0..20 {
        assert_eq!(pool.pass_with(10 * SECOND, &loaded(2, 1.0)), []);
        assert_eq!(pool.pass_with(10 * SECOND, &loaded(2, 0.4)), []);
    }
}

#[test]
fn quiet_that_lasts_takes_one_worker_after_another_down_to_the_least() {
    let mut pool = scaling(4);
    assert_eq!(pool.pass_with(60 * SECOND, &loaded(4, 0.3)), []);
    assert_eq!(pool.pass_with(TICK, &loaded(4, 0.3)), [drain(4)]);
    pool.leaves(4);
    assert_eq!(pool.pass_with(60 * SECOND, &loaded(3, 0.3)), []);
    assert_eq!(pool.pass_with(TICK, &loaded(3, 0.3)), [drain(3)]);
    pool.leaves(3);
    assert_eq!(pool.pass_with(300 * SECOND, &loaded(2, 0.0)), []);
}

#[test]
fn between_quiet_and_load_nothing_changes() {
    let mut pool = scaling(3);
    assert_eq!(pool.pass_with(300 * SECOND, &loaded(3, 0.41)), []);
    assert_eq!(pool.pass_with(300 * SECOND, &loaded(3, 0.79)), []);
}

/// The same work for however many workers there are: the number has to settle.
#[test]
fn constant_work_does_not_flap() {
    for work in (1..40).step_by(3) {
        let mut pool = scaling(2);
        let mut changes = Vec::new();
        for tick in 0..1600 {
            let count = pool.policy.status().ready;
            let cpu = (f64::from(work) / 10.0 / count as f64).min(1.0);
            let samples: Vec<Sample> = pool
                .seated()
                .iter()
                .map(|&worker| Sample {
                    cpu,
                    ..sample(worker)
                })
                .collect();
            for action in pool.pass_with(TICK, &samples) {
                match action {
                    Action::Spawn { worker, .. } => {
                        pool.is_ready(worker.0);
                        changes.push(tick);
                    }
                    Action::Drain(worker) => {
                        pool.leaves(worker.0);
                        changes.push(tick);
                    }
                    action => panic!("{action:?}"),
                }
            }
        }
        assert!(changes.len() <= 2, "work {work}: {changes:?}");
    }
}

#[test]
fn short_memory_forbids_growing_and_at_last_takes_one() {
    let mut pool = scaling(3);
    let busy = loaded(3, 1.0);
    assert_eq!(pool.pass_under(30 * SECOND, &busy, Some(90.0)), []);
    assert_eq!(pool.pass_under(TICK, &busy, Some(90.0)), [drain(3)]);
    pool.leaves(3);
    let busy = loaded(2, 1.0);
    assert_eq!(
        pool.pass_under(300 * SECOND, &busy, Some(80.0)),
        [],
        "one would bring the other"
    );
    assert_eq!(pool.pass_under(TICK, &busy, Some(70.0)), [spawn(4, 2, 1)]);
}

#[test]
fn memory_that_is_only_nearly_short_forbids_nothing() {
    let mut pool = scaling(2);
    let busy = loaded(2, 1.0);
    assert_eq!(
        pool.pass_under(16 * SECOND, &busy, Some(84.0)),
        [spawn(3, 2, 1)]
    );
}

#[test]
fn memory_takes_none_below_the_least() {
    let mut pool = scaling(2);
    assert_eq!(
        pool.pass_under(300 * SECOND, &loaded(2, 0.6), Some(99.0)),
        []
    );
}

#[test]
fn load_grows_from_where_the_hand_has_put_it() {
    let mut pool = scaling(2);
    assert_eq!(
        pool.on(Event::Remove),
        [drain(2)],
        "below the least, by hand"
    );
    pool.leaves(2);
    assert_eq!(pool.pass_with(120 * SECOND, &loaded(1, 0.0)), []);
    assert_eq!(
        pool.pass_with(30 * SECOND, &loaded(1, 1.0)),
        [spawn(3, 1, 1)]
    );
    pool.is_ready(3);

    let mut pool = scaling(4);
    pool.on(Event::Scale(6));
    pool.is_ready(5);
    pool.is_ready(6);
    assert_eq!(
        pool.pass_with(120 * SECOND, &loaded(6, 1.0)),
        [],
        "above the most"
    );
}

#[test]
fn the_hand_is_given_time_to_show_its_effect() {
    let mut pool = scaling(2);
    pool.pass_with(14 * SECOND, &loaded(2, 1.0));
    pool.on(Event::Add);
    pool.is_ready(3);
    assert_eq!(pool.pass_with(30 * SECOND - TICK, &loaded(3, 1.0)), []);
    assert_eq!(pool.pass_with(2 * TICK, &loaded(3, 1.0)), [spawn(4, 3, 1)]);
}

#[test]
fn while_a_seat_is_empty_the_load_says_nothing() {
    let mut pool = scaling(2);
    assert_eq!(pool.pass_with(14 * SECOND, &loaded(2, 1.0)), []);
    pool.exits(2, 1);
    let actions = pool.pass_with(50 * SECOND, &loaded(1, 1.0));
    assert_eq!(actions, [spawn(3, 1, 1)], "but for the seat's own");
    pool.is_ready(3);
    let both = [
        loaded(1, 1.0)[0],
        Sample {
            cpu: 1.0,
            ..sample(3)
        },
    ];
    assert_eq!(pool.pass_with(15 * SECOND, &both), []);
    assert_eq!(pool.pass_with(TICK, &both), [spawn(4, 2, 1)]);
}

#[test]
fn without_samples_nothing_is_known() {
    let mut pool = scaling(3);
    assert_eq!(pool.pass(300 * SECOND), []);
    let nonsense = loaded(3, f64::NAN);
    assert_eq!(pool.pass_with(300 * SECOND, &nonsense), []);
}
