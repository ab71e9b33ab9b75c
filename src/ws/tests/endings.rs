//! How the socket of a peer ends: by an offence, a goodbye, without a word, or with its task.

use std::time::Duration;

use super::client::*;
use super::*;

/// What ends a conversation, and with which code.
fn offences() -> Vec<(&'static str, Vec<u8>, u16)> {
    let long = vec![b'x'; 2000];
    vec![
        ("a text that is not UTF-8", frame(0x81, b"\xff"), 1007),
        (
            "a text that ends inside a character",
            frame(0x81, b"\xc3"),
            1007,
        ),
        ("an unmasked frame", b"\x81\x01x".to_vec(), 1002),
        ("RSV1 without an extension", frame(0xc1, b"x"), 1002),
        ("RSV3", frame(0x91, b"x"), 1002),
        ("an unknown data opcode", frame(0x83, b"x"), 1002),
        ("an unknown control opcode", frame(0x8b, b"x"), 1002),
        ("a fragmented ping", frame(0x09, b"x"), 1002),
        ("a long ping", frame(0x89, &long[..126]), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        (
            "a message inside another",
            [frame(0x01, b"x"), frame(0x81, b"y")].concat(),
            1002,
        ),
        ("a goodbye of one byte", frame(0x88, b"x"), 1002),
        ("a long message", frame(0x82, &long), 1009),
        (
            "a long message in fragments",
            [frame(0x02, &long[..900]), frame(0x80, &long[..900])].concat(),
            1009,
        ),
        (
            "a length of 2^63",
            b"\x82\xff\x80\0\0\0\0\0\0\0".to_vec(),
            1009,
        ),
    ]
}

#[test]
fn offences_end_with_their_code() {
    for (what, bytes, code) in offences() {
        run(async {
            let (hub, local, told) = one_thread(Limits {
                message_bytes: 1000,
                frame_bytes: 1000,
                ..Limits::default()
            });
            let mut client = connect(&local, 1 << 20);
            client.send(&frame(0x81, b"fine")).await;
            client.send(&bytes).await;
            // it goes on as if nothing had happened
            client.send(&frame(0x81, b"more")).await;
            let (rest, how) = client.ends(&told).await;
            assert_eq!(rest[0], 0x88, "{what}");
            assert_eq!(rest[2..4], code.to_be_bytes(), "{what}");
            assert_eq!(
                rest.len(),
                2 + usize::from(rest[1]),
                "{what}: nothing comes after it"
            );
            assert_eq!((how.code, how.was_clean), (code, false), "{what}");
            assert_eq!(said(&told), words(&["fine"]), "{what}");
            assert_eq!(hub.open(), 0);
        });
    }
}

#[test]
fn goodbyes_with_bad_codes_or_none() {
    for (payload, echo, how) in [
        (vec![], b"\x88\0".to_vec(), closed(1005, "", true)),
        (
            close_frame(4999, ""),
            b"\x88\x02\x13\x87".to_vec(),
            closed(4999, "", true),
        ),
    ] {
        run(async {
            let (_, local, told) = one_thread(Limits::default());
            let mut client = connect(&local, 1024);
            client.send(&frame(0x88, &payload)).await;
            assert_eq!(client.ends(&told).await, (echo, how));
        });
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        run(async {
            let (_, local, told) = one_thread(Limits::default());
            let mut client = connect(&local, 1024);
            client.send(&frame(0x88, &close_frame(code, "x"))).await;
            let (rest, how) = client.ends(&told).await;
            assert_eq!(rest[2..4], 1002u16.to_be_bytes(), "{code}");
            assert_eq!(how.code, 1002, "{code}");
        });
    }
}

#[test]
fn we_say_goodbye_first() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1024);
        hub.send(client.id, text("last")).expect("room");
        hub.disconnect_all(&Goodbye::new(CloseCode::RESTART, "deploy"));
        hub.send(client.id, text("too late")).expect("room");
        local.turn();
        client.expect(b"\x81\x04last\x88\x08\x03\xf4deploy").await;
        // said before it heard us; a ping after our goodbye finds no answer
        client.send(&frame(0x81, b"crossing")).await;
        client.send(&frame(0x89, b"?")).await;
        client.send(&frame(0x88, &close_frame(1012, ""))).await;
        let (rest, how) = client.ends(&told).await;
        assert_eq!(rest, b"");
        assert_eq!(how, closed(1012, "", true));
        assert_eq!(said(&told), []);
    });
}

#[test]
fn whoever_does_not_answer_our_goodbye_is_dropped() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let client = connect(&local, 1024);
        hub.disconnect(client.id, Goodbye::new(CloseCode::POLICY, "no"));
        local.turn();
        settle().await;
        let start = local.now();
        local.sweep(start + Duration::from_secs(4));
        settle().await;
        assert_eq!(hub.open(), 1);
        local.sweep(start + Duration::from_secs(5));
        let (rest, how) = client.ends(&told).await;
        assert_eq!(rest, b"\x88\x04\x03\xf0no");
        assert_eq!(how, closed(1008, "no", false));
    });
}

#[test]
fn sockets_that_end_without_a_word() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1024);
        client.send(&frame(0x81, b"hal")[..5]).await;
        drop(client.socket);
        client.task.await.expect("no panic");
        assert_eq!(*told.closed.lock(), [(client.id, closed(1006, "", false))]);
        assert_eq!(hub.open(), 0);
    });
}

#[test]
fn a_dropped_task_leaves_nothing_behind() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let client = connect(&local, 1024);
        subscribe_id(&hub, client.id, "a");
        local.turn();
        client.task.abort();
        assert!(client.task.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!((hub.open(), hub.topics()), (0, 0));
        assert_eq!(*told.closed.lock(), [(client.id, closed(1006, "", false))]);
    });
}

#[test]
fn a_hook_that_panics_ends_its_peer_alone() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut other = connect(&local, 1024);
        let mut client = connect(&local, 1024);
        told.broken.store(true, Relaxed);
        client.send(&frame(0x81, b"x")).await;
        client.send(&frame(0x81, b"y")).await;
        client
            .expect(&[&[0x88, 2], &1011u16.to_be_bytes()[..]].concat())
            .await;
        client.send(&frame(0x88, &close_frame(1011, ""))).await;
        let (_, how) = client.ends(&told).await;
        assert_eq!(how, closed(1011, "", true));
        told.broken.store(false, Relaxed);
        assert_eq!(hub.open(), 1);
        other.send(&frame(0x81, b"z")).await;
        settle().await;
        assert_eq!(said(&told), words(&["z"]));
    });
}

#[test]
fn the_end_hands_over_what_the_app_kept() {
    let (hub, local, told) = one_thread(Limits::default());
    let peer = join(&local);
    assert!(hub.set_context(peer.id(), Bytes::from_static(b"kept")));
    drop(peer);
    assert_eq!(*told.contexts.lock(), [Bytes::from_static(b"kept")]);
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
