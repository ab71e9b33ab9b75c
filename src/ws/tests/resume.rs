//! Peers that come again, and who is told of whom.

use std::time::Duration;

use super::*;

fn resume(hub: &Hub, peer: &Joined, epoch: u64, seq: u64) -> Subscribed {
    let subscription = Subscription {
        since: Some(Position { epoch, seq }),
        answer: Some(9),
    };
    let subscribed = hub.subscribe(peer.id(), &topic("a"), &subscription);
    subscribed.expect("room")
}

#[test]
fn a_peer_gets_what_it_missed_and_nothing_twice() {
    let (hub, local, _) = one_thread(replaying());
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    let seen = publish(&hub, "a", event(1));
    drop(peer);
    publish(&hub, "a", event(2));
    publish(&hub, "a", event(3));
    let peer = join(&local);
    assert_eq!(resume(&hub, &peer, 1, seen).resume, Resume::Whole(2));
    publish(&hub, "a", event(4));
    // it has the topic: asking again brings nothing again
    assert_eq!(resume(&hub, &peer, 1, seen).resume, Resume::Fresh);
    local.turn();
    let event = |n: u64| format!("{{\"topic\":\"a\",\"seq\":{},\"n\":{n}}}", seen - 1 + n);
    let answer = |seq: u64, resumed: &str| {
        format!(
            "{{\"type\":\"__subscribed\",\"id\":9,\"topic\":\"a\",\"seq\":{seq},\
             \"epoch\":\"1\",\"resumed\":{resumed}}}"
        )
    };
    let expected = [
        answer(seen + 2, "true"),
        event(2),
        event(3),
        event(4),
        answer(seen + 3, "null"),
    ];
    assert_eq!(taken(&peer), expected);
}

#[test]
fn a_peer_that_missed_too_much_is_told() {
    let (hub, local, _) = one_thread(replaying());
    let first = publish(&hub, "a", event(0));
    for n in 1..5 {
        publish(&hub, "a", event(n));
    }
    for (epoch, seq, expected) in [
        (1, first + 4, Resume::Whole(0)),
        (1, first + 1, Resume::Whole(3)),
        (1, first, Resume::Gap),
        (1, first + 5, Resume::Gap),
        (2, first + 4, Resume::Gap),
        (1, u64::MAX, Resume::Gap),
    ] {
        let peer = join(&local);
        assert_eq!(
            resume(&hub, &peer, epoch, seq).resume,
            expected,
            "{epoch} {seq}"
        );
    }
    local.sweep(Instant::now() + Duration::from_secs(61));
    assert_eq!(hub.topics(), 0, "nobody has it and nothing is remembered");
    let peer = join(&local);
    assert_eq!(resume(&hub, &peer, 1, first + 1).resume, Resume::Gap);
    assert_eq!(
        resume(&hub, &join(&local), 1, first + 4).resume,
        Resume::Whole(0)
    );
}

#[test]
fn numbers_of_a_topic_that_was_forgotten_are_not_used_again() {
    let (hub, local, _) = one_thread(Limits::default());
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    let seen = publish(&hub, "a", event(1));
    drop(peer);
    assert_eq!(hub.topics(), 0);
    let missed = publish(&hub, "a", event(2));
    assert!(missed > seen);
    let peer = join(&local);
    assert_eq!(resume(&hub, &peer, 1, seen).resume, Resume::Gap);
    assert!(publish(&hub, "a", event(3)) > missed);
}

#[test]
fn presence_is_told_once_for_each_user() {
    let (hub, local, _) = one_thread(Limits::default());
    let watcher = join(&local);
    let room = topic("a");
    watch(&hub, &watcher, "a");
    let tab = || {
        let admission = Admission {
            user: Some(User::of("ann", Some("{\"x\":1}"))),
            ..Admission::default()
        };
        local.join(admission).expect("room")
    };
    let (one, two) = (tab(), tab());
    subscribe(&hub, &one, "a");
    subscribe(&hub, &two, "a");
    let roll = hub.presence(&room);
    assert_eq!(roll.users.len(), 1);
    drop(one);
    hub.unsubscribe(two.id(), &room);
    local.turn();
    let event = |seq, kind, info| {
        format!(
            "{{\"topic\":\"__presence:a\",\"seq\":{seq},\"type\":\"{kind}\",\
             \"data\":{{\"id\":\"ann\"{info}}}}}"
        )
    };
    let info = ",\"info\":{\"x\":1}";
    assert_eq!(
        taken(&watcher),
        [
            event(roll.seq, "join", info),
            event(roll.seq + 1, "leave", info)
        ]
    );
    assert_eq!(hub.presence(&room).users, []);
}

#[test]
fn what_its_thread_has_no_room_for_is_a_gap() {
    let (hub, local, _) = one_thread(Limits {
        mailbox_bytes: 1000,
        ..replaying()
    });
    let mut seqs = (0..3).map(|_| publish(&hub, "a", text("x".repeat(300))));
    let seen = seqs.next().expect("three");
    assert_eq!(seqs.count(), 2);
    let (one, two) = (join(&local), join(&local));
    assert_eq!(resume(&hub, &one, 1, seen).resume, Resume::Whole(2));
    assert_eq!(resume(&hub, &two, 1, seen).resume, Resume::Gap);
    local.turn();
    assert_eq!(taken(&one).len(), 3);
    assert_eq!(taken(&two).len(), 1);
    let three = join(&local);
    assert_eq!(resume(&hub, &three, 1, seen).resume, Resume::Whole(2));
}
