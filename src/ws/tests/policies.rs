//! Bounds, and what happens at them.

use bytes::Bytes;

use super::*;

fn limits(overflow: Overflow) -> Limits {
    Limits {
        queued_bytes: 30,
        overflow,
        ..Limits::default()
    }
}

#[test]
fn skips_what_does_not_fit() {
    let (hub, local, _) = one_thread(limits(Overflow::Skip));
    let (slow, fast) = (join(&local), join(&local));
    subscribe(&hub, &slow, "a");
    subscribe(&hub, &fast, "a");
    for n in 0..4 {
        publish(&hub, "a", text(format!("{n}234567890")));
        local.turn();
        assert_eq!(taken(&fast).len(), 1, "nobody waits for the slow one");
    }
    assert_eq!(taken(&slow), ["0234567890", "1234567890"]);
    // a run fits in part
    for n in 0..4 {
        publish(&hub, "a", text(format!("{n}234567890")));
    }
    local.turn();
    assert_eq!(taken(&slow), ["0234567890", "1234567890"]);
    // one message may always wait
    publish(&hub, "a", text("x".repeat(100)));
    local.turn();
    assert_eq!(taken(&slow), ["x".repeat(100)]);
}

#[test]
fn closes_the_slow_with_1013() {
    let (hub, local, _) = one_thread(limits(Overflow::Close));
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    for _ in 0..3 {
        publish(&hub, "a", text("1234567890"));
        local.turn();
    }
    let goodbye = peer.member.order.borrow().clone().expect("a goodbye");
    assert_eq!(goodbye.code, CloseCode::LATER);
    assert_eq!(
        taken(&peer),
        Vec::<String>::new(),
        "what waited is given up"
    );
    publish(&hub, "a", text("more"));
    local.turn();
    assert_eq!(taken(&peer), Vec::<String>::new());
}

#[test]
fn the_latest_of_a_key_is_enough() {
    let (hub, local, _) = one_thread(limits(Overflow::Coalesce));
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    subscribe(&hub, &peer, "b");
    let keyed = |key: &str, value: &str| text(value).keyed(key.into());
    // a peer that reads gets all of them
    publish(&hub, "a", keyed("x", "1"));
    publish(&hub, "a", keyed("x", "2"));
    local.turn();
    assert_eq!(taken(&peer), ["1", "2"]);
    peer.member.queue.borrow_mut().block();
    for (name, key, value) in [
        ("a", "x", "x1"),
        ("a", "y", "y1"),
        ("b", "x", "bx1"),
        ("a", "x", "x2"),
    ] {
        publish(&hub, name, keyed(key, value));
    }
    publish(&hub, "a", text("plain"));
    local.turn();
    publish(&hub, "a", keyed("y", "y2"));
    local.turn();
    assert_eq!(taken(&peer), ["bx1", "x2", "plain", "y2"]);
}

#[test]
fn the_latest_of_a_key_is_enough_however_long() {
    let (hub, local, _) = one_thread(Limits {
        queued_bytes: 70_000,
        ..limits(Overflow::Coalesce)
    });
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    // from 16 KiB on a message is not copied, and its frame waits in two pieces
    let long = |value: &str| text(value.repeat(20_000)).keyed("x".into());
    peer.member.queue.borrow_mut().block();
    for value in ["1", "2", "3", "4", "5"] {
        publish(&hub, "a", long(value));
        publish(&hub, "a", text(value));
        local.turn();
    }
    let expected = ["1", "2", "3", "4", &"5".repeat(20_000), "5"];
    assert!(taken(&peer) == expected);
    assert!(peer.member.queue.borrow().is_empty());

    // what has been begun goes out whole
    publish(&hub, "a", long("6"));
    local.turn();
    peer.member.queue.borrow_mut().advance(5_000);
    for value in ["7", "8"] {
        publish(&hub, "a", long(value));
        local.turn();
    }
    let bytes = peer.member.queue.borrow_mut().drain();
    let (begun, whole) = bytes.split_at(20_004 - 5_000);
    assert!(begun.iter().all(|byte| *byte == b'6'));
    assert!(payloads(whole) == ["8".repeat(20_000)]);
}

#[test]
fn replacing_for_ever_takes_no_memory() {
    let (hub, local, _) = one_thread(limits(Overflow::Coalesce));
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    peer.member.queue.borrow_mut().block();
    for n in 0..10_000 {
        publish(&hub, "a", text(n).keyed(format!("{}", n % 3).into()));
        if n % 7 == 0 {
            local.turn();
            assert!(peer.member.queue.borrow().entries() < 100);
        }
    }
    local.turn();
    assert_eq!(taken(&peer), ["9997", "9998", "9999"]);
}

#[test]
fn long_messages_are_shared() {
    let (hub, local, _) = one_thread(Limits::default());
    let (one, two) = (join(&local), join(&local));
    subscribe(&hub, &one, "a");
    subscribe(&hub, &two, "a");
    let long = "x".repeat(100_000);
    publish(&hub, "a", text("before"));
    hub.publish(&topic("a"), text(&long), Some(two.id()))
        .expect("room");
    let event = Message::event(format!("{{\"long\":\"{long}\"}}")).expect("an object");
    publish(&hub, "a", event);
    publish(&hub, "a", text("after"));
    local.turn();
    let event = format!("{{\"topic\":\"a\",\"seq\":3,\"long\":\"{long}\"}}");
    assert!(taken(&one) == ["before", &long, &event, "after"]);
    assert!(taken(&two) == ["before", &event, "after"]);
}

#[test]
fn refuses_what_would_take_too_much() {
    let (hub, local, _) = one_thread(Limits {
        peers: 3,
        peers_per_address: 2,
        subscriptions: 2,
        topics: 3,
        outgoing_bytes: 1000,
        mailbox_bytes: 2000,
        ..Limits::default()
    });
    let from = |address: &str| {
        local.join(Admission {
            address: Some(address.into()),
            ..Admission::default()
        })
    };
    let one = from("::1").expect("room");
    let two = from("::1").expect("room");
    assert_eq!(from("::1").err(), Some(JoinError::Address));
    let three = from("::2").expect("room");
    assert_eq!(from("::3").err(), Some(JoinError::Full));
    drop(two);
    let two = from("::1").expect("room again");

    let wish = |peer: &Joined, name: &str| {
        let subscribed = hub.subscribe(peer.id(), &topic(name), &Subscription::default());
        subscribed.map(|subscribed| subscribed.new)
    };
    assert_eq!(wish(&one, "a"), Ok(true));
    assert_eq!(wish(&one, "b"), Ok(true));
    assert_eq!(wish(&one, "c"), Err(SubscribeError::Subscriptions));
    assert_eq!(wish(&one, "a"), Ok(false), "it has it");
    assert_eq!(wish(&two, "c"), Ok(true));
    assert_eq!(wish(&two, "d"), Err(SubscribeError::Topics));
    let gone = three.id();
    drop(three);
    let wish = hub.subscribe(gone, &topic("a"), &Subscription::default());
    assert_eq!(wish, Err(SubscribeError::Gone));

    let publish = |len| hub.publish(&topic("a"), text("x".repeat(len)), None);
    assert_eq!(publish(1001), Err(PublishError::TooLong));
    local.turn();
    assert!(publish(900).is_ok());
    let before = publish(700).expect("room");
    assert_eq!(publish(200), Err(PublishError::Overloaded));
    assert_eq!(
        hub.send(one.id(), text("x".repeat(200))),
        Err(PublishError::Overloaded)
    );
    assert_eq!(
        hub.broadcast(text("x".repeat(200)), None),
        Err(PublishError::Overloaded)
    );
    local.turn();
    // no number was used
    assert_eq!(
        publish(200).map(|published| published.seq),
        Ok(before.seq + 1)
    );
}

#[test]
fn one_address_does_not_get_the_topics_of_all() {
    let (hub, local, _) = one_thread(Limits {
        topics: 40,
        ..Limits::default()
    });
    let from = |address: &str| {
        let admission = Admission {
            address: Some(address.into()),
            ..Admission::default()
        };
        local.join(admission).expect("room")
    };
    let (one, two, other) = (from("::1"), from("::1"), from("::2"));
    let credit = Arc::new(inbound::Credit::default());
    let wish = |peer: &Joined, name: &str| {
        let frame = credit.charge(Data::Text(Bytes::new()));
        let fresh = Subscription::default();
        let granted = hub.grant(peer.id(), &topic(name), &fresh, Some(frame));
        granted.map(drop).map_err(|refused| refused.error)
    };
    for name in ["a", "b", "c"] {
        assert_eq!(wish(&one, name), Ok(()));
    }
    assert_eq!(wish(&two, "d"), Ok(()));
    assert_eq!(wish(&two, "e"), Err(SubscribeError::Share));
    assert_eq!(wish(&two, "a"), Ok(()), "what is there");
    assert_eq!(wish(&other, "e"), Ok(()), "others have their own share");
    assert!(subscribe(&hub, &two, "f").new, "the app decides for itself");
    // it counts for as long as it is there, whoever has it
    drop(one);
    assert_eq!(wish(&two, "g"), Ok(()), "b and c are forgotten");
    assert_eq!(wish(&two, "h"), Ok(()));
    assert_eq!(wish(&two, "i"), Err(SubscribeError::Share));
    drop(two);
    for name in ["g", "h", "i", "j"] {
        assert_eq!(wish(&from("::1"), name), Ok(()), "nothing is left of them");
    }
}

#[test]
fn who_joins_waits_until_that_can_be_told() {
    let now = std::time::Instant::now();
    let limits = Limits {
        mailbox_bytes: 4000,
        ..Limits::default()
    };
    let hub = Hub::new(limits, 1, now);
    let attach = || Local::attach(hub.clone(), Arc::new(Told::default()), now).expect("room");
    let (busy, idle) = (attach(), attach());
    let watcher = join(&busy);
    subscribe(&hub, &watcher, "a");
    watch(&hub, &watcher, "a");
    busy.turn();
    let user = |id: String| Admission {
        user: Some(User {
            id: id.into(),
            info: Some("x".repeat(100).into()),
        }),
        ..Admission::default()
    };
    // this thread does its part, that of the watcher does not come to it
    let fresh = Subscription::default();
    let mut joined = Vec::new();
    let refused = loop {
        let peer = idle.join(user(format!("u{}", joined.len()))).expect("room");
        match hub.subscribe(peer.id(), &topic("a"), &fresh) {
            Ok(_) => joined.push(peer),
            Err(error) => break error,
        }
        idle.turn();
        assert!(
            joined.len() < 100,
            "nothing bounds what the watcher is told"
        );
    };
    assert_eq!(refused, SubscribeError::Overloaded);
    let stream = Admission {
        transport: Transport::Stream,
        ..user("stream".to_owned())
    };
    let stream = idle.join(stream).expect("room");
    let refused = hub.stream(stream.id(), &[topic("a")], None);
    assert_eq!(refused, Err(SubscribeError::Overloaded));
    drop(stream);
    // they may leave, and all of it is told
    let count = joined.len();
    drop(joined);
    busy.turn();
    assert_eq!(taken(&watcher).len(), 2 * count);
    let peer = idle.join(user("late".to_owned())).expect("room");
    assert!(hub.subscribe(peer.id(), &topic("a"), &fresh).is_ok());
    assert_eq!(hub.presence(&topic("a")).users.len(), 1);
}

#[test]
fn keeps_what_the_app_gives_it() {
    let (hub, local, _) = one_thread(Limits::default());
    let peer = join(&local);
    assert_eq!(hub.context(peer.id()), Some(Bytes::new()));
    assert!(hub.set_context(peer.id(), Bytes::from_static(b"ann")));
    assert_eq!(hub.context(peer.id()), Some(Bytes::from_static(b"ann")));
    subscribe(&hub, &peer, "a");
    assert_eq!(hub.subscriptions(peer.id()), Some(vec!["a".into()]));
    assert_eq!(hub.peers(), [peer.id()]);
    let id = peer.id();
    drop(peer);
    assert!(!hub.set_context(id, Bytes::new()));
    assert_eq!(hub.subscriptions(id), None);
    assert!(!hub.disconnect(id, Goodbye::new(CloseCode::NORMAL, "")));
    // its place has another name now
    let next = join(&local);
    assert_ne!(next.id(), id);
    assert_eq!(hub.context(id), None);
}

#[test]
fn answers_are_not_left_out() {
    let (hub, local, _) = one_thread(limits(Overflow::Skip));
    let peer = join(&local);
    for n in 0..4 {
        hub.send(peer.id(), text(format!("{n}234567890")))
            .expect("room");
        let answer = text(format!("answer {n}"));
        assert_eq!(hub.answer(peer.id(), answer, None), Ok(true));
    }
    local.turn();
    let expected = ["0234567890", "answer 0", "answer 1", "answer 2", "answer 3"];
    assert_eq!(taken(&peer), expected);
    let long = text("x".repeat(20_000));
    assert_eq!(hub.answer(peer.id(), long, None), Ok(true));
    local.turn();
    assert_eq!(peer.member.queue.borrow().answers(), 20_004);
    assert_eq!(taken(&peer), ["x".repeat(20_000)]);
    assert_eq!(peer.member.queue.borrow().answers(), 0);
    let id = peer.id();
    drop(peer);
    assert_eq!(hub.answer(id, text("late"), None), Ok(false));
}

#[test]
fn answers_count_while_they_wait_and_no_longer() {
    let (hub, local, _) = one_thread(Limits::default());
    let peer = join(&local);
    hub.send(peer.id(), text("1234567890")).expect("room");
    hub.answer(peer.id(), text("1234567890"), None)
        .expect("short");
    hub.send(peer.id(), text("1234567890")).expect("room");
    local.turn();
    let mut queue = peer.member.queue.borrow_mut();
    assert_eq!(queue.answers(), 12);
    for (bytes, left) in [(13, 11), (10, 1), (1, 0), (5, 0)] {
        queue.advance(bytes);
        assert_eq!(queue.answers(), left);
    }
    queue.push_control(Bytes::from_static(b"pong"));
    queue.clear();
    assert_eq!(queue.answers(), 0);
}

#[test]
fn what_a_thread_cannot_send_out_bounds_subscriptions_too() {
    let (hub, local, _) = one_thread(Limits {
        mailbox_bytes: 1000,
        ..Limits::default()
    });
    let peer = join(&local);
    let fresh = Subscription::default();
    let subscribe = |n: usize| hub.subscribe(peer.id(), &topic(&format!("t{n}")), &fresh);
    let results: Vec<_> = (0..14).map(subscribe).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 7);
    assert_eq!(results[7], Err(SubscribeError::Overloaded));
    assert_eq!(hub.topics(), 7, "what was refused leaves nothing");
    local.turn();
    assert!(subscribe(7).is_ok());
}

#[test]
fn one_goodbye_is_enough() {
    let (hub, local, _) = one_thread(Limits {
        mailbox_bytes: 1000,
        ..Limits::default()
    });
    let (peer, other) = (join(&local), join(&local));
    let goodbye = Goodbye::new(CloseCode::POLICY, "first");
    for _ in 0..100 {
        assert!(hub.disconnect(peer.id(), goodbye.clone()));
    }
    assert_eq!(hub.send(other.id(), text("x")), Ok(true), "there is room");
    local.turn();
    assert_eq!(*peer.member.order.borrow(), Some(goodbye));
}
