//! Answers to wishes: they come whatever else waits, count until they have come, and settle their
//! wish and nothing else.

use super::*;

#[test]
fn answers_come_however_full_the_queue_is() {
    run(async {
        let limits = Limits {
            queued_bytes: 1,
            ..Limits::default()
        };
        let (world, worker, mut ann) = one(limits).await;
        for id in 0..3 {
            ann.say(&frame(
                "__subscribe",
                &format!(r#""id":{id},"topic":"news""#),
            ))
            .await;
            ann.say(&frame("__request", &format!(r#""id":{id}"#))).await;
        }
        world.settle().await;
        assert_eq!(heard(&mut ann).len(), 3);
        let told = worker.drain();
        for (id, wish) in told.iter().enumerate() {
            let reply = frame("__reply", &format!(r#""id":{id},"data":0"#));
            assert_eq!(worker.reply(wish, &reply), Ok(true));
            // what looks like one is none
            let skipped = Message::text(frame("__reply", r#""id":9"#));
            let _ = world.sockets.hub.send(ann.id, skipped);
        }
        world.settle().await;
        let mut heard = ann.hears();
        assert_eq!(heard.len(), 4);
        // what was left out is told once all that waited has gone
        let notice = heard.pop().expect("the last");
        assert!(notice.starts_with("{\"type\":\"__skipped\""), "{notice}");
    });
}

#[test]
fn a_reply_settles_nothing_but_a_request() {
    run(async {
        let limits = Limits {
            outgoing_bytes: 100,
            ..Limits::default()
        };
        let (world, worker, mut ann) = one(limits).await;
        ann.say("a message").await;
        ann.say(&frame("__request", r#""id":1"#)).await;
        world.settle().await;
        let told = worker.drain();
        assert_eq!(worker.reply(&told[0], "x"), Ok(false));
        let long = worker.reply(&told[1], &"x".repeat(101));
        assert_eq!(long, Err(PublishError::TooLong));
        assert_eq!(worker.reply(&told[1], "short"), Ok(true));
        assert!(!world.sockets.is_idle(), "the message is not settled");
        worker.settle(&told[..1]);
        assert!(world.sockets.is_idle());
        world.settle().await;
        assert_eq!(ann.hears(), ["short"]);
    });
}

#[test]
fn a_reply_on_its_way_counts() {
    run(async {
        let limits = Limits {
            unread_bytes: 1000,
            ..Limits::default()
        };
        let (world, worker, mut ann) = one(limits).await;
        ann.say(&frame("__request", r#""id":1"#)).await;
        world.settle().await;
        let told = worker.drain();
        assert_eq!(worker.reply(&told[0], &"x".repeat(1000)), Ok(true));
        ann.say("next").await;
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(worker.drain(), [], "its thread has not had its turn");
        world.settle().await;
        assert_eq!(ann.hears().len(), 1);
        world.settle().await;
        assert_eq!(texts(&worker.works()), ["next"]);
    });
}

#[test]
fn a_roll_that_no_queue_takes_is_not_told_and_not_watched() {
    run(async {
        let limits = Limits {
            queued_bytes: 60,
            ..Limits::default()
        };
        let (world, _, mut ann) = one(limits).await;
        ann.say(&frame("__subscribe", r#""id":1,"topic":"news""#))
            .await;
        ann.say(&frame("__presence", r#""id":2,"topic":"news""#))
            .await;
        world.settle().await;
        let all = heard(&mut ann);
        assert!(error(2, "too-many")(&all[1]), "{all:?}");
        let topics = world.sockets.hub.subscriptions(ann.id);
        assert_eq!(topics, Some(vec!["news".into()]));
    });
}
