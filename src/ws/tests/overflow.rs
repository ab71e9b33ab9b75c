//! What waits for a peer, and what becomes of it once too much does.

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
