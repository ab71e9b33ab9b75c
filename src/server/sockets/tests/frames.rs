//! Every frame, good and bad.

use std::borrow::Cow;

use super::super::frames::{Frame, MAX_SAFE, is_frame, parse};
use crate::ws::Position;

fn topic(name: &str) -> Cow<'_, str> {
    Cow::Borrowed(name)
}

#[test]
fn knows_its_own() {
    assert!(is_frame(br#"{"type":"__ping"}"#));
    assert!(is_frame(br#"{"type":"__"#));
    for text in [
        "",
        "{",
        r#"{"type":"ping"}"#,
        r#" {"type":"__ping"}"#,
        r#"{ "type":"__ping"}"#,
    ] {
        assert!(!is_frame(text.as_bytes()), "{text}");
    }
}

#[test]
fn reads_every_frame() {
    let since = Position {
        epoch: 0xab,
        seq: 9,
    };
    for (text, frame) in [
        (
            r#"{"type":"__subscribe","id":1,"topic":"a"}"#,
            Frame::Subscribe {
                id: 1,
                topic: topic("a"),
                since: None,
            },
        ),
        (
            r#"{"type":"__subscribe","id":1,"topic":"a","since":null}"#,
            Frame::Subscribe {
                id: 1,
                topic: topic("a"),
                since: None,
            },
        ),
        (
            r#"{"type":"__subscribe","since":{"seq":9,"epoch":"00AB"},"topic":"\u0061\"","id":9007199254740991,"more":[{}]}"#,
            Frame::Subscribe {
                id: MAX_SAFE,
                topic: topic("a\""),
                since: Some(since),
            },
        ),
        (
            r#"{"type":"__unsubscribe","id":0,"topic":""}"#,
            Frame::Unsubscribe {
                id: 0,
                topic: topic(""),
            },
        ),
        (
            r#"{"type":"__presence","id":2,"topic":"é"}"#,
            Frame::Presence {
                id: 2,
                topic: topic("é"),
            },
        ),
        (
            r#"{"type":"__count","id":2,"topic":"a"}"#,
            Frame::Count {
                id: 2,
                topic: topic("a"),
            },
        ),
        (
            r#"{"type":"__request","id":4294967295,"data": {"n": 1e400, "a":[1] } }"#,
            Frame::Request {
                id: u32::MAX,
                data: Some(r#"{"n": 1e400, "a":[1] }"#),
            },
        ),
        (
            r#"{"type":"__request","id":3}"#,
            Frame::Request { id: 3, data: None },
        ),
        (r#"{"type":"__ping"}"#, Frame::Ping),
        (r#"{"type":"__ping","id":"x"}"#, Frame::Ping),
        (
            r#"{"type":"__reply","id":3,"data":"x"}"#,
            Frame::Reply {
                id: 3,
                said: Ok(Some("\"x\"")),
            },
        ),
        (
            r#"{"type":"__reply","id":3}"#,
            Frame::Reply {
                id: 3,
                said: Ok(None),
            },
        ),
        (
            r#"{"type":"__reply","id":3,"error":"no","data":1}"#,
            Frame::Reply {
                id: 3,
                said: Err("\"no\""),
            },
        ),
    ] {
        assert_eq!(parse(text), Ok(frame), "{text}");
    }
}

#[test]
fn says_what_is_wrong_and_with_which() {
    for (text, id) in [
        (r#"{"type":"__"#, None),
        (r#"{"type":"__ping""#, None),
        (r#"{"type":"__ping","type":"__ping"}"#, None),
        (r#"{"type":"__ping"} {}"#, None),
        (r#"{"type":"__subscribe","id":1,"id":2,"topic":"a"}"#, None),
        (r#"{"type":"__subscribe","topic":"a"}"#, None),
        (r#"{"type":"__subscribe","id":null,"topic":"a"}"#, None),
        (r#"{"type":"__subscribe","id":-1,"topic":"a"}"#, None),
        (r#"{"type":"__subscribe","id":1.5,"topic":"a"}"#, None),
        (r#"{"type":"__subscribe","id":"1","topic":"a"}"#, None),
        (
            r#"{"type":"__subscribe","id":9007199254740992,"topic":"a"}"#,
            None,
        ),
        (r#"{"type":"__subscribe","id":1}"#, Some(1)),
        (r#"{"type":"__subscribe","id":1,"topic":7}"#, Some(1)),
        (
            r#"{"type":"__subscribe","id":1,"topic":"a","since":7}"#,
            Some(1),
        ),
        (
            r#"{"type":"__subscribe","id":1,"topic":"a","since":{"epoch":"+1","seq":1}}"#,
            Some(1),
        ),
        (
            r#"{"type":"__subscribe","id":1,"topic":"a","since":{"epoch":"","seq":1}}"#,
            Some(1),
        ),
        (
            r#"{"type":"__subscribe","id":1,"topic":"a","since":{"epoch":"1","seq":-1}}"#,
            Some(1),
        ),
        (
            r#"{"type":"__subscribe","id":1,"topic":"a","since":{"epoch":"11112222333344445","seq":1}}"#,
            Some(1),
        ),
        (r#"{"type":"__request","id":4294967296}"#, Some(1 << 32)),
        (r#"{"type":"__reply","id":5,"error":{}}"#, Some(5)),
        (r#"{"type":"__subscribed","id":5,"topic":"a"}"#, Some(5)),
        (r#"{"type":"__nothing","id":6}"#, Some(6)),
    ] {
        assert_eq!(parse(text).expect_err(text).id, id, "{text}");
    }
}

#[test]
fn depth_ends_nothing() {
    let deep = "[".repeat(100_000);
    let text = format!("{{\"type\":\"__request\",\"id\":1,\"data\":{deep}");
    assert!(parse(&text).is_err());
    let whole = format!("{text}{}}}", "]".repeat(100_000));
    // whoever reads the data decides; here it is not looked into
    let _ = parse(&whole);
}

proptest::proptest! {
    #[test]
    fn no_text_can_panic(rest in "[\\x20-\\x7e]{0,80}") {
        let _ = parse(&format!("{{\"type\":\"__{rest}"));
    }
}
