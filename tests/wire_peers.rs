//! Random events of peers through both halves of the wire: Rust encodes them, the worker's own
//! JS reads them. Needs `node`.

use std::any::Any;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bytes::Bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use svelte_adapter_oxide::dispatch::{Answer, Event, Farewell, PeerEvent, PeerNews, wire};

/// An event and what JS has to read of it.
#[derive(Debug, Clone)]
struct Sample {
    peer: (u32, u32),
    kind: u8,
    numbers: (u32, u32, u16),
    flags: (bool, bool),
    text: String,
    bytes: Vec<u8>,
}

fn samples() -> impl Strategy<Value = Sample> {
    (
        any::<(u32, u32)>(),
        9u8..=15,
        any::<(u32, u32, u16)>(),
        any::<(bool, bool)>(),
        "\\PC{0,40}",
        prop::collection::vec(any::<u8>(), 0..2000),
    )
        .prop_map(|(peer, kind, numbers, flags, text, bytes)| Sample {
            peer,
            kind,
            numbers,
            flags,
            text,
            bytes,
        })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes it");
        hex
    })
}

fn event(sample: &Sample) -> (PeerNews, Value) {
    let (token, wish, code) = sample.numbers;
    let (one, other) = sample.flags;
    let text = sample.text.clone();
    let bytes = Bytes::from(sample.bytes.clone());
    let rides = |data: Bytes| (!other).then_some(data);
    match sample.kind {
        9 => (PeerNews::Open { token }, json!({ "token": token })),
        12 => (PeerNews::Drain { token }, json!({ "token": token })),
        10 => {
            let (data, read) = if one {
                (Bytes::from(text.clone()), json!(text))
            } else {
                (bytes.clone(), json!(hex(&bytes)))
            };
            let read = if other { Value::Null } else { read };
            let read = json!({"token": token, "text": one, "data": read});
            let data = rides(data);
            let text = one;
            (PeerNews::Message { token, text, data }, read)
        }
        11 => {
            let read = json!({
                "token": token, "code": code, "clean": one, "reason": text, "card": hex(&bytes),
            });
            let farewell = Box::new(Farewell {
                code,
                was_clean: one,
                reason: text,
                card: bytes,
            });
            (PeerNews::Close { token, farewell }, read)
        }
        13 => {
            let read = json!({"token": token, "topic": text});
            let topic = text.into();
            (PeerNews::Subscribe { token, topic }, read)
        }
        14 => {
            let data = if other { Value::Null } else { json!(text) };
            let read = json!({"token": token, "wish": wish, "data": data});
            let data = rides(text.into());
            (PeerNews::Request { token, wish, data }, read)
        }
        _ => {
            let held: Box<dyn Any + Send + Sync> = Box::new(());
            let answer = match sample.flags {
                (true, _) => Answer::Error(text.clone().into()),
                (false, false) => Answer::Data(text.clone().into(), held),
                (false, true) => Answer::Gone,
            };
            let gone = !one && other;
            let data = if gone { String::new() } else { text };
            let read = json!({"request": wish, "error": one, "gone": gone, "data": data});
            let request = wish;
            (PeerNews::Reply { request, answer }, read)
        }
    }
}

/// What the JS half reads in the records.
fn read(records: Vec<u8>) -> Vec<Value> {
    let mut node = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/__test__/rust/wire-peers.js"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut stdin = node.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || stdin.write_all(&records));
    let output = node.wait_with_output().expect("node ran");
    let written = writer.join().expect("no panic");
    written.expect("node read everything");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    lines.collect()
}

#[test]
fn random_events_survive_both_halves() {
    let mut runner = TestRunner::deterministic();
    let mut records = Vec::new();
    let mut expected = Vec::new();
    let mut buffer = vec![0xff; wire::BUFFER_SIZE];
    for _ in 0..500 {
        let sample = samples().new_tree(&mut runner).expect("a sample").current();
        let (slot, generation) = sample.peer;
        let (news, mut read) = event(&sample);
        let peer = u64::from(generation) << 32 | u64::from(slot);
        let event = Event::Peer(PeerEvent { peer, news });
        let len = wire::encode(&event, &mut buffer).expect("it fits");
        records.extend_from_slice(&buffer[..len]);
        assert_eq!(len % 4, 0);
        for short in [0, 15, len - 1] {
            assert_eq!(wire::encode(&event, &mut buffer[..short]), None);
        }
        read["kind"] = sample.kind.into();
        read["slot"] = slot.into();
        read["generation"] = generation.into();
        expected.push(read);
    }
    assert_eq!(read(records), expected);
}

#[test]
fn the_longest_fit_in_what_js_offers() {
    let mut buffer = vec![0; wire::BUFFER_SIZE];
    let long = || Bytes::from(vec![b'x'; wire::LONGEST]);
    let farewell = Box::new(Farewell {
        code: 1000,
        was_clean: true,
        reason: "r".repeat(123),
        card: long(),
    });
    let answer = Answer::Data(long(), Box::new(()));
    for news in [
        PeerNews::Close { token: 1, farewell },
        PeerNews::Reply { request: 1, answer },
    ] {
        let event = Event::Peer(PeerEvent { peer: 1, news });
        assert!(wire::encode(&event, &mut buffer).is_some());
    }
}
