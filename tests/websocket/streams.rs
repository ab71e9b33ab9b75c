//! Streams of events, from the request to the end: how the connection leaves HTTP.

use serde_json::json;
use svelte_adapter_oxide::ws::{CloseCode, Goodbye, Message, TopicName};

use crate::client::Client;
use crate::get;
use crate::house::{BIG, House, house};

fn news() -> TopicName<'static> {
    TopicName::parse("news").expect("a name")
}

fn publish(house: &House, text: &str) {
    let message = Message::text(text.to_owned());
    let published = house.hub().publish(&news(), message, None);
    assert_eq!(published.map(|it| it.recipients), Ok(1));
}

fn public() -> House {
    house(json!({ "publicTopics": ["news"] }), &[])
}

#[test]
fn a_request_becomes_a_stream_and_ends_with_its_client() {
    let house = public();
    let mut client = Client::of(&house);
    client.send(get("/ws/sse?topic=news").as_bytes());
    let head = client.until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nx-extra: yes\r\n"), "{head}");
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert!(client.until("\n\n").starts_with("retry: "));
    assert!(client.until("\n\n").contains("\"__subscribed\""));
    publish(&house, "hello");
    assert!(client.until("\n\n").ends_with("\ndata: hello\n\n"));
    assert_eq!(house.app.dispatcher.workers()[0].in_flight(), 0);
    drop(client);
    house.wait_for_peers(0);
}

#[test]
fn what_was_answered_before_goes_out_whole() {
    let house = public();
    let mut client = Client::of(&house);
    let requests = [get("/big"), get("/ws/sse?topic=news"), get("/a")].concat();
    client.send(requests.as_bytes());
    let big = client.response();
    assert_eq!((big.status, big.body.len()), (200, BIG));
    let head = client.until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(client.until("\n\n").starts_with("retry: "));
    assert!(client.until("\n\n").contains("\"__subscribed\""));
    publish(&house, "after all that");
    assert!(client.until("\n\n").ends_with("\ndata: after all that\n\n"));
}

#[test]
fn what_cannot_be_had_is_a_plain_answer_and_the_connection_goes_on() {
    let house = public();
    let mut client = Client::of(&house);
    let secret = client.asks(&get("/ws/sse?topic=news&topic=secret"));
    assert_eq!(secret.status, 403);
    assert!(
        secret.body.contains("\"topic\":\"secret\""),
        "{}",
        secret.body
    );
    let nothing = client.asks(&get("/ws/sse"));
    assert_eq!(nothing.status, 400);
    assert!(
        nothing.body.contains("/ws/sse?topic=news"),
        "{}",
        nothing.body
    );
    // one that no hook wants is what the app says
    for (target, flags) in [
        ("/elsewhere/sse?topic=news", "false false"),
        ("/elsewhere/sse", "false true"),
    ] {
        assert_eq!(client.asks(&get(target)).body, flags, "{target}");
    }
    house.wait_for_peers(0);
}

#[test]
fn says_why_it_ends_and_then_ends() {
    let house = public();
    let mut client = Client::of(&house);
    client.send(get("/ws/sse?topic=news").as_bytes());
    client.until("\"__subscribed\"");
    let peer = house.hub().peers()[0];
    let goodbye = Goodbye::new(CloseCode::NORMAL, "enough");
    house.hub().disconnect(peer, goodbye);
    let last = client.until("\"enough\"}\n\n");
    assert!(last.ends_with("data: {\"type\":\"__close\",\"code\":1000,\"reason\":\"enough\"}\n\n"));
    client.ends();
    house.wait_for_peers(0);
}

#[test]
fn a_drain_ends_them_and_takes_no_new_ones() {
    let house = public();
    let mut client = Client::of(&house);
    client.send(get("/ws/sse?topic=news").as_bytes());
    client.until("\"__subscribed\"");
    let mut late = Client::of(&house);
    assert_eq!(late.asks(&get("/")).status, 200);
    house.server.drain();
    client.until("\"the server restarts\"}\n\n");
    client.ends();
    let refused = late.asks(&get("/ws/sse?topic=news"));
    assert_eq!(refused.status, 503);
    house.wait_until_closed();
}
