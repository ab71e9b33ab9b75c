//! What a client or an app may take up, and how it is refused more.

use super::*;

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
    let from = |address| local.join(of(address));
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
    let from = |address| local.join(of(address)).expect("room");
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
    let user = |id: &str| Admission {
        user: Some(User::of(id, Some(&"x".repeat(100)))),
        ..Admission::default()
    };
    // this thread does its part, that of the watcher does not come to it
    let fresh = Subscription::default();
    let mut joined = Vec::new();
    let refused = loop {
        let peer = idle
            .join(user(&format!("u{}", joined.len())))
            .expect("room");
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
        ..user("stream")
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
    let peer = idle.join(user("late")).expect("room");
    assert!(hub.subscribe(peer.id(), &topic("a"), &fresh).is_ok());
    assert_eq!(hub.presence(&topic("a")).users.len(), 1);
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
