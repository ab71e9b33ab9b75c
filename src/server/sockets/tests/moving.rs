//! Peers move when their home leaves, and nothing of an orderly move is lost.

use super::*;
use crate::telemetry::counters;

#[test]
fn a_peer_at_rest_moves_with_its_next_word() {
    run(async {
        let world = World::new(Limits::default());
        let (old, other) = (world.worker(1, 0), world.worker(2, 1));
        let mut ann = world.connect(&old);
        old.works();
        let heir = world.worker(3, 0);
        old.retires();
        ann.say("one").await;
        world.settle().await;
        assert_eq!(old.drain(), []);
        assert_eq!(other.drain(), []);
        assert_eq!(
            texts(&heir.works()),
            ["one"],
            "the successor on the seat comes first"
        );
        // and stays, whoever comes
        let _late = world.worker(4, 0);
        ann.say("two").await;
        world.settle().await;
        assert_eq!(texts(&heir.works()), ["two"]);
    });
}

#[test]
fn a_busy_peer_moves_when_all_is_settled() {
    run(async {
        let world = World::new(Limits::default());
        let old = world.worker(1, 0);
        let mut ann = world.connect(&old);
        old.works();
        for text in ["one", "two"] {
            ann.say(text).await;
        }
        world.settle().await;
        let first = old.turn(1);
        let heir = world.worker(2, 0);
        old.retires();
        ann.say("three").await;
        ann.bye().await;
        world.settle().await;
        assert!(!old.worker.is_idle());
        assert_eq!(heir.drain(), [], "the old one is still at it");
        old.settle(&first);
        assert_eq!(heir.drain(), []);
        // what lies in its inbox it takes: it lives
        let second = old.drain();
        assert_eq!(texts(&second), ["two"]);
        assert!(!old.worker.is_idle(), "it drains until it has settled");
        old.settle(&second);
        assert_eq!(old.drain(), []);
        assert!(old.worker.is_idle());
        let told = heir.works();
        assert_eq!(told[0].text(), "three");
        assert!(matches!(told[1], Told::Close(..)));
        old.dies();
        assert!(world.sockets.is_idle());
    });
}

#[test]
fn that_a_peer_opened_is_told_before_it_moves() {
    run(async {
        let world = World::new(Limits::default());
        let old = world.worker(1, 0);
        let mut ann = world.connect(&old);
        let heir = world.worker(2, 0);
        old.retires();
        ann.say("one").await;
        world.settle().await;
        assert_eq!(heir.drain(), []);
        let open = old.drain();
        assert!(Told::opens(&open, ann.id));
        assert_eq!(heir.drain(), [], "its hook has not ended");
        old.settle(&open);
        assert_eq!(texts(&heir.works()), ["one"]);
    });
}

#[test]
fn what_a_dead_worker_had_not_taken_is_told_to_another() {
    run(async {
        let world = World::new(Limits::default());
        let (old, other) = (world.worker(1, 0), world.worker(2, 1));
        let (mut ann, mut ben) = (world.connect(&old), world.connect(&old));
        old.works();
        for n in 0..4 {
            ann.say(&format!("a{n}")).await;
        }
        world.settle().await;
        ben.say("b0").await;
        world.settle().await;
        let taken = old.turn(2);
        assert_eq!(texts(&taken), ["a0", "a1"]);
        old.settle(&taken[..1]);
        old.retires();
        ann.say("a4").await;
        world.settle().await;
        assert_eq!(other.drain(), []);
        let lost = counters().ws_lost.value();
        old.dies();
        assert!(counters().ws_lost.value() > lost, "a1 was under way");
        let told = other.works();
        let of = |id: PeerId| -> Vec<&str> {
            let own = told
                .iter()
                .filter(|told| matches!(told, Told::Message(peer, ..) if *peer == id));
            own.map(Told::text).collect()
        };
        assert_eq!(of(ann.id), ["a2", "a3", "a4"]);
        assert_eq!(of(ben.id), ["b0"]);
        // a dead worker settles nothing any more
        old.settle(&taken);
        old.dies();
        assert!(world.sockets.is_idle());
        ann.say("a5").await;
        world.settle().await;
        assert_eq!(texts(&other.works()), ["a5"]);
    });
}

#[test]
fn without_a_worker_it_waits_for_one() {
    run(async {
        let world = World::new(Limits::default());
        let old = world.worker(1, 0);
        let mut ann = world.connect(&old);
        let parked = counters().ws_parked.value();
        old.dies();
        ann.say("one").await;
        ann.say("two").await;
        world.settle().await;
        assert!(counters().ws_parked.value() > parked);
        let heir = world.starting(2, 0);
        assert_eq!(heir.drain(), []);
        world.dispatcher.admit(&heir.worker);
        let told = heir.works();
        assert!(
            Told::opens(&told[..1], ann.id),
            "the first had not taken it"
        );
        assert_eq!(texts(&told[1..]), ["one", "two"]);
        ann.say("three").await;
        world.settle().await;
        assert_eq!(texts(&heir.works()), ["three"]);
    });
}

#[test]
fn whoever_answered_the_handshake_may_be_gone_by_then() {
    run(async {
        let world = World::new(Limits::default());
        let (gone, other) = (world.worker(1, 0), world.worker(2, 1));
        gone.dies();
        let ann = world.connect(&gone);
        assert!(Told::opens(&other.works(), ann.id));
        let leaving = world.worker(3, 2);
        leaving.retires();
        let ben = world.connect(&leaving);
        assert_eq!(leaving.drain(), []);
        assert!(Told::opens(&other.works(), ben.id));
        assert!(world.sockets.is_idle());
    });
}

#[test]
fn the_peers_of_a_dead_worker_are_spread() {
    run(async {
        let world = World::new(Limits::default());
        let old = world.worker(1, 0);
        let mut clients: Vec<Client> = (0..6).map(|_| world.connect(&old)).collect();
        old.works();
        let others = [2, 3, 4].map(|id| world.worker(id, id));
        old.dies();
        for client in &mut clients {
            client.say("x").await;
        }
        world.settle().await;
        for other in &others {
            assert_eq!(other.works().len(), 2);
        }
    });
}

#[test]
fn a_worker_that_dies_at_the_end_takes_the_end_along() {
    run(async {
        let world = World::new(Limits::default());
        let old = world.worker(1, 0);
        let mut ann = world.connect(&old);
        ann.bye().await;
        world.settle().await;
        old.drain();
        let heir = world.worker(2, 0);
        old.dies();
        assert_eq!(heir.drain(), []);
        assert!(world.sockets.is_idle());
        assert_eq!(world.sockets.card(ann.id), None);
    });
}

#[test]
fn what_a_worker_was_about_to_take_when_it_was_given_up_blocks_nobody() {
    run(async {
        let world = World::new(Limits::default());
        let old = world.worker(1, 0);
        let mut ann = world.connect(&old);
        ann.say("one").await;
        world.settle().await;
        // its thread has these in its hands, and comes back no more
        assert_eq!(old.worker.reclaim().len(), 2);
        old.dies();
        let heir = world.worker(2, 0);
        ann.say("two").await;
        ann.bye().await;
        world.settle().await;
        let told = heir.works();
        assert_eq!(told[0].text(), "two");
        assert!(matches!(told[1], Told::Close(..)));
        assert!(world.sockets.is_idle());
        assert_eq!(world.sockets.card(ann.id), None);
    });
}
