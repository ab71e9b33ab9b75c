//! WebSockets from the handshake to the end, over real connections: raw bytes in, raw bytes out.

mod client;
mod house;
mod streams;

use std::thread;
use std::time::Duration;

use serde_json::json;
use svelte_adapter_oxide::telemetry::counters;
use svelte_adapter_oxide::ws::{Message, TopicName};

use client::{ACCEPT, CLOSE, Client, PING, frame, handshake};
use house::house;

const TEXT: u8 = 1;
const PONG: u8 = 10;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n")
}

#[test]
fn a_handshake_becomes_a_peer() {
    let house = house(json!(true), &[]);
    let mut client = Client::of(&house);
    let response = client.asks(&handshake("/ws", &[]));
    assert_eq!(response.status, 101, "{}", response.head);
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-accept", ACCEPT),
        ("x-extra", "yes"),
        ("set-cookie", "a=1"),
    ] {
        assert_eq!(response.header(name), Some(value));
    }
    for name in [
        "content-length",
        "transfer-encoding",
        "sec-websocket-extensions",
    ] {
        assert_eq!(response.header(name), None);
    }

    let peers = house.hub().peers();
    assert_eq!(peers.len(), 1);
    assert_eq!(house.hub().context(peers[0]).as_deref(), Some(&b"card"[..]));
    let sent = house
        .hub()
        .send(peers[0], Message::text("hello".to_owned()));
    assert_eq!(sent, Ok(true));
    assert_eq!(client.frame(), (TEXT, b"hello".to_vec()));
    client.send(&frame(PING, b"are you there"));
    assert_eq!(client.frame(), (PONG, b"are you there".to_vec()));

    let topic = TopicName::parse("news").expect("a name");
    let subscribed = house.hub().subscribe(peers[0], &topic, &<_>::default());
    assert!(subscribed.is_ok_and(|subscribed| subscribed.new));
    let users = house.hub().presence(&topic).users;
    assert_eq!(
        (&*users[0].id, users[0].info.as_deref()),
        ("anna", Some("{}"))
    );

    client.send(&frame(CLOSE, &1000u16.to_be_bytes()));
    assert_eq!(client.frame(), (CLOSE, 1000u16.to_be_bytes().to_vec()));
    client.ends();
    house.wait_for_peers(0);
    assert_eq!(house.app.dispatcher.workers()[0].in_flight(), 0);
}

#[test]
fn what_comes_right_behind_the_handshake_is_read() {
    let house = house(json!(true), &[]);
    let mut bytes = handshake("/ws", &[]).into_bytes();
    // to whoever counts lines these are heads of further requests
    let payload = b"\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    bytes.extend(frame(PING, payload));
    bytes.extend(frame(PING, b"second"));
    let (most, last) = bytes.split_at(bytes.len() - 3);

    let mut whole = Client::of(&house);
    whole.send(&bytes);
    let mut cut = Client::of(&house);
    cut.send(most);
    assert_eq!(cut.response().status, 101);
    assert_eq!(cut.frame(), (PONG, payload.to_vec()));
    cut.send(last);

    assert_eq!(whole.response().status, 101);
    assert_eq!(whole.frame(), (PONG, payload.to_vec()));
    for mut client in [whole, cut] {
        assert_eq!(client.frame(), (PONG, b"second".to_vec()));
    }
}

#[test]
fn bytes_may_come_one_by_one() {
    let house = house(json!(true), &[]);
    let mut client = Client::of(&house);
    let mut bytes = handshake("/ws", &[]).into_bytes();
    bytes.extend(frame(PING, b"ping"));
    for byte in bytes {
        client.send(&[byte]);
    }
    assert_eq!(client.response().status, 101);
    assert_eq!(client.frame(), (PONG, b"ping".to_vec()));
}

#[test]
fn requests_before_it_are_answered_in_their_order() {
    let house = house(json!(true), &[]);
    let mut client = Client::of(&house);
    let requests = [get("/a"), get("/b"), handshake("/ws", &[])].concat();
    let mut bytes = requests.into_bytes();
    bytes.extend(frame(PING, b"x"));
    client.send(&bytes);
    assert_eq!(client.response().status, 200);
    assert_eq!(client.response().status, 200);
    assert_eq!(client.response().status, 101);
    assert_eq!(client.frame(), (PONG, b"x".to_vec()));
}

#[test]
fn a_refused_one_leaves_the_connection_to_other_requests() {
    let house = house(json!(true), &[]);
    let mut client = Client::of(&house);
    let refused = client.asks(&handshake("/refuse", &[]));
    assert_eq!((refused.status, &*refused.body), (401, "no"));
    assert_eq!(client.asks(&get("/")).status, 200);
    assert_eq!(client.asks(&handshake("/ws", &[])).status, 101);
    house.wait_for_peers(1);
}

#[test]
fn a_worker_is_told_what_it_is_and_cannot_accept_what_it_is_not() {
    let house = house(json!(true), &[]);
    let mut client = Client::of(&house);
    let bad = handshake("/", &[]).replace("Version: 13", "Version: 8");
    for (request, flags) in [
        (get("/"), "false false"),
        (handshake("/", &[]), "true false"),
        (bad, "true true"),
        (handshake("/", &[]).replace("GET", "POST"), "false false"),
    ] {
        assert_eq!(client.asks(&request).body, flags, "{request}");
    }
    let bad = handshake("/force", &[]).replace("Version: 13", "Version: 8");
    for request in [get("/force"), bad, handshake("/liar", &[])] {
        assert_eq!(client.asks(&request).status, 500, "{request}");
    }
    assert_eq!(house.hub().open(), 0);
}

#[test]
fn where_they_are_off_nothing_is_a_handshake() {
    let house = house(json!(false), &[]);
    let mut client = Client::of(&house);
    assert_eq!(client.asks(&handshake("/", &[])).body, "false false");
    assert_eq!(client.asks(&handshake("/force", &[])).status, 500);
    assert!(house.app.sockets.is_none());
}

#[test]
fn foreign_pages_are_refused() {
    let ask = |websocket, variables: &[(&str, &str)], lines: &[&str]| {
        let house = house(websocket, variables);
        Client::of(&house).asks(&handshake("/ws", lines)).status
    };
    for (origin, status) in [
        ("http://a.test", 101),
        ("https://a.test", 101),
        ("https://a.test:8443", 403),
        ("https://b.test", 403),
        ("null", 403),
    ] {
        assert_eq!(
            ask(json!(true), &[], &[&format!("Origin: {origin}")]),
            status
        );
    }
    let other = &["Origin: https://b.test"][..];
    let allowed = json!({ "allowedOrigins": ["https://c.test", "https://b.test"] });
    assert_eq!(ask(allowed, &[], other), 101);
    assert_eq!(ask(json!({ "allowedOrigins": ["*"] }), &[], other), 101);
    let fixed = [("ORIGIN", "https://b.test")];
    assert_eq!(ask(json!(true), &fixed, other), 101);
    assert_eq!(ask(json!(true), &fixed, &["Origin: http://b.test"]), 403);
    assert_eq!(ask(json!(true), &fixed, &["Origin: https://a.test"]), 403);
    let forwarded = [("HOST_HEADER", "x-host"), ("PROTOCOL_HEADER", "x-proto")];
    let lines = ["X-Host: b.test", "X-Proto: https"];
    let from = |origin| [lines[0], lines[1], origin];
    assert_eq!(ask(json!(true), &forwarded, &from(other[0])), 101);
    let plain = from("Origin: http://b.test");
    assert_eq!(ask(json!(true), &forwarded, &plain), 403);
    let required = json!({ "requireOrigin": true });
    assert_eq!(ask(required.clone(), &[], &[]), 403);
    assert_eq!(ask(required, &[], &["Origin: http://a.test"]), 101);
}

#[test]
fn handshakes_of_one_address_are_bounded() {
    let house = house(
        json!({ "upgradeRateLimit": "2/1m" }),
        &[("ADDRESS_HEADER", "x-client")],
    );
    let mut client = Client::of(&house);
    let from = |address: &str| handshake("/refuse", &[&format!("X-Client: {address}")]);
    assert_eq!(client.asks(&from("192.0.2.1")).status, 401);
    assert_eq!(client.asks(&from("192.0.2.1")).status, 401);
    let refused = client.asks(&from("192.0.2.1"));
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("30"))
    );
    assert_eq!(client.asks(&get("/")).status, 200);
    assert_eq!(client.asks(&from("192.0.2.2")).status, 401);
}

#[test]
fn foreign_pages_do_not_spend_what_an_address_may() {
    let house = house(json!({ "upgradeRateLimit": "1/1m" }), &[]);
    let mut client = Client::of(&house);
    let foreign = handshake("/ws", &["Origin: https://b.test"]);
    for _ in 0..3 {
        assert_eq!(client.asks(&foreign).status, 403);
    }
    assert_eq!(client.asks(&handshake("/refuse", &[])).status, 401);
    let forwarded = handshake("/refuse", &["X-Forwarded-For: 192.0.2.1"]);
    assert_eq!(client.asks(&forwarded).status, 429);
    // it costs nothing, but is not let through either
    assert_eq!(client.asks(&foreign).status, 403);
}

#[test]
fn peers_are_bounded_in_all_and_by_address() {
    let ask = |websocket| {
        let house = house(websocket, &[]);
        let mut first = Client::opened(&house);
        let mut second = Client::of(&house);
        let refused = second.asks(&handshake("/ws", &[]));
        assert!(refused.header("retry-after").is_some());
        assert_eq!(second.asks(&get("/")).status, 200);
        first.send(&frame(CLOSE, &1000u16.to_be_bytes()));
        first.frame();
        first.ends();
        house.wait_for_peers(0);
        assert_eq!(second.asks(&handshake("/ws", &[])).status, 101);
        refused.status
    };
    assert_eq!(ask(json!({ "maxPeers": 1 })), 503);
    assert_eq!(ask(json!({ "maxPeersPerAddress": 1 })), 429);
}

#[test]
fn a_client_that_hangs_up_early_is_no_peer_for_long() {
    let house = house(json!(true), &[]);
    let mut client = Client::of(&house);
    client.send(handshake("/ws", &[]).as_bytes());
    client.finish();
    assert_eq!(client.response().status, 101);
    client.ends();
    house.wait_for_peers(0);

    let gone = Client::opened(&house);
    house.wait_for_peers(1);
    drop(gone);
    house.wait_for_peers(0);
}

#[test]
fn a_drain_asks_peers_to_come_again_and_waits_for_them() {
    let house = house(json!(true), &[]);
    let mut peers = [(); 3].map(|()| Client::opened(&house));
    let (first, second) = ("GET /ws HT", &handshake("/ws", &[])[10..]);
    let mut begun = Client::of(&house);
    begun.send(first.as_bytes());
    let mut late = Client::of(&house);
    late.send(handshake("/hold", &[]).as_bytes());
    house.wait_until_held();

    house.server.drain();
    for peer in &mut peers[1..] {
        peer.is_closed_with(1012);
    }
    house.wait_for_peers(1);
    house.release();
    begun.send(second.as_bytes());
    for mut client in [late, begun] {
        let refused = client.response();
        assert_eq!(refused.status, 503, "{}", refused.head);
        assert_eq!(refused.header("connection"), Some("close"));
        assert!(refused.header("retry-after").is_some());
    }
    peers[0].is_closed_with(1012);
    house.wait_until_closed();
    assert_eq!(house.hub().open(), 0);
}

/// hyper closes no connection on which an upgrade was offered: that is left to us, and closing
/// over bytes that nobody has read would take the answer with it.
#[test]
fn a_refusal_reaches_a_client_that_goes_on_sending() {
    let house = house(json!(true), &[]);
    let mut client = Client::of(&house);
    let bytes = handshake("/ws", &[]).into_bytes();
    // a head that is on its way keeps the connection
    client.send(&bytes[..10]);
    house.server.drain();
    client.send(&bytes[10..]);
    assert_eq!(client.response().status, 503);
    for _ in 0..100 {
        // a reset would make one of these fail
        client.send(&[b'x'; 1024]);
        thread::sleep(Duration::from_millis(1));
    }
    client.finish();
    client.ends();
    house.wait_until_closed();
}

#[test]
fn a_drain_does_not_wait_for_peers_that_never_answer() {
    let house = house(json!(true), &[("SHUTDOWN_TIMEOUT", "1")]);
    let mut silent = Client::opened(&house);
    house.server.drain();
    house.wait_until_closed();
    let (opcode, payload) = silent.frame();
    assert_eq!((opcode, &payload[..2]), (CLOSE, &1012u16.to_be_bytes()[..]));
    silent.ends();
}

#[test]
fn a_drain_ends_when_the_last_hook_has() {
    let house = house(json!(true), &[]);
    let mut peer = Client::opened(&house);
    let goodbye = [&1000u16.to_be_bytes()[..], b"hold"].concat();
    peer.send(&frame(CLOSE, &goodbye));
    assert_eq!(peer.frame().0, CLOSE);
    peer.ends();
    house.wait_until_held();
    house.wait_for_peers(0);
    house.server.drain();
    assert!(!house.closes_within(Duration::from_millis(600)));
    house.release();
    house.wait_until_closed();
}

#[test]
fn closing_drops_them() {
    let house = house(json!(true), &[]);
    let mut client = Client::opened(&house);
    // it counts from when it is served, which is after the 101
    client.send(&frame(PING, b""));
    assert_eq!(client.frame().0, PONG);
    assert!(counters().ws_open.value() >= 1);
    house.server.close();
    client.ends();
    house.wait_until_closed();
    assert_eq!(house.hub().open(), 0);
}
