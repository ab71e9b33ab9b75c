//! What no hook has done with holds up the socket, and nothing else.

use super::*;

fn limits() -> Limits {
    Limits {
        unread_messages: 4,
        ..Limits::default()
    }
}

async fn say_twice_the_bound(client: &mut Client) {
    for n in 0..8 {
        client.say(&n.to_string()).await;
    }
}

/// The bound is that of answers which have been given and not been queued, however many wishes
/// there are.
fn counts_until_it_is_queued(wish: &str) {
    run(async {
        let (world, _worker, mut ann) = one(limits()).await;
        for _ in 0..8 {
            ann.say(wish).await;
        }
        // the thread's mailbox is not carried out meanwhile
        pause().await;
        world.local.turn();
        yield_now().await;
        assert_eq!(ann.hears().len(), 4);
        world.settle().await;
        assert_eq!(ann.hears().len(), 4);
    });
}

/// Lets tasks do something, and not all they can.
async fn pause() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[test]
fn settling_lets_the_peer_go_on() {
    run(async {
        let world = World::new(limits());
        let worker = world.worker(1, 0);
        let (mut ann, mut ben) = (world.connect(&worker), world.connect(&worker));
        worker.works();
        say_twice_the_bound(&mut ann).await;
        ben.say("me too").await;
        world.settle().await;
        let told = worker.drain();
        assert_eq!(told.len(), 5, "the bound, and the other peer");
        world.settle().await;
        assert_eq!(worker.drain(), [], "taking is not settling");
        worker.settle(&told[..1]);
        world.settle().await;
        assert_eq!(texts(&worker.works()), ["4"]);
        worker.settle(&told[1..]);
        world.settle().await;
        let rest = worker.works();
        world.settle().await;
        let last = worker.works();
        assert_eq!(texts(&[rest, last].concat()), ["5", "6", "7"]);
        // settling twice gives nothing back twice
        worker.settle(&told);
        assert!(world.sockets.is_idle());
    });
}

#[test]
fn parking_is_bounded_by_it() {
    run(async {
        let (world, old, mut ann) = one(limits()).await;
        old.dies();
        say_twice_the_bound(&mut ann).await;
        world.settle().await;
        let heir = world.worker(2, 0);
        let told = heir.drain();
        assert_eq!(texts(&told), ["0", "1", "2", "3"]);
        heir.settle(&told);
        world.settle().await;
        assert_eq!(texts(&heir.works()), ["4", "5", "6", "7"]);
    });
}

#[test]
fn a_death_gives_back_what_is_lost() {
    run(async {
        let (world, old, mut ann) = one(limits()).await;
        say_twice_the_bound(&mut ann).await;
        world.settle().await;
        assert_eq!(old.turn(3).len(), 3);
        let heir = world.worker(2, 0);
        old.dies();
        world.settle().await;
        let told = heir.drain();
        assert_eq!(texts(&told), ["3", "4", "5", "6"]);
        heir.settle(&told);
        world.settle().await;
        assert_eq!(texts(&heir.works()), ["7"]);
    });
}

#[test]
fn an_answer_on_its_way_counts() {
    counts_until_it_is_queued(r#"{"type":"__ping"}"#);
}

#[test]
fn a_subscription_on_its_way_counts() {
    counts_until_it_is_queued(r#"{"type":"__subscribe","id":1,"topic":"news"}"#);
}

#[test]
fn a_worker_settles_its_own_alone() {
    run(async {
        let (world, worker, mut ann) = one(limits()).await;
        let stranger = world.worker(2, 1);
        say_twice_the_bound(&mut ann).await;
        world.settle().await;
        let told = worker.drain();
        stranger.settle(&told);
        world.settle().await;
        assert_eq!(worker.drain(), []);
        assert!(!worker.worker.is_idle());
        worker.settle(&told);
        world.settle().await;
        assert_eq!(worker.works().len(), 4);
    });
}

#[test]
fn so_does_one_that_a_hook_has_allowed() {
    run(async {
        let (world, worker, mut ann) = one(limits()).await;
        for _ in 0..8 {
            ann.say(r#"{"type":"__subscribe","id":1,"topic":"a"}"#)
                .await;
        }
        world.settle().await;
        let told = worker.drain();
        assert_eq!(told.len(), 4);
        assert!(told.iter().all(|told| worker.allow(told)));
        pause().await;
        assert_eq!(worker.drain(), [], "it has not had its answers");
        world.settle().await;
        assert_eq!(worker.works().len(), 4);
    });
}
