//! What clients wish of the hub, frame by frame.

use super::*;
use crate::telemetry::counters;
use crate::ws::Subscription;
use serde_json::{Value, json};

fn topic(name: &str) -> TopicName<'_> {
    TopicName::parse(name).expect("a good name")
}

#[test]
fn public_topics_need_nobodys_leave() {
    run(async {
        let (world, worker, mut ann) = one(Limits::default()).await;
        ann.say(&frame("__subscribe", r#""id":1,"topic":"news""#))
            .await;
        ann.say(&frame("__subscribe", r#""id":2,"topic":"open/a\"b""#))
            .await;
        world.settle().await;
        assert_eq!(worker.drain(), []);
        let epoch = format!("{:x}", world.sockets.hub.epoch());
        assert_eq!(
            heard(&mut ann),
            [
                json!({"type":"__subscribed","id":1,"topic":"news","seq":0,"epoch":epoch,"resumed":null}),
                json!({"type":"__subscribed","id":2,"topic":"open/a\"b","seq":0,"epoch":epoch,"resumed":null}),
            ]
        );
        assert_eq!(world.sockets.hub.count(&topic("news")), 1);
        let event = Message::event("{\"type\":\"x\"}".to_owned()).expect("an object");
        world
            .sockets
            .hub
            .publish(&topic("news"), event, None)
            .expect("room");
        let since = format!(r#""id":3,"topic":"news","since":{{"epoch":"{epoch}","seq":0}}"#);
        ann.say(&frame("__unsubscribe", r#""id":4,"topic":"news""#))
            .await;
        ann.say(&frame("__subscribe", &since)).await;
        world.settle().await;
        let all = heard(&mut ann);
        assert_eq!(all[0]["seq"], 1);
        assert_eq!(
            all[1],
            json!({"type":"__unsubscribed","id":4,"topic":"news"})
        );
        assert_eq!(all[2]["resumed"], false, "nothing is remembered");
    });
}

#[test]
fn a_hook_decides_on_the_others() {
    run(async {
        let (world, worker, mut ann) = one(Limits::default()).await;
        for (id, name) in ["a", "b", "c"].iter().enumerate() {
            ann.say(&frame(
                "__subscribe",
                &format!(r#""id":{id},"topic":"{name}""#),
            ))
            .await;
        }
        world.settle().await;
        assert_eq!(heard(&mut ann), Vec::<Value>::new());
        let told = worker.drain();
        assert!(matches!(&told[0], Told::Subscribe(id, _, name) if *id == ann.id && name == "a"));
        let refused = counters().ws_topics_refused.value();
        // out of order, as hooks are
        let token = told[1].token().expect("a wish");
        assert!(world.sockets.refuse(&worker.worker, token, "not \"you\""));
        assert!(worker.allow(&told[0]));
        worker.settle(&told[2..]);
        assert!(!worker.allow(&told[0]), "once");
        assert!(!world.sockets.refuse(&worker.worker, token, ""), "once");
        world.settle().await;
        let all = heard(&mut ann);
        assert!(error(1, "forbidden")(&all[0]));
        assert_eq!(all[0]["reason"], "not \"you\"");
        assert_eq!(
            (&all[1]["type"], &all[1]["id"]),
            (&json!("__subscribed"), &json!(0))
        );
        assert!(error(2, "forbidden")(&all[2]), "settled without an answer");
        assert_eq!(all.len(), 3);
        assert!(counters().ws_topics_refused.value() >= refused + 2);
        let topics = world
            .sockets
            .hub
            .subscriptions(ann.id)
            .expect("it is there");
        assert_eq!(topics, [std::sync::Arc::<str>::from("a")]);
        assert!(world.sockets.is_idle());
    });
}

#[test]
fn bounds_of_topics_have_their_names() {
    run(async {
        let limits = Limits {
            subscriptions: 1,
            topics: 2,
            ..Limits::default()
        };
        let (world, worker, mut ann) = one(limits).await;
        let mut ben = world.connect(&worker);
        ann.say(&frame("__subscribe", r#""id":1,"topic":"open/1""#))
            .await;
        ann.say(&frame("__subscribe", r#""id":2,"topic":"open/2""#))
            .await;
        ann.say(&frame("__presence", r#""id":3,"topic":"open/1""#))
            .await;
        world.settle().await;
        let all = heard(&mut ann);
        assert!(error(2, "subscriptions")(&all[1]), "{all:?}");
        assert!(error(3, "subscriptions")(&all[2]), "{all:?}");
        let room = world.connect(&worker);
        let fresh = Subscription::default();
        world
            .sockets
            .hub
            .subscribe(room.id, &topic("x"), &fresh)
            .expect("room");
        ben.say(&frame("__subscribe", r#""id":4,"topic":"open/4""#))
            .await;
        world.settle().await;
        assert!(heard(&mut ben).iter().all(error(4, "topics")));
    });
}

#[test]
fn presence_and_counts_are_for_subscribers() {
    run(async {
        let (world, worker, mut ann) = one(Limits::default()).await;
        ann.say(&frame("__presence", r#""id":1,"topic":"news""#))
            .await;
        ann.say(&frame("__count", r#""id":2,"topic":"news""#)).await;
        ann.say(&frame("__subscribe", r#""id":3,"topic":"news""#))
            .await;
        ann.say(&frame("__presence", r#""id":4,"topic":"news""#))
            .await;
        ann.say(&frame("__count", r#""id":5,"topic":"news""#)).await;
        world.settle().await;
        let all = heard(&mut ann);
        assert!(error(1, "forbidden")(&all[0]) && error(2, "forbidden")(&all[1]));
        let users = json!([{"id": "ann"}]);
        assert_eq!(
            all[3],
            json!({"type":"__presence","id":4,"topic":"news","seq":0,"users":users})
        );
        assert_eq!(
            all[4],
            json!({"type":"__count","id":5,"topic":"news","count":1})
        );
        let ben = world.connect_as(&worker, Some("ben"));
        let fresh = Subscription::default();
        world
            .sockets
            .hub
            .subscribe(ben.id, &topic("news"), &fresh)
            .expect("room");
        world.settle().await;
        let all = heard(&mut ann);
        assert_eq!(all[0]["topic"], "__presence:news");
        assert_eq!(
            (&all[0]["type"], &all[0]["data"]),
            (&json!("join"), &json!({"id":"ben"}))
        );
        // the changes alone can be given up
        ann.say(&frame(
            "__unsubscribe",
            r#""id":6,"topic":"__presence:news""#,
        ))
        .await;
        world.settle().await;
        assert_eq!(heard(&mut ann)[0]["topic"], "__presence:news");
        let topics = || {
            world
                .sockets
                .hub
                .subscriptions(ann.id)
                .expect("it is there")
        };
        assert_eq!(topics(), [std::sync::Arc::<str>::from("news")]);
        world
            .sockets
            .hub
            .subscribe(ann.id, &topic("news").presence(), &fresh)
            .expect("room");
        assert_eq!(topics().len(), 2);
        // and go with the topic
        assert!(world.sockets.unsubscribe(ann.id, &topic("news")));
        assert_eq!(topics().len(), 0);
    });
}

#[test]
fn requests_are_answered_by_hooks() {
    run(async {
        let (world, worker, mut ann) = one(Limits::default()).await;
        ann.say(&frame("__request", r#""id":7,"data":{"a":[1e400]}"#))
            .await;
        world.settle().await;
        let told = worker.drain();
        assert!(matches!(&told[..], [Told::Request(_, _, 7, data)] if data == "{\"a\":[1e400]}"));
        let reply = r#"{"type":"__reply","id":7,"data":1}"#;
        assert_eq!(worker.reply(&told[0], reply), Ok(true));
        assert_eq!(worker.reply(&told[0], reply), Ok(false), "once");
        worker.settle(&told);
        world.settle().await;
        assert_eq!(ann.hears(), [reply]);
        assert!(world.sockets.is_idle());
    });
}

#[test]
fn pings_and_nonsense() {
    run(async {
        let (world, worker, mut ann) = one(Limits::default()).await;
        let bad = counters().ws_bad_frames.value();
        ann.say(r#"{"type":"__ping"}"#).await;
        ann.say(r#"{"type":"__nothing","id":3}"#).await;
        ann.say(r#"{"type":"__ping"#).await;
        ann.say(&frame("__subscribe", r#""id":4,"topic":"""#)).await;
        ann.say(&frame("__unsubscribe", r#""id":5,"topic":"__x""#))
            .await;
        ann.say(&frame("__presence", r#""id":6,"topic":"a*""#))
            .await;
        ann.say(&frame("__count", r#""id":7,"topic":"\u0000""#))
            .await;
        // bytes are the app's, whatever they look like
        ann.send(0x82, br#"{"type":"__ping"}"#).await;
        world.settle().await;
        let all = heard(&mut ann);
        assert_eq!(all[0], json!({"type":"__pong"}));
        assert!(error(3, "bad-frame")(&all[1]));
        assert_eq!(
            (&all[2]["code"], &all[2]["id"]),
            (&json!("bad-frame"), &Value::Null)
        );
        for (value, id) in all[3..].iter().zip(4..) {
            assert!(error(id, "bad-topic")(value), "{value}");
        }
        assert_eq!(all.len(), 7);
        assert!(counters().ws_bad_frames.value() >= bad + 2);
        assert_eq!(texts(&worker.works()), [r#"{"type":"__ping"}"#]);
    });
}

#[test]
fn so_many_wishes_at_once() {
    run(async {
        let (world, worker, mut ann) = one(Limits::default()).await;
        for id in 0..u64::from(WISHES) {
            ann.say(&frame("__subscribe", &format!(r#""id":{id},"topic":"a""#)))
                .await;
            ann.say(&frame("__request", &format!(r#""id":{id}"#))).await;
        }
        world.settle().await;
        let told = worker.drain();
        assert_eq!(told.len() as u32, WISHES);
        let all = heard(&mut ann);
        assert_eq!(all.len() as u32, WISHES);
        assert!(all.iter().all(|value| value["code"] == "too-many"));
        worker.settle(&told);
        world.settle().await;
        ann.say(&frame("__request", r#""id":99"#)).await;
        world.settle().await;
        assert!(matches!(worker.works()[..], [Told::Request(_, _, 99, _)]));
    });
}

#[test]
fn a_death_answers_what_it_took_along() {
    run(async {
        let (world, worker, mut ann) = one(Limits::default()).await;
        ann.say(&frame("__subscribe", r#""id":1,"topic":"a""#))
            .await;
        ann.say(&frame("__request", r#""id":2"#)).await;
        ann.say(&frame("__subscribe", r#""id":3,"topic":"b""#))
            .await;
        world.settle().await;
        worker.turn(2);
        let heir = world.worker(2, 0);
        worker.dies();
        world.settle().await;
        let mut all = heard(&mut ann);
        all.sort_by_key(|value| value["id"].as_u64());
        assert!(error(1, "lost")(&all[0]));
        assert_eq!(
            all[1],
            json!({"type":"__reply","id":2,"error":"the worker died"})
        );
        let told = heir.drain();
        assert!(matches!(&told[..], [Told::Subscribe(_, _, name)] if name == "b"));
        assert!(heir.allow(&told[0]));
        world.settle().await;
        assert_eq!(heard(&mut ann)[0]["type"], "__subscribed");
    });
}
