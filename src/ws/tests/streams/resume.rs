//! Streams that come again: what they missed comes in order and once, or they are told that it is
//! gone.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// A stream that has seen everything up to that moment is told this at its beginning.
fn resumes(hub: &Hub, local: &Rc<Local>, seen: Moment, expected: (&str, bool)) {
    let stream = join_stream(local);
    hub.stream(stream.id(), &[topic("a")], Some(seen))
        .expect("room");
    local.turn();
    let (id, resumed) = expected;
    expect(&stream, &[(id, &format!("a resumed {resumed}"))]);
}

fn moment(at: u64) -> Moment {
    Moment { epoch: 1, at }
}

#[test]
fn all_that_was_missed_comes_in_order_and_once() {
    let (hub, local, _) = one_thread(replaying());
    for (name, n) in [("a", 1), ("b", 2), ("c", 3), ("a", 4), ("b", 5), ("a", 6)] {
        publish(&hub, name, event(n));
    }
    let stream = join_stream(&local);
    begin(&hub, &stream, &["a", "b"], Some(2));
    publish(&hub, "b", event(7));
    local.turn();
    expect(
        &stream,
        &[
            // cut off here, it would begin there again
            ("1-2", "a resumed true"),
            ("1-2", "b resumed true"),
            ("1-4", "a 4"),
            ("1-5", "b 5"),
            ("1-6", "a 6"),
            ("1-6", ""),
            ("1-7", "b 7"),
        ],
    );
}

#[test]
fn one_topic_that_cannot_resume_keeps_no_other_from_it() {
    let (hub, local, _) = one_thread(replaying());
    for n in 1..=5 {
        publish(&hub, "a", event(n));
    }
    publish(&hub, "b", event(6));
    let stream = join_stream(&local);
    begin(&hub, &stream, &["a", "b"], Some(1));
    local.turn();
    expect(
        &stream,
        &[
            ("1-1", "a resumed false"),
            ("1-1", "b resumed true"),
            ("1-6", "b 6"),
            ("1-6", ""),
        ],
    );
    // nothing is missed, and nothing is sent
    resumes(&hub, &local, moment(6), ("1-6", true));
    // not yet, and of another process
    resumes(&hub, &local, moment(7), ("1-6", false));
    resumes(&hub, &local, Moment { epoch: 2, at: 6 }, ("1-6", false));
}

#[test]
fn what_was_forgotten_with_its_topic_is_known_to_be_gone() {
    let (hub, local, _) = one_thread(replaying());
    publish(&hub, "a", event(1));
    publish(&hub, "a", event(2));
    publish(&hub, "b", event(3));
    let later = Instant::now() + Duration::from_secs(100);
    local.sweep(later);
    assert_eq!(hub.topics(), 0);
    for (at, resumed) in [(1, false), (2, false), (3, true)] {
        resumes(&hub, &local, moment(at), ("1-3", resumed));
    }
}

#[test]
fn without_replay_only_who_missed_nothing_resumes() {
    let (hub, local, _) = one_thread(Limits::default());
    let keeper = join(&local);
    subscribe(&hub, &keeper, "a");
    publish(&hub, "a", event(1));
    publish(&hub, "elsewhere", event(2));
    for (at, resumed) in [(0, false), (1, true), (2, true)] {
        resumes(&hub, &local, moment(at), ("1-2", resumed));
    }
}

#[test]
fn a_position_says_where_to_begin() {
    let (hub, local, _) = one_thread(replaying());
    publish(&hub, "a", event(1));
    publish(&hub, "b", event(2));
    let (position, moment) = hub.position(&topic("a"));
    assert_eq!(position, Position { epoch: 1, seq: 1 });
    assert_eq!(moment, Moment { epoch: 1, at: 2 });
    publish(&hub, "a", event(3));
    let (socket, stream) = (join(&local), join_stream(&local));
    let from = |name: &str, position| {
        let since = Subscription {
            since: Some(position),
            answer: None,
        };
        let subscribed = hub.subscribe(socket.id(), &topic(name), &since);
        subscribed.map(|it| it.resume)
    };
    assert_eq!(from("a", position), Ok(Resume::Whole(1)));
    begin(&hub, &stream, &["a"], Some(moment.at));
    local.turn();
    assert_eq!(taken(&socket).len(), 1);
    expect(
        &stream,
        &[("1-2", "a resumed true"), ("1-3", "a 3"), ("1-3", "")],
    );
    // of a topic that nobody has ever heard of
    let (unknown, _) = hub.position(&topic("new"));
    assert_eq!(from("new", unknown), Ok(Resume::Whole(0)));
}

#[derive(Debug, Clone)]
enum Step {
    /// To one of three topics, two of which are listened to.
    Publish(usize),
    /// What the connection carried up to here in this many hundredths arrives, then it breaks.
    Cut(usize),
    /// Nothing is said for a while.
    Silence,
}

proptest! {
    #[test]
    fn wherever_it_is_cut_nothing_is_missed_and_nothing_comes_twice(
        steps in prop::collection::vec(
            prop_oneof![
                4 => (0..3usize).prop_map(Step::Publish),
                1 => (0..=100usize).prop_map(Step::Cut),
                1 => Just(Step::Silence),
            ],
            0..60,
        )
    ) {
        let (hub, local, _) = one_thread(Limits {
            replay: Replay { size: 1000, ttl: Duration::from_secs(1_000_000) },
            ..Limits::default()
        });
        let names = ["a", "b", "c"];
        let mut seen = 0;
        let mut peer = join_stream(&local);
        begin(&hub, &peer, &names[..2], Some(seen));
        let (mut expected, mut got) = (Vec::new(), Vec::new());
        let mut now = Instant::now();
        let mut arrive = |peer: &Joined, percent: usize| {
            local.turn();
            let text = written(peer);
            let text = &text[..text.len() * percent / 100];
            let whole = text.rfind("\n\n").map_or(0, |end| end + 2);
            for (id, told) in parse(&text[..whole]) {
                if let Some(moment) = Moment::parse(&id) {
                    seen = moment.at;
                }
                if told.ends_with("false") {
                    panic!("it could have resumed");
                }
                if !told.is_empty() && !told.contains("resumed") {
                    got.push(told);
                }
            }
            seen
        };
        for (n, step) in steps.iter().enumerate() {
            match step {
                Step::Publish(at) => {
                    publish(&hub, names[*at], event(n as u32));
                    if *at < 2 {
                        expected.push(format!("{} {n}", names[*at]));
                    }
                }
                Step::Cut(percent) => {
                    let seen = arrive(&peer, *percent);
                    peer = join_stream(&local);
                    begin(&hub, &peer, &names[..2], Some(seen));
                }
                Step::Silence => {
                    now += Duration::from_secs(31);
                    local.sweep(now);
                }
            }
        }
        arrive(&peer, 100);
        prop_assert_eq!(got, expected);
    }
}
