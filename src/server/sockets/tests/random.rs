//! Random lives of peers and workers. Whatever happens, what a peer says is told in order, to
//! one worker at a time, never twice, and is lost only with a worker that had taken it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const PEERS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Say(usize),
    /// A worker takes so many events.
    Take(usize, usize),
    /// A worker settles the so-manieth of what it has.
    Settle(usize, usize),
    Retire(usize),
    Die(usize),
    /// One more worker, on a seat.
    Start(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..PEERS).prop_map(Step::Say),
        6 => (0..4usize, 1..4usize).prop_map(|(worker, max)| Step::Take(worker, max)),
        6 => (0..4usize, 0..4usize).prop_map(|(worker, nth)| Step::Settle(worker, nth)),
        1 => (0..4usize).prop_map(Step::Retire),
        1 => (0..4usize).prop_map(Step::Die),
        2 => (0..3u32).prop_map(Step::Start),
    ]
}

/// What the workers were told, and by whom it is held.
#[derive(Default)]
struct Book {
    /// The last number each peer's hooks were told.
    last: BTreeMap<PeerId, usize>,
    told: BTreeSet<(PeerId, usize)>,
    lost: usize,
}

struct Hand {
    fake: Fake,
    has: Vec<Told>,
}

impl Hand {
    fn take(&mut self, max: usize, book: &mut Book) {
        for told in self.fake.turn(max) {
            if let Told::Message(peer, _, text) = &told {
                let n: usize = text.parse().expect("a number");
                let last = book.last.insert(*peer, n);
                assert!(last < Some(n), "{n} of {peer} after {last:?}");
                assert!(book.told.insert((*peer, n)), "{n} of {peer} twice");
            }
            self.has.push(told);
        }
    }

    fn settle(&mut self, nth: usize) {
        if !self.has.is_empty() {
            let told = self.has.remove(nth % self.has.len());
            self.fake.settle(&[told]);
        }
    }
}

async fn play(steps: Vec<Step>) {
    let world = World::new(Limits::default());
    let mut hands = vec![Hand {
        fake: world.worker(1, 0),
        has: Vec::new(),
    }];
    let mut clients: Vec<Client> = (0..PEERS).map(|_| world.connect(&hands[0].fake)).collect();
    let mut said = [0; PEERS];
    let mut next = 1;
    let mut book = Book::default();
    for step in steps {
        let count = hands.len().max(1);
        match step {
            Step::Say(peer) => {
                clients[peer].say(&said[peer].to_string()).await;
                said[peer] += 1;
                world.settle().await;
            }
            Step::Take(worker, max) => {
                if let Some(hand) = hands.get_mut(worker % count) {
                    hand.take(max, &mut book);
                }
            }
            Step::Settle(worker, nth) => {
                if let Some(hand) = hands.get_mut(worker % count) {
                    hand.settle(nth);
                }
            }
            Step::Retire(worker) => {
                if let Some(hand) = hands.get(worker % count) {
                    hand.fake.retires();
                }
            }
            Step::Die(worker) if !hands.is_empty() => {
                let hand = hands.remove(worker % count);
                hand.fake.dies();
                // taking is being told, settled or not: it is lost where the hook had not ended
                book.lost += hand.has.len();
            }
            Step::Die(_) => {}
            Step::Start(seat) => {
                next += 1;
                hands.push(Hand {
                    fake: world.worker(next, seat),
                    has: Vec::new(),
                });
            }
        }
        for peer in &clients {
            let busy = hands.iter().filter(|hand| {
                let own = |told: &Told| matches!(told, Told::Message(id, ..) if *id == peer.id);
                hand.has.iter().any(own)
            });
            assert!(busy.count() <= 1, "two workers have what one peer says");
        }
    }
    // at last there is a worker that does everything
    next += 1;
    hands.push(Hand {
        fake: world.worker(next, 0),
        has: Vec::new(),
    });
    for _ in 0..said.iter().sum::<usize>() + 2 {
        for hand in &mut hands {
            hand.take(16, &mut book);
            while !hand.has.is_empty() {
                hand.settle(0);
            }
        }
        world.settle().await;
    }
    assert!(world.sockets.is_idle());
    let all = clients
        .iter()
        .zip(said)
        .flat_map(|(peer, said)| (0..said).map(|n| (peer.id, n)));
    assert_eq!(book.told, all.collect(), "nothing is missing");
    for hand in &hands {
        hand.fake.retires();
        assert!(hand.fake.turn(1).is_empty());
        assert!(hand.fake.worker.is_idle(), "nothing is owed");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_missing_doubled_or_out_of_order(steps in prop::collection::vec(step(), 1..80)) {
        run(play(steps));
    }
}
