//! Messages over sockets: in pieces, large, too many, too slowly taken.

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::spawn_local;

use super::client::*;
use super::*;

#[test]
fn messages_go_both_ways() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect_with(&local, 1024, frame(0x81, b"early").into());
        client.send(&frame(0x81, "hé".as_bytes())).await;
        client.send(&frame(0x82, &[0, 255])).await;
        subscribe_id(&hub, client.id, "a");
        hub.publish(&topic("a"), text("one"), None).expect("room");
        hub.send(client.id, text("two")).expect("room");
        local.turn();
        client.expect(b"\x81\x03one\x81\x03two").await;
        let expected = [
            words(&["early", "hé"]),
            vec![Data::Binary(Bytes::from_static(&[0, 255]))],
        ];
        assert_eq!(said(&told), expected.concat());
        client.send(&frame(0x88, &close_frame(1000, "bye"))).await;
        let (rest, how) = client.ends(&told).await;
        assert_eq!(rest, b"\x88\x05\x03\xe8bye");
        assert_eq!(how, closed(1000, "bye", true));
        assert_eq!((hub.open(), hub.topics()), (0, 0));
    });
}

#[test]
fn fragments_come_byte_by_byte_with_pings_in_between() {
    run(async {
        let (_, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1024);
        // the two bytes of é stand in different fragments
        let stream = [
            frame(0x01, b"h\xc3"),
            frame(0x89, b"?"),
            frame(0x00, b"\xa9"),
            frame(0x8a, b"unasked"),
            frame(0x80, b"!"),
            frame(0x81, b"next"),
        ];
        for byte in stream.concat() {
            client.send(&[byte]).await;
            settle().await;
        }
        client.expect(b"\x8a\x01?").await;
        assert_eq!(said(&told), words(&["hé!", "next"]));
    });
}

#[test]
fn a_large_message_leaves_no_memory_behind() {
    run(async {
        let (_, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1024);
        let long = vec![b'x'; 300_000];
        client.send(&frame(0x81, &long)).await;
        settle().await;
        let shared = |nth: usize| !told.messages.lock()[nth].1.bytes().is_unique();
        assert!(!shared(0), "what held the message is kept");
        // cut inside a head, inside a frame, and between fragments
        let fragments = [frame(0x01, &long), frame(0x89, b"?"), frame(0x80, &long)].concat();
        let stream = [frame(0x82, &long), frame(0x81, b"short"), fragments].concat();
        let mut from = 0;
        for to in [9, 300_014, 300_016, 600_039, 600_041, stream.len()] {
            client.send(&stream[from..to]).await;
            settle().await;
            from = to;
        }
        client.expect(b"\x8a\x01?").await;
        assert!((0..4).all(|nth| !shared(nth)));
        let text = |bytes: Vec<u8>| Data::Text(bytes.into());
        let expected = [
            text(long.clone()),
            Data::Binary(long.clone().into()),
            text(b"short".into()),
            text([&long[..], &long].concat()),
        ];
        assert!(said(&told) == expected);
    });
}

#[test]
fn a_busy_app_holds_up_the_socket() {
    run(async {
        let (_, local, told) = one_thread(Limits {
            unread_messages: 3,
            ..Limits::default()
        });
        *told.keep.lock() = Some(Vec::new());
        let mut client = connect(&local, 1024);
        let stream: Vec<u8> = (0..8)
            .flat_map(|n: u32| frame(0x81, n.to_string().as_bytes()))
            .collect();
        client.send(&stream).await;
        settle().await;
        assert_eq!(said(&told), words(&["0", "1", "2"]));
        let first = told.keep.lock().as_mut().map(|kept| kept.remove(0));
        drop(first);
        settle().await;
        assert_eq!(said(&told).len(), 4);
        let kept = told.keep.lock().take();
        drop(kept);
        settle().await;
        assert_eq!(
            said(&told),
            words(&["0", "1", "2", "3", "4", "5", "6", "7"])
        );
    });
}

#[test]
fn a_slow_peer_gets_whole_frames_and_is_told_of() {
    run(async {
        let (hub, local, told) = one_thread(Limits {
            queued_bytes: 50,
            ..Limits::default()
        });
        let mut client = connect(&local, 7);
        settle().await;
        for n in 0..20 {
            hub.send(client.id, text(format!("message {n:02}")))
                .expect("room");
            local.turn();
            settle().await;
        }
        assert_eq!(*told.drained.lock(), []);
        let mut got = Vec::new();
        while told.drained.lock().is_empty() {
            got.push(client.socket.read_u8().await.expect("the hub writes"));
            settle().await;
        }
        hub.disconnect(client.id, Goodbye::new(CloseCode::NORMAL, ""));
        local.turn();
        while !got.ends_with(b"\x88\x02\x03\xe8") {
            got.push(client.socket.read_u8().await.expect("the hub writes"));
        }
        got.truncate(got.len() - 4);
        let mut got = payloads(&got);
        let notice = got.pop().expect("a notice");
        assert!((4..10).contains(&got.len()), "{got:?}");
        assert!(got.is_sorted());
        let skipped = 20 - got.len();
        let expected = format!("{{\"type\":\"__skipped\",\"count\":{skipped}}}");
        assert_eq!(notice, expected);
        assert_eq!(*told.drained.lock(), [client.id]);
    });
}

#[test]
fn pings_without_end_are_not_answered_without_end() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 4096);
        let pings = frame(0x89, &[b'x'; 125]).repeat(20_000);
        let mut sent = 0;
        while let Some(written) = client.socket.write(&pings[sent..]).now_or_never() {
            sent += written.expect("the hub reads");
            settle().await;
        }
        assert!(
            sent < 500_000,
            "{sent} bytes were read and nothing was taken"
        );
        assert!(hub.open() == 1 && told.closed.lock().is_empty());
        // it takes its answers, and is heard again
        let (mut from, mut to) = tokio::io::split(client.socket);
        let reading = spawn_local(async move {
            let mut pongs = Vec::new();
            let _ = from.read_to_end(&mut pongs).await;
            pongs.len()
        });
        to.write_all(&pings[sent..]).await.expect("the hub reads");
        to.shutdown().await.expect("a socket closes");
        client.task.await.expect("no panic");
        // several pings that are there at once may find one answer, the latest's (5.5.3)
        let pongs = reading.await.expect("no panic");
        assert!(pongs > 20_000 * 127 / 10, "{pongs}");
    });
}

#[test]
fn one_wake_serves_what_was_posted_meanwhile() {
    run(async {
        let (hub, local, _) = one_thread(Limits::default());
        let serving = local.clone();
        let thread = spawn_local(async move { serving.run().await });
        let mut client = connect(&local, 1 << 20);
        subscribe_id(&hub, client.id, "a");
        for n in 0..3000 {
            hub.publish(&topic("a"), text(n), None).expect("room");
        }
        let mut got = Vec::new();
        let expected: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
        let len: usize = expected.iter().map(|text| text.len() + 2).sum();
        while got.len() < len {
            client
                .socket
                .read_buf(&mut got)
                .await
                .expect("the hub writes");
        }
        assert!(payloads(&got) == expected);
        thread.abort();
    });
}

#[test]
fn a_peer_that_takes_no_answers_is_not_read() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1024);
        settle().await;
        let answer = || text("x".repeat(70_000));
        hub.answer(client.id, answer(), None).expect("short");
        local.turn();
        settle().await;
        client.send(&frame(0x81, b"more")).await;
        settle().await;
        assert_eq!(said(&told), []);
        let mut taken = vec![0; 70_010];
        client
            .socket
            .read_exact(&mut taken)
            .await
            .expect("it writes");
        settle().await;
        assert_eq!(said(&told), words(&["more"]));
    });
}
