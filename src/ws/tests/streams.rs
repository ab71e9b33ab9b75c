//! Streams of events. Here is what the tests of them share: streams without a connection, and what
//! waits for one.

mod resume;
mod served;
mod told;

use super::*;

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

/// A stream of topic `a` that has taken what it was told at its beginning.
fn listening(hub: &Hub, local: &Rc<Local>) -> Joined {
    let stream = join_stream(local);
    begin(hub, &stream, &["a"], None);
    local.turn();
    written(&stream);
    stream
}

/// What waits for the peer.
fn written(peer: &Joined) -> String {
    String::from_utf8(peer.member.queue.borrow_mut().drain()).expect("text")
}

/// The same, as [`parse`] reads it.
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

/// What waits for the peer is this.
fn expect(peer: &Joined, expected: &[(&str, &str)]) {
    let got = events(peer);
    let got: Vec<_> = got.iter().map(|(id, told)| (&**id, &**told)).collect();
    assert_eq!(got, expected);
}
