//! Streams of events: what they are told at their beginning, how they resume, and their end.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::{JoinHandle, spawn_local};

use super::client::{closed, run, settle};
use super::*;

fn replaying() -> Limits {
    Limits {
        replay: Replay {
            size: 3,
            ttl: Duration::from_secs(60),
        },
        ..Limits::default()
    }
}

fn join_stream(local: &Rc<Local>) -> Joined {
    let admission = Admission {
        transport: Transport::Stream,
        ..Admission::default()
    };
    local.join(admission).expect("room for a peer")
}

fn begin(hub: &Hub, peer: &Joined, names: &[&str], seen: Option<u64>) {
    let topics: Vec<_> = names.iter().map(|name| topic(name)).collect();
    let seen = seen.map(|at| Moment { epoch: 1, at });
    hub.stream(peer.id(), &topics, seen).expect("room");
}

fn publish(hub: &Hub, name: &str, n: u32) {
    let event = Message::event(format!("{{\"n\":{n}}}")).expect("an object");
    hub.publish(&topic(name), event, None).expect("room");
}

fn written(peer: &Joined) -> String {
    String::from_utf8(peer.member.queue.borrow_mut().drain()).expect("text")
}

/// What waits for the peer.
fn events(peer: &Joined) -> Vec<(String, String)> {
    parse(&written(peer))
}

/// Each event's id and what of its data tells it from others.
fn parse(text: &str) -> Vec<(String, String)> {
    let events = text.split_terminator("\n\n").map(|event| {
        let mut id = String::new();
        let mut data = String::new();
        for line in event.lines() {
            match line.split_once(": ") {
                Some(("id", value)) => id = value.to_owned(),
                Some(("data", value)) => data.push_str(value),
                _ => panic!("what is {line:?}?"),
            }
        }
        if data.is_empty() {
            return (id, String::new());
        }
        let json: serde_json::Value = serde_json::from_str(&data).expect("JSON");
        let told = match &json["n"] {
            serde_json::Value::Null => format!("{} resumed {}", json["topic"], json["resumed"]),
            n => format!("{} {n}", json["topic"]),
        };
        (id, told.replace('"', ""))
    });
    events.collect()
}

fn expect(peer: &Joined, expected: &[(&str, &str)]) {
    let got = events(peer);
    let got: Vec<_> = got.iter().map(|(id, told)| (&**id, &**told)).collect();
    assert_eq!(got, expected);
}

#[test]
fn hears_what_sockets_hear_with_the_moment_of_each() {
    let (hub, local, _) = one_thread(replaying());
    let (stream, socket) = (join_stream(&local), join(&local));
    publish(&hub, "a", 1);
    begin(&hub, &stream, &["a", "b"], None);
    subscribe(&hub, &socket, "a");
    publish(&hub, "a", 2);
    publish(&hub, "a", 3);
    publish(&hub, "b", 4);
    let except = Some(stream.id());
    let skipped = Message::event("{\"n\":5}".into()).expect("an object");
    hub.publish(&topic("a"), skipped, except).expect("room");
    publish(&hub, "a", 6);
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
    let (stream, socket) = (join_stream(&local), join(&local));
    begin(&hub, &stream, &["a"], None);
    local.turn();
    written(&stream);
    hub.send(stream.id(), text("one\ntwo")).expect("room");
    hub.broadcast(Message::binary(Bytes::from_static(b"foo")), None)
        .expect("room");
    local.turn();
    let expected = "data: one\ndata: two\n\nevent: binary\ndata: Zm9v\n\n";
    assert_eq!(written(&stream), expected);
    assert_eq!(taken(&socket), ["foo"]);
}

#[test]
fn all_that_was_missed_comes_in_order_and_once() {
    let (hub, local, _) = one_thread(replaying());
    for (name, n) in [("a", 1), ("b", 2), ("c", 3), ("a", 4), ("b", 5), ("a", 6)] {
        publish(&hub, name, n);
    }
    let stream = join_stream(&local);
    begin(&hub, &stream, &["a", "b"], Some(2));
    publish(&hub, "b", 7);
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
        publish(&hub, "a", n);
    }
    publish(&hub, "b", 6);
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
    let stream = join_stream(&local);
    begin(&hub, &stream, &["a"], Some(6));
    local.turn();
    expect(&stream, &[("1-6", "a resumed true")]);
    // not yet, and of another process
    for (epoch, at) in [(1, 7), (2, 6)] {
        let stream = join_stream(&local);
        let seen = Some(Moment { epoch, at });
        hub.stream(stream.id(), &[topic("a")], seen).expect("room");
        local.turn();
        expect(&stream, &[("1-6", "a resumed false")]);
    }
}

#[test]
fn what_was_forgotten_with_its_topic_is_known_to_be_gone() {
    let (hub, local, _) = one_thread(replaying());
    publish(&hub, "a", 1);
    publish(&hub, "a", 2);
    publish(&hub, "b", 3);
    let later = Instant::now() + Duration::from_secs(100);
    local.sweep(later);
    assert_eq!(hub.topics(), 0);
    for (at, resumed) in [(1, "false"), (2, "false"), (3, "true")] {
        let stream = join_stream(&local);
        begin(&hub, &stream, &["a"], Some(at));
        local.turn();
        let told = format!("a resumed {resumed}");
        expect(&stream, &[("1-3", &told)]);
    }
}

#[test]
fn without_replay_only_who_missed_nothing_resumes() {
    let (hub, local, _) = one_thread(Limits::default());
    let keeper = join(&local);
    subscribe(&hub, &keeper, "a");
    publish(&hub, "a", 1);
    publish(&hub, "elsewhere", 2);
    for (at, resumed) in [(0, "false"), (1, "true"), (2, "true")] {
        let stream = join_stream(&local);
        begin(&hub, &stream, &["a"], Some(at));
        local.turn();
        expect(&stream, &[("1-2", &format!("a resumed {resumed}"))]);
    }
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
            address: Some(address.into()),
            transport: Transport::Stream,
            ..Admission::default()
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
        let socket = Admission {
            address: Some("::1".into()),
            ..Admission::default()
        };
        let socket = local.join(socket).expect("room");
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
        publish(&hub, "a", n);
        local.turn();
        assert!(!events(&fast).is_empty(), "nobody waits for the slow one");
    }
    let told = events(&slow);
    assert!((2..9).contains(&told.len()), "{told:?}");
}

#[test]
fn a_sign_of_life_says_how_far_everything_was_seen() {
    let (hub, local, _) = one_thread(replaying());
    let (stream, waiting) = (join_stream(&local), join_stream(&local));
    begin(&hub, &stream, &["a"], None);
    local.turn();
    written(&stream);
    publish(&hub, "elsewhere", 1);
    let now = Instant::now();
    local.sweep(now + Duration::from_secs(31));
    assert_eq!(written(&stream), "id: 1-1\n\n");
    // what is on its way to it has not been seen
    let stream = join_stream(&local);
    begin(&hub, &stream, &["a"], None);
    local.turn();
    written(&stream);
    publish(&hub, "a", 2);
    local.sweep(now + Duration::from_secs(62));
    assert_eq!(written(&stream), ":\n\n");
    local.sweep(now + Duration::from_secs(500));
    assert_eq!(written(&waiting), "", "one that hooks are asked about");
    assert!(!waiting.member.dead.get());
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
                    publish(&hub, names[*at], n as u32);
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

/// A client's end of a stream.
struct Listener {
    id: PeerId,
    socket: DuplexStream,
    task: JoinHandle<()>,
}

fn listen(hub: &Hub, local: &Rc<Local>, buffer: usize) -> Listener {
    let (socket, ours) = duplex(buffer);
    let joined = join_stream(local);
    begin(hub, &joined, &["a"], None);
    let id = joined.id();
    let head = Bytes::from_static(b"head\n");
    let task = spawn_local(serve_stream(joined, ours, head));
    Listener { id, socket, task }
}

impl Listener {
    async fn reads(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            text.push(self.socket.read_u8().await.expect("more"));
        }
        String::from_utf8(text).expect("text")
    }
}

fn only_end(told: &Told) -> Closed {
    let [(_, closed)] = &told.closed.lock()[..] else {
        panic!("one peer ends once");
    };
    closed.clone()
}

#[test]
fn begins_with_its_head_and_ends_with_its_client() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 1000);
        hub.send(listener.id, text("early")).expect("room");
        local.turn();
        let text = listener.reads("data: early\n\n").await;
        assert!(
            text.starts_with("head\nid: 1-0\ndata: {\"type\":\"__subscribed\",\"id\":0,"),
            "{text}"
        );
        // what it says is heard by nobody
        listener
            .socket
            .write_all(b"GET / HTTP/1.1\r\n")
            .await
            .expect("taken");
        settle().await;
        assert_eq!((hub.open(), told.messages.lock().len()), (1, 0));
        drop(listener.socket);
        listener.task.await.expect("no panic");
        assert_eq!(only_end(&told), closed(1005, "", true));
        assert_eq!((hub.open(), hub.topics()), (0, 0));
    });
}

#[test]
fn is_told_why_it_ends() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 1000);
        local.turn();
        hub.disconnect(listener.id, Goodbye::new(CloseCode::RESTART, "again"));
        publish(&hub, "a", 1);
        local.turn();
        let mut text = String::new();
        listener
            .socket
            .read_to_string(&mut text)
            .await
            .expect("an end");
        let last = "data: {\"type\":\"__close\",\"code\":1012,\"reason\":\"again\"}\n\n";
        assert!(text.ends_with(last), "{text}");
        assert_eq!(hub.open(), 1, "its client has yet to go");
        drop(listener.socket);
        listener.task.await.expect("no panic");
        assert_eq!(only_end(&told), closed(1012, "again", true));
    });
}

#[test]
fn one_that_a_hook_ends_before_it_begins_is_told_so_and_nothing_else() {
    run(async {
        let (hub, local, _) = one_thread(Limits::default());
        let (mut socket, ours) = duplex(1000);
        let joined = join_stream(&local);
        hub.disconnect(joined.id(), Goodbye::new(CloseCode::POLICY, "no"));
        local.turn();
        begin(&hub, &joined, &["a"], None);
        publish(&hub, "a", 1);
        local.turn();
        let task = spawn_local(serve_stream(joined, ours, Bytes::from_static(b"head\n")));
        let mut text = String::new();
        socket.read_to_string(&mut text).await.expect("an end");
        let close = "data: {\"type\":\"__close\",\"code\":1008,\"reason\":\"no\"}\n\n";
        assert_eq!(text, format!("head\n{close}"));
        drop(socket);
        task.await.expect("no panic");
    });
}

#[test]
fn a_slow_one_may_be_closed_and_what_was_begun_stays_whole() {
    run(async {
        let (hub, local, told) = one_thread(Limits {
            queued_bytes: 200,
            overflow: Overflow::Close,
            ..Limits::default()
        });
        let mut listener = listen(&hub, &local, 20);
        local.turn();
        settle().await;
        for n in 0..10 {
            publish(&hub, "a", n);
            local.turn();
            settle().await;
        }
        let mut text = String::new();
        listener
            .socket
            .read_to_string(&mut text)
            .await
            .expect("an end");
        let whole = text.strip_prefix("head\n").expect("its head");
        let mut events: Vec<_> = whole.split_terminator("\n\n").collect();
        let last = events.pop().expect("a last one");
        assert!(
            last.starts_with("data: {\"type\":\"__close\",\"code\":1013,"),
            "{last}"
        );
        for event in events {
            assert!(
                event.starts_with("id: 1-") && event.ends_with('}'),
                "{event}"
            );
        }
        drop(listener.socket);
        listener.task.await.expect("no panic");
        assert_eq!(only_end(&told).code, 1013);
    });
}

#[test]
fn one_that_does_not_go_is_cut_off() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let listener = listen(&hub, &local, 10);
        local.turn();
        settle().await;
        hub.disconnect(listener.id, Goodbye::new(CloseCode::NORMAL, ""));
        local.turn();
        settle().await;
        local.sweep(Instant::now() + Duration::from_secs(6));
        listener.task.await.expect("no panic");
        assert_eq!(only_end(&told), closed(1000, "", false));
    });
}

#[test]
fn one_that_takes_nothing_is_given_up() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 10);
        local.turn();
        settle().await;
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        local.sweep(after(31));
        settle().await;
        // it takes a little of what waits: so it lives
        let mut some = [0; 10];
        listener.socket.read_exact(&mut some).await.expect("bytes");
        settle().await;
        for seconds in [60, 61, 89] {
            local.sweep(after(seconds));
            settle().await;
            assert_eq!(hub.open(), 1, "{seconds}");
        }
        local.sweep(after(92));
        listener.task.await.expect("no panic");
        assert_eq!(only_end(&told), closed(1006, "", false));
    });
}

#[test]
fn a_client_that_sends_and_sends_is_cut_off() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 64 * 1024);
        local.turn();
        let sent = listener.socket.write_all(&vec![b'x'; 256 * 1024]).await;
        assert!(sent.is_err());
        listener.task.await.expect("no panic");
        assert_eq!(only_end(&told), closed(1006, "", false));
    });
}

#[test]
fn a_position_says_where_to_begin() {
    let (hub, local, _) = one_thread(replaying());
    publish(&hub, "a", 1);
    publish(&hub, "b", 2);
    let (position, moment) = hub.position(&topic("a"));
    assert_eq!(position, Position { epoch: 1, seq: 1 });
    assert_eq!(moment, Moment { epoch: 1, at: 2 });
    publish(&hub, "a", 3);
    let (socket, stream) = (join(&local), join_stream(&local));
    let since = Subscription {
        since: Some(position),
        answer: None,
    };
    let subscribed = hub.subscribe(socket.id(), &topic("a"), &since);
    assert_eq!(subscribed.map(|it| it.resume), Ok(Resume::Whole(1)));
    begin(&hub, &stream, &["a"], Some(moment.at));
    local.turn();
    assert_eq!(taken(&socket).len(), 1);
    expect(
        &stream,
        &[("1-2", "a resumed true"), ("1-3", "a 3"), ("1-3", "")],
    );
    // of a topic that nobody has ever heard of
    let (unknown, _) = hub.position(&topic("new"));
    let since = Subscription {
        since: Some(unknown),
        answer: None,
    };
    let subscribed = hub.subscribe(socket.id(), &topic("new"), &since);
    assert_eq!(subscribed.map(|it| it.resume), Ok(Resume::Whole(0)));
}
