//! What a stream is told while it is there: with which ids, and within which bounds.

use std::time::Duration;

use super::*;

#[test]
fn hears_what_sockets_hear_with_the_moment_of_each() {
    let (hub, local, _) = one_thread(replaying());
    let (stream, socket) = (join_stream(&local), join(&local));
    publish(&hub, "a", event(1));
    begin(&hub, &stream, &["a", "b"], None);
    subscribe(&hub, &socket, "a");
    publish(&hub, "a", event(2));
    publish(&hub, "a", event(3));
    publish(&hub, "b", event(4));
    let except = Some(stream.id());
    hub.publish(&topic("a"), event(5), except).expect("room");
    publish(&hub, "a", event(6));
    local.turn();
    expect(
        &stream,
        &[
            ("1-1", "a resumed null"),
            ("1-1", "b resumed null"),
            ("1-2", "a 2"),
            ("1-3", "a 3"),
            ("1-4", "b 4"),
            ("1-6", "a 6"),
        ],
    );
    assert_eq!(taken(&socket).len(), 4);
    assert_eq!((hub.count(&topic("a")), hub.count(&topic("b"))), (2, 1));
}

#[test]
fn what_is_sent_to_it_alone_has_no_id() {
    let (hub, local, _) = one_thread(Limits::default());
    let (stream, socket) = (listening(&hub, &local), join(&local));
    hub.send(stream.id(), text("one\ntwo")).expect("room");
    hub.broadcast(Message::binary(Bytes::from_static(b"foo")), None)
        .expect("room");
    local.turn();
    let expected = "data: one\ndata: two\n\nevent: binary\ndata: Zm9v\n\n";
    assert_eq!(written(&stream), expected);
    assert_eq!(taken(&socket), ["foo"]);
}

#[test]
fn gets_all_its_topics_or_none() {
    let limits = Limits {
        subscriptions: 2,
        topics: 3,
        ..Limits::default()
    };
    let (hub, local, _) = one_thread(limits);
    let stream = join_stream(&local);
    let wish = |names: &[&str]| {
        let topics: Vec<_> = names.iter().map(|name| topic(name)).collect();
        hub.stream(stream.id(), &topics, None).err()
    };
    assert_eq!(wish(&["a", "b", "c"]), Some(SubscribeError::Subscriptions));
    subscribe(&hub, &stream, "a");
    assert_eq!(wish(&["b", "c"]), Some(SubscribeError::Subscriptions));
    let others = [join(&local), join(&local)];
    subscribe(&hub, &others[0], "d");
    subscribe(&hub, &others[0], "e");
    assert_eq!(wish(&["a", "b"]), Some(SubscribeError::Topics));
    assert_eq!(hub.topics(), 3);
    // one that a hook gave it already counts once
    assert_eq!(wish(&["a", "d"]), None);
    drop(stream);
    assert_eq!(hub.count(&topic("d")), 1);
}

#[test]
fn the_topics_it_makes_count_against_its_address() {
    let (hub, local, _) = one_thread(Limits {
        topics: 40,
        ..Limits::default()
    });
    let from = |address: &str| {
        let admission = Admission {
            transport: Transport::Stream,
            ..of(address)
        };
        local.join(admission).expect("room")
    };
    let begin = |peer: &Joined, names: &[&str]| {
        let topics: Vec<_> = names.iter().map(|name| topic(name)).collect();
        hub.stream(peer.id(), &topics, None)
    };
    let (one, two, other) = (from("::1"), from("::1"), from("::2"));
    subscribe(&hub, &one, "of a hook");
    assert_eq!(begin(&one, &["of a hook", "a", "b", "c"]), Ok(()));
    let share = Err(SubscribeError::Share);
    assert_eq!(begin(&two, &["a", "d", "e"]), share);
    assert_eq!(hub.count(&topic("d")), 0, "all or none");
    assert_eq!(begin(&two, &["a", "d"]), Ok(()), "one is there already");
    assert_eq!(begin(&from("::1"), &["e"]), share);
    assert_eq!(begin(&from("::1"), &["a", "d"]), Ok(()), "what is there");
    assert_eq!(
        begin(&other, &["e", "f", "g", "h"]),
        Ok(()),
        "its own share"
    );
    // those of a stream and those of a socket are one share
    let credit = Arc::new(inbound::Credit::default());
    let wish = |name: &str| {
        let frame = credit.charge(Data::Text(Bytes::new()));
        let fresh = Subscription::default();
        let socket = local.join(of("::1")).expect("room");
        let granted = hub.grant(socket.id(), &topic(name), &fresh, Some(frame));
        granted.map(drop).map_err(|refused| refused.error)
    };
    assert_eq!(wish("i"), share);
    // with the stream its topics go, and what they took of the share
    drop(one);
    assert_eq!(wish("i"), Ok(()));
    assert_eq!(begin(&from("::1"), &["j", "k", "l"]), share);
    assert_eq!(begin(&from("::1"), &["j", "k"]), Ok(()));
}

#[test]
fn a_slow_stream_is_skipped_as_a_slow_socket_is() {
    let limits = Limits {
        queued_bytes: 300,
        ..Limits::default()
    };
    let (hub, local, _) = one_thread(limits);
    let (slow, fast) = (join_stream(&local), join_stream(&local));
    for stream in [&slow, &fast] {
        begin(&hub, stream, &["a"], None);
    }
    local.turn();
    for n in 0..10 {
        publish(&hub, "a", event(n));
        local.turn();
        assert!(!events(&fast).is_empty(), "nobody waits for the slow one");
    }
    let told = events(&slow);
    assert!((2..9).contains(&told.len()), "{told:?}");
}

#[test]
fn a_sign_of_life_says_how_far_everything_was_seen() {
    let (hub, local, _) = one_thread(replaying());
    let waiting = join_stream(&local);
    let stream = listening(&hub, &local);
    publish(&hub, "elsewhere", event(1));
    let now = Instant::now();
    local.sweep(now + Duration::from_secs(31));
    assert_eq!(written(&stream), "id: 1-1\n\n");
    // what is on its way to it has not been seen
    let stream = listening(&hub, &local);
    publish(&hub, "a", event(2));
    local.sweep(now + Duration::from_secs(62));
    assert_eq!(written(&stream), ":\n\n");
    local.sweep(now + Duration::from_secs(500));
    assert_eq!(written(&waiting), "", "one that hooks are asked about");
    assert!(!waiting.member.dead.get());
}
