//! Requests of the server to peers.

use super::*;

const ERROR: u8 = 1;
const GONE: u8 = 2;

#[test]
fn the_reply_comes_to_whoever_asked() {
    run(async {
        let world = World::new(Limits::default());
        let (home, asker) = (world.worker(1, 0), world.worker(2, 1));
        let mut ann = world.connect(&home);
        home.works();
        let ask = |data: &str| world.sockets.ask(asker.worker.clone(), ann.id, data);
        let (one, two) = (ask("{\"n\":1}").expect("room"), ask("2").expect("room"));
        world.settle().await;
        assert_eq!(
            ann.hears(),
            [
                format!("{{\"type\":\"__request\",\"id\":{one},\"data\":{{\"n\":1}}}}"),
                format!("{{\"type\":\"__request\",\"id\":{two},\"data\":2}}"),
            ]
        );
        for id in [two, one, one, 999] {
            ann.say(&format!(
                "{{\"type\":\"__reply\",\"id\":{id},\"data\":[ {id} ]}}"
            ))
            .await;
        }
        world.settle().await;
        let reply = |id: u32| Told::Reply(id, 0, format!("[ {id} ]"));
        assert_eq!(asker.drain(), [reply(two), reply(one)], "each once");
        assert_eq!(home.drain(), []);
        assert_eq!(ann.hears(), Vec::<String>::new());
    });
}

#[test]
fn errors_the_gone_and_the_forgotten() {
    run(async {
        let world = World::new(Limits::default());
        let worker = world.worker(1, 0);
        let (mut ann, mut ben) = (world.connect(&worker), world.connect(&worker));
        worker.works();
        let sockets = &world.sockets;
        let ask = |id: PeerId| sockets.ask(worker.worker.clone(), id, "0").expect("room");
        let [error, stolen, forgotten, open] = [ann.id; 4].map(ask);
        ann.say(&format!(
            r#"{{"type":"__reply","id":{error},"error":"no\n"}}"#
        ))
        .await;
        ben.say(&format!(
            r#"{{"type":"__reply","id":{stolen},"data":"mine"}}"#
        ))
        .await;
        sockets.forget(&worker.worker, forgotten);
        ann.say(&format!(
            r#"{{"type":"__reply","id":{forgotten},"data":1}}"#
        ))
        .await;
        world.settle().await;
        let said = Told::Reply(error, ERROR, "\"no\\n\"".to_owned());
        assert_eq!(worker.drain(), [said], "a peer answers for itself alone");
        ann.bye().await;
        world.settle().await;
        let told = worker.works();
        let gone = |id: u32| Told::Reply(id, GONE, String::new());
        assert_eq!(told[..2], [gone(stolen), gone(open)]);
        assert!(matches!(told[2], Told::Close(..)));
        assert_eq!(
            sockets.ask(worker.worker.clone(), ann.id, "0"),
            Err(AskError::Gone)
        );
    });
}

#[test]
fn what_cannot_be_sent_is_not_asked() {
    run(async {
        let limits = Limits {
            outgoing_bytes: 1000,
            mailbox_bytes: 2000,
            ..Limits::default()
        };
        let world = World::new(limits);
        let worker = world.worker(1, 0);
        let ann = world.connect(&worker);
        worker.works();
        let unsent = |error| Err(AskError::Unsent(error));
        let ask = |len| {
            let data = format!("\"{}\"", "x".repeat(len));
            world.sockets.ask(worker.worker.clone(), ann.id, &data)
        };
        assert_eq!(ask(1000), unsent(PublishError::TooLong));
        assert!(ask(800).is_ok() && ask(800).is_ok());
        assert_eq!(ask(800), unsent(PublishError::Overloaded));
        world.settle().await;
        assert!(ask(800).is_ok(), "what was not asked waits for nothing");
    });
}

#[test]
fn a_reply_that_could_not_cross_is_an_error() {
    run(async {
        let limits = Limits {
            message_bytes: 4 << 20,
            frame_bytes: 4 << 20,
            unread_bytes: 4 << 20,
            ..Limits::default()
        };
        let world = World::new(limits);
        let worker = world.worker(1, 0);
        let mut ann = world.connect(&worker);
        worker.works();
        for (len, flags) in [(LONGEST - 2, 0), (LONGEST - 1, ERROR)] {
            let id = world.sockets.ask(worker.worker.clone(), ann.id, "0");
            let id = id.expect("room");
            let data = "x".repeat(len);
            let frame = format!(r#"{{"type":"__reply","id":{id},"data":"{data}"}}"#);
            let (sent, ()) = tokio::join!(ann.say(&frame), async {
                for _ in 0..100 {
                    world.settle().await;
                }
            });
            let () = sent;
            world.settle().await;
            let told = worker.drain();
            assert!(
                matches!(&told[..], [Told::Reply(_, f, _)] if *f == flags),
                "{len}"
            );
        }
    });
}

#[test]
fn at_most_so_many_wait() {
    run(async {
        let world = World::new(Limits::default());
        let (worker, other) = (world.worker(1, 0), world.worker(2, 1));
        let ann = world.connect(&worker);
        let ask = |fake: &Fake| world.sockets.ask(fake.worker.clone(), ann.id, "0");
        let asked: Vec<u32> = (0..REQUESTS * 2)
            .filter_map(|_| ask(&worker).ok())
            .collect();
        assert_eq!(asked.len(), REQUESTS);
        world.sockets.forget(&other.worker, asked[0]);
        assert_eq!(
            ask(&other),
            Err(AskError::Requests),
            "what others asked is theirs to forget"
        );
        world.sockets.forget(&worker.worker, asked[0]);
        assert!(ask(&other).is_ok());
        worker.dies();
        assert_eq!(
            (0..REQUESTS).filter_map(|_| ask(&other).ok()).count(),
            REQUESTS - 1
        );
    });
}
