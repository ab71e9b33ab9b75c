//! Random records through both halves of the wire: Rust encodes requests, the worker's own
//! JS reads them and writes replies that repeat them, Rust decodes those. Needs `node`.

use std::io::Write;
use std::process::{Command, Stdio};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use svelte_adapter_oxide::config::Balancing;
use svelte_adapter_oxide::dispatch::{
    Bounds, Dispatcher, EVENT_WORK, Exchange, Opens, Reply, ReplyBody, RequestBody, RequestEvent,
    Wake, wire,
};

#[derive(Debug, Clone)]
struct Sample {
    method: String,
    origin: String,
    target: String,
    address: String,
    headers: Vec<(String, Vec<u8>)>,
    port: u16,
    route: Option<u32>,
    canonical: bool,
    http10: bool,
    /// Whether it is a stream, and a good one.
    opens: Option<(bool, bool)>,
    content_length: Option<u64>,
    mode: u8,
    body: Vec<u8>,
}

fn samples() -> impl Strategy<Value = Sample> {
    let header_value =
        prop::collection::vec(prop_oneof![Just(b'\t'), 0x20u8..0x7f, 0x80u8..=0xff], 0..60);
    let text = (
        "[A-Z]{1,12}",
        "https?://[a-z0-9.:\\[\\]-]{1,60}",
        "/[!-~]{0,200}",
        "[0-9a-f:.]{0,39}",
        prop::collection::vec(("[a-z0-9-]{1,30}", header_value), 0..20),
    );
    let numbers = (
        any::<u16>(),
        prop::option::of(0u32..u32::MAX),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(any::<(bool, bool)>()),
        prop::option::of(0u64..1 << 53),
        0u8..4,
        prop::collection::vec(any::<u8>(), 0..5000),
    );
    (text, numbers).prop_map(|(text, numbers)| {
        let (method, origin, target, address, headers) = text;
        let (port, route, canonical, http10, opens, content_length, mode, body) = numbers;
        Sample {
            method,
            origin,
            target,
            address,
            headers: headers
                .into_iter()
                .map(|(name, value)| (format!("h-{name}"), value))
                .collect(),
            port,
            route,
            canonical,
            http10,
            opens,
            content_length,
            mode,
            body: if mode == 1 { body } else { Vec::new() },
        }
    })
}

fn event(sample: &Sample, id: svelte_adapter_oxide::dispatch::ExchangeId) -> RequestEvent {
    let mut text = Vec::new();
    for part in [
        &sample.method,
        &sample.origin,
        &sample.target,
        &sample.address,
    ] {
        text.extend_from_slice(part.as_bytes());
    }
    for (name, value) in &sample.headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b'\n');
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    RequestEvent {
        id,
        route: sample.route,
        text,
        method_len: sample.method.len() as u16,
        origin_len: sample.origin.len() as u16,
        target_len: sample.target.len() as u32,
        address_len: sample.address.len() as u16,
        port: sample.port,
        canonical: sample.canonical,
        http10: sample.http10,
        opens: sample.opens.map(|(stream, good)| Opens { stream, good }),
        content_length: sample.content_length,
        body: match sample.mode {
            0 => RequestBody::None,
            1 => RequestBody::Whole(Bytes::from(sample.body.clone())),
            2 => RequestBody::Stream,
            _ => RequestBody::TooLarge,
        },
    }
}

fn dispatch(dispatcher: &Dispatcher, sample: &Sample) -> Exchange {
    let dispatched = dispatcher.dispatch(None, |id| event(sample, id));
    dispatched.expect("there is room")
}

/// A worker that comes without being called.
struct Deaf;

impl Wake for Deaf {
    fn wake(&self) {}
}

/// Sends the drained records through the JS half.
fn echo(records: &[u8]) -> Vec<u8> {
    let mut node = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/__test__/rust/wire-echo.js"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut stdin = node.stdin.take().expect("piped");
    let records = records.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&records));
    let output = node.wait_with_output().expect("node ran");
    writer
        .join()
        .expect("no panic")
        .expect("node read everything");
    assert!(output.status.success());
    output.stdout
}

fn check(sample: &Sample, reply: Reply) {
    let field = |name: &str| {
        let value = reply.headers.get(format!("x-{name}")).expect(name);
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    assert_eq!(reply.status.as_u16(), 200 + sample.port % 300);
    assert_eq!(field("method"), sample.method);
    assert_eq!(field("origin"), sample.origin);
    assert_eq!(field("target"), sample.target);
    assert_eq!(field("address"), sample.address);
    assert_eq!(field("port"), sample.port.to_string());
    assert_eq!(
        field("route"),
        sample.route.map_or("-1".to_owned(), |r| r.to_string())
    );
    assert_eq!(field("canonical"), sample.canonical.to_string());
    assert_eq!(field("http10"), sample.http10.to_string());
    let upgrade = sample.opens.is_some_and(|(stream, _)| !stream);
    assert_eq!(field("upgrade"), upgrade.to_string());
    let stream = sample.opens.is_some_and(|(stream, _)| stream);
    assert_eq!(field("stream"), stream.to_string());
    let bad = sample.opens.is_some_and(|(_, good)| !good);
    assert_eq!(field("bad_handshake"), bad.to_string());
    assert_eq!(field("body_mode"), sample.mode.to_string());
    let length = sample
        .content_length
        .map_or("-1".to_owned(), |n| n.to_string());
    assert_eq!(field("content_length"), length);
    for (name, value) in &sample.headers {
        let values: Vec<_> = reply
            .headers
            .get_all(name)
            .iter()
            .map(|v| v.as_bytes())
            .collect();
        assert!(values.contains(&&value[..]), "{name} lost");
    }
    match (sample.mode, reply.body) {
        (0, ReplyBody::Null) => {}
        (1.., ReplyBody::Whole(bytes)) => assert_eq!(bytes, sample.body),
        (mode, body) => panic!("mode {mode} came back as {body:?}"),
    }
}

#[test]
fn random_records_survive_both_halves() {
    let mut runner = TestRunner::deterministic();
    let samples: Vec<_> = (0..300)
        .map(|_| samples().new_tree(&mut runner).expect("a sample").current())
        .collect();
    let bounds = Bounds {
        queue: 1_000,
        in_flight: 1_000,
    };
    let dispatcher = Dispatcher::new(16, Balancing::LeastConnections, bounds);
    let worker = dispatcher.enlist(1, 0);
    dispatcher.attach(&worker, Box::new(Deaf));
    dispatcher.admit(&worker);
    let exchanges: Vec<_> = samples
        .iter()
        .map(|sample| dispatch(&dispatcher, sample))
        .collect();

    let mut records = Vec::new();
    let mut buffer = vec![0; wire::BUFFER_SIZE];
    loop {
        let (written, more) = dispatcher.drain(&worker, &mut buffer, 16 * EVENT_WORK);
        records.extend_from_slice(&buffer[..written]);
        if !more {
            break;
        }
    }
    wire::deliver(dispatcher.slots(), &echo(&records)).expect("well-formed replies");

    for (sample, exchange) in samples.iter().zip(exchanges) {
        let reply = std::pin::pin!(exchange.reply());
        match reply.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reply) => check(sample, reply.expect("a writable reply")),
            Poll::Pending => panic!("no reply for {sample:?}"),
        }
    }
}
