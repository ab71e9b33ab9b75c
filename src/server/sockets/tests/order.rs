//! What a home is told, and in which order.

use std::sync::OnceLock;

use parking_lot::Mutex;

use super::*;
use crate::ws::{CloseCode, Goodbye, Hooks, Overflow};

#[test]
fn a_home_is_told_everything_in_order() {
    run(async {
        let world = World::new(Limits::default());
        let worker = world.worker(1, 0);
        let (mut ann, mut ben) = (world.connect(&worker), world.connect(&worker));
        for n in 0..20 {
            ann.say(&format!("a{n}")).await;
            ben.say(&format!("b{n}")).await;
        }
        ann.bye().await;
        world.settle().await;
        let told = worker.drain();
        let of = |id: PeerId| {
            let own = told.iter().filter(|told| match told {
                Told::Open(peer, _) | Told::Message(peer, ..) | Told::Close(peer, ..) => {
                    *peer == id
                }
                other => panic!("{other:?}"),
            });
            own.collect::<Vec<_>>()
        };
        let (anns, bens) = (of(ann.id), of(ben.id));
        assert!(matches!(
            (anns[0], bens[0]),
            (Told::Open(..), Told::Open(..))
        ));
        for n in 0..20 {
            assert_eq!(anns[n + 1].text(), format!("a{n}"));
            assert_eq!(bens[n + 1].text(), format!("b{n}"));
        }
        assert!(matches!(anns[21], Told::Close(_, _, 1000, card) if card == "card"));
        assert_eq!((anns.len(), bens.len()), (22, 21));
        assert!(!world.sockets.is_idle());
        worker.settle(&told);
        assert!(world.sockets.is_idle());
        assert_eq!(world.sockets.card(ann.id), None, "all of it was told");
    });
}

#[test]
fn what_is_long_is_asked_for() {
    run(async {
        let world = World::new(Limits::default());
        let worker = world.worker(1, 0);
        let mut ann = world.connect(&worker);
        let inline = "x".repeat(wire::INLINE_MESSAGE);
        let long = "y".repeat(wire::INLINE_MESSAGE + 1);
        ann.say(&inline).await;
        ann.say(&long).await;
        let data = format!("[\"{long}\"]");
        ann.say(&format!(
            "{{\"type\":\"__request\",\"id\":7,\"data\":{data}}}"
        ))
        .await;
        world.settle().await;
        let told = worker.drain();
        assert_eq!(told[1].text(), inline);
        let Told::Large(_, token) = told[2] else {
            panic!("{told:?}");
        };
        let message = || world.sockets.message(&worker.worker, token);
        assert_eq!(message().as_deref(), Some(long.as_bytes()));
        let Told::Request(_, request, 7, ref rides) = told[3] else {
            panic!("{told:?}");
        };
        assert_eq!(rides, "");
        let asked = world.sockets.message(&worker.worker, request);
        assert_eq!(asked.as_deref(), Some(data.as_bytes()));
        let stranger = world.worker(2, 1);
        assert_eq!(world.sockets.message(&stranger.worker, token), None);
        worker.settle(&told);
        assert_eq!(message(), None, "it is settled");
    });
}

#[test]
fn a_home_hears_of_a_queue_that_is_empty_again_once() {
    run(async {
        let limits = Limits {
            queued_bytes: 8,
            overflow: Overflow::Skip,
            ..Limits::default()
        };
        let world = World::new(limits);
        let worker = world.worker(1, 0);
        let mut ann = world.connect(&worker);
        world.settle().await;
        worker.works();
        for _ in 0..3 {
            for _ in 0..4 {
                let message = Message::text("12345678".to_owned());
                world.sockets.hub.send(ann.id, message).expect("room");
            }
            world.settle().await;
            assert!(ann.hears().len() < 4);
        }
        let told = worker.drain();
        assert!(matches!(told[..], [Told::Drain(id, _)] if id == ann.id));
        let _ = world.sockets.hub.send(ann.id, Message::text("x".repeat(8)));
        let _ = world.sockets.hub.send(ann.id, Message::text("x".repeat(8)));
        world.settle().await;
        assert_eq!(worker.drain(), [], "its hook has not ended");
        worker.settle(&told);
        let again = worker.works();
        assert!(matches!(again[..], [Told::Drain(id, _)] if id == ann.id));
        assert_eq!(worker.drain(), []);
        assert!(world.sockets.is_idle());
    });
}

#[test]
fn the_card_outlives_the_peer_until_all_is_told() {
    run(async {
        let world = World::new(Limits::default());
        let worker = world.worker(1, 0);
        let mut ann = world.connect(&worker);
        let sockets = &world.sockets;
        assert!(sockets.set_card(ann.id, Bytes::from_static(b"new")));
        ann.say("last words").await;
        world.settle().await;
        let goodbye = Goodbye::new(CloseCode::POLICY, "no");
        assert!(sockets.hub.disconnect(ann.id, goodbye));
        world.settle().await;
        drop(ann.socket);
        world.settle().await;
        assert_eq!(sockets.hub.open(), 0);
        assert_eq!(sockets.card(ann.id).as_deref(), Some(&b"new"[..]));
        // its home goes before it has heard that the peer has left
        let told = worker.turn(2);
        worker.retires();
        assert!(sockets.set_card(ann.id, Bytes::from_static(b"newer")));
        worker.dies();
        let heir = world.worker(2, 0);
        let end = heir.drain();
        assert!(
            matches!(&end[..], [Told::Close(_, _, 1008, card)] if card == "newer"),
            "{end:?}"
        );
        assert_eq!(told[1].text(), "last words");
        heir.settle(&end);
        assert!(!sockets.set_card(ann.id, Bytes::from_static(b"late")));
        assert_eq!(sockets.card(ann.id), None);
    });
}

#[test]
fn a_card_that_could_not_cross_stays() {
    run(async {
        let world = World::new(Limits::default());
        let worker = world.worker(1, 0);
        let ann = world.connect(&worker);
        let sockets = &world.sockets;
        assert!(sockets.set_card(ann.id, vec![b'x'; CARD_BYTES + 1].into()));
        drop(ann.socket);
        world.settle().await;
        let told = worker.works();
        assert!(matches!(&told[1], Told::Close(_, _, 1006, card) if card.is_empty()));
    });
}

#[test]
fn nothing_is_told_of_a_peer_after_its_end() {
    run(async {
        let world = World::new(Limits::default());
        let worker = world.worker(1, 0);
        let ann = world.connect(&worker);
        world.settle().await;
        worker.works();
        for _ in 0..2 {
            world.sockets.drained(ann.id);
        }
        drop(ann.socket);
        world.settle().await;
        let told = worker.drain();
        assert!(matches!(told[..], [Told::Drain(..), Told::Close(..)]));
        worker.settle(&told[..1]);
        assert_eq!(worker.drain(), [], "it has left");
        worker.settle(&told[1..]);
        assert!(world.sockets.is_idle());
    });
}

#[test]
fn a_peer_whose_end_is_settled_leaves_nothing_behind() {
    run(async {
        let world = World::new(Limits::default());
        let worker = world.worker(1, 0);
        let mut ann = world.connect(&worker);
        for frame in ["a message", r#"{"type":"__request","id":1}"#] {
            ann.say(frame).await;
        }
        world.settle().await;
        drop(ann.socket);
        world.settle().await;
        let told = worker.drain();
        assert!(matches!(
            told[..],
            [
                Told::Open(..),
                Told::Message(..),
                Told::Request(..),
                Told::Close(..)
            ]
        ));
        // the hooks before it do not end
        worker.settle(&told[3..]);
        assert!(world.sockets.is_idle());
        assert_eq!(world.sockets.card(ann.id), None);
        worker.retires();
        assert!(worker.worker.is_idle());
        // or end too late
        worker.settle(&told);
        assert!(worker.worker.is_idle(), "nothing is settled twice");
        worker.dies();
        assert!(world.sockets.is_idle());
    });
}

/// Counts the bytes of the events that are there when it rings.
struct Ringing {
    dispatcher: Arc<Dispatcher>,
    worker: OnceLock<Arc<Worker>>,
    found: Mutex<Vec<usize>>,
}

struct Rings(Arc<Ringing>);

impl Wake for Rings {
    fn wake(&self) {
        let Ringing {
            dispatcher,
            worker,
            found,
        } = &*self.0;
        let Some(worker) = worker.get() else { return };
        let mut buffer = vec![0; wire::BUFFER_SIZE];
        let (written, _) = dispatcher.drain(worker, &mut buffer, 100);
        found.lock().push(written);
    }
}

#[test]
fn a_worker_is_woken_when_all_is_there_that_a_socket_has_brought() {
    run(async {
        let world = World::new(Limits::default());
        let ringing = Arc::new(Ringing {
            dispatcher: world.dispatcher.clone(),
            worker: OnceLock::new(),
            found: Mutex::default(),
        });
        let worker = world.dispatcher.enlist(1, 0);
        let wake = Box::new(Rings(ringing.clone()));
        world.dispatcher.attach(&worker, wake);
        let fake = Fake {
            dispatcher: world.dispatcher.clone(),
            sockets: world.sockets.clone(),
            worker: worker.clone(),
        };
        world.dispatcher.admit(&worker);
        let mut ann = world.connect(&fake);
        world.settle().await;
        fake.works();
        ringing.worker.set(worker).expect("the first");

        let frames = raw::frame(0x81, b"hello").repeat(10);
        ann.socket.write_all(&frames).await.expect("it is open");
        world.settle().await;
        let found = ringing.found.lock().clone();
        assert_eq!(found.len(), 1, "one wake");
        assert!(found[0] >= 10 * 24, "{found:?}");
    });
}
