//! Peers over sockets: raw bytes in, raw bytes out.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

use super::*;

/// A client's end of a socket that the hub serves.
struct Client {
    id: PeerId,
    socket: DuplexStream,
    task: JoinHandle<()>,
}

fn connect(local: &Rc<Local>, buffer: usize) -> Client {
    connect_with(local, buffer, Bytes::new())
}

fn connect_with(local: &Rc<Local>, buffer: usize, early: Bytes) -> Client {
    let (socket, ours) = duplex(buffer);
    let joined = join(local);
    Client {
        id: joined.id(),
        socket,
        task: spawn_local(serve(joined, ours, early)),
    }
}

impl Client {
    async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.expect("the hub reads");
    }

    async fn expect(&mut self, bytes: &[u8]) {
        let mut got = vec![0; bytes.len()];
        self.socket
            .read_exact(&mut got)
            .await
            .expect("the hub writes");
        assert_eq!(got, bytes);
    }

    /// The hub says goodbye and closes; then what it said before, and how it saw it end.
    async fn ends(mut self, told: &Told) -> (Vec<u8>, Closed) {
        let mut rest = Vec::new();
        self.socket
            .read_to_end(&mut rest)
            .await
            .expect("the hub closes");
        drop(self.socket);
        self.task.await.expect("no panic");
        let closed = told.closed.lock().clone();
        let [(id, closed)] = &closed[..] else {
            panic!("one peer ends once: {closed:?}");
        };
        assert_eq!(*id, self.id);
        (rest, closed.clone())
    }
}

/// A masked frame, as clients send them (RFC 6455 5.3).
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

fn closed(code: u16, reason: &str, was_clean: bool) -> Closed {
    Closed {
        code,
        reason: reason.into(),
        was_clean,
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, test);
}

/// Lets all tasks do what they can.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// What the peer said, for a test with one peer.
fn said(told: &Told) -> Vec<Data> {
    told.messages
        .lock()
        .iter()
        .map(|(_, data)| data.clone())
        .collect()
}

fn words(texts: &[&str]) -> Vec<Data> {
    let words = texts
        .iter()
        .map(|text| Data::Text(Bytes::copy_from_slice(text.as_bytes())));
    words.collect()
}

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

fn subscribe_id(hub: &Hub, id: PeerId, name: &str) {
    let subscribed = hub.subscribe(id, &topic(name), &Subscription::default());
    assert!(subscribed.is_ok());
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
fn the_silent_are_pinged_and_the_dead_dropped() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1024);
        settle().await;
        let start = local.now();
        let at = |seconds| start + Duration::from_secs(seconds);
        local.sweep(at(30));
        client.expect(b"\x89\0").await;
        client.send(&frame(0x8a, b"")).await;
        settle().await;
        local.sweep(at(60));
        client.expect(b"\x89\0").await;
        local.sweep(at(89));
        settle().await;
        assert_eq!(hub.open(), 1);
        local.sweep(at(90));
        let (rest, how) = client.ends(&told).await;
        assert_eq!(rest, b"");
        assert_eq!(how, closed(1006, "", false));
    });
}

#[test]
fn whoever_we_do_not_read_owes_us_no_sign_of_life() {
    run(async {
        let (hub, local, told) = one_thread(Limits {
            unread_messages: 1,
            idle: Some(Duration::from_secs(45)),
            ..Limits::default()
        });
        *told.keep.lock() = Some(Vec::new());
        let mut client = connect(&local, 1024);
        client.send(&frame(0x81, b"slow")).await;
        settle().await;
        let start = local.now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for seconds in [30, 60, 90, 1000] {
            local.sweep(at(seconds));
            settle().await;
            assert_eq!(hub.open(), 1, "{seconds}");
        }
        assert_eq!(client.socket.read_u8().now_or_never().map(|_| ()), None);
        // the hook has taken it: the time without us does not count
        let kept = told.keep.lock().take();
        drop(kept);
        settle().await;
        local.sweep(at(1029));
        settle().await;
        assert_eq!(client.socket.read_u8().now_or_never().map(|_| ()), None);
        local.sweep(at(1030));
        client.expect(b"\x89\0").await;
        client.send(&frame(0x8a, b"")).await;
        settle().await;
        local.sweep(at(1045));
        settle().await;
        client.expect(b"\x88\x13\x03\xe9idle for too long").await;
    });
}

#[test]
fn a_peer_that_takes_its_answers_lives_and_one_that_stops_does_not() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1000);
        settle().await;
        let answer = text("x".repeat(200_000));
        hub.answer(client.id, answer, None).expect("short");
        local.turn();
        settle().await;
        let start = local.now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut some = [0; 500];
        for turn in 1..=10 {
            local.sweep(at(turn * 20));
            client
                .socket
                .read_exact(&mut some)
                .await
                .expect("it writes");
            settle().await;
            assert_eq!(hub.open(), 1, "{turn}");
        }
        // what it says is not read meanwhile
        client.send(&frame(0x8a, b"")).await;
        for (seconds, open) in [(230, 1), (259, 1), (260, 0)] {
            local.sweep(at(seconds));
            settle().await;
            assert_eq!(hub.open(), open, "{seconds}");
        }
        let (_, how) = client.ends(&told).await;
        assert_eq!(how, closed(1006, "", false));
    });
}

#[test]
fn what_the_socket_takes_at_once_is_no_sign_of_life() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let client = connect(&local, 1 << 20);
        settle().await;
        let start = local.now();
        for seconds in (0..=60).step_by(10) {
            assert_eq!(hub.open(), 1, "{seconds}");
            hub.send(client.id, text("news")).expect("room");
            local.turn();
            settle().await;
            local.sweep(start + Duration::from_secs(seconds));
            settle().await;
        }
        let (_, how) = client.ends(&told).await;
        assert_eq!(how, closed(1006, "", false));
    });
}

#[test]
fn the_idle_are_closed() {
    run(async {
        let (_, local, told) = one_thread(Limits {
            idle: Some(Duration::from_secs(20)),
            ..Limits::default()
        });
        let mut client = connect(&local, 1024);
        settle().await;
        local.sweep(local.now() + Duration::from_secs(20));
        settle().await;
        client.send(&frame(0x88, &close_frame(1001, ""))).await;
        let (rest, how) = client.ends(&told).await;
        assert_eq!(rest[2..4], 1001u16.to_be_bytes());
        assert_eq!(how, closed(1001, "", true));
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
        let got = payloads(&got);
        assert!((4..10).contains(&got.len()), "{got:?}");
        assert!(got.is_sorted());
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
