//! Random histories: whatever is lost, doubled, cut off or gone for a while, once all is well again
//! everything has arrived once and in order, and all know how all topics stand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::world::{Fate, World};

const TOPICS: [&str; 3] = ["a", "b", "c"];
const USERS: [&str; 2] = ["ann", "bob"];

#[derive(Debug, Clone)]
enum Act {
    Publish(usize, usize),
    Count(usize, usize, u32),
    User(usize, usize, usize, bool),
    Down(usize),
    Up(usize),
    /// A step in which so many of a hundred frames are lost and doubled.
    Step(u64, u64),
    Cut(usize, usize),
    /// Seconds pass.
    Wait(u64),
}

fn act(places: usize) -> impl Strategy<Value = Act> {
    let at = 0..places;
    let topic = 0..TOPICS.len();
    prop_oneof![
        6 => (at.clone(), topic.clone()).prop_map(|(at, topic)| Act::Publish(at, topic)),
        2 => (at.clone(), topic.clone(), 0u32..4).prop_map(|(at, t, n)| Act::Count(at, t, n)),
        2 => (at.clone(), topic, 0..USERS.len(), any::<bool>())
            .prop_map(|(at, t, u, there)| Act::User(at, t, u, there)),
        1 => at.clone().prop_map(Act::Down),
        1 => at.clone().prop_map(Act::Up),
        4 => (0u64..60, 0u64..30).prop_map(|(lost, twice)| Act::Step(lost, twice)),
        1 => (at, 0usize..6).prop_map(|(at, after)| Act::Cut(at, after)),
        1 => (1u64..25).prop_map(Act::Wait),
    ]
}

#[derive(Default)]
struct Model {
    published: BTreeMap<(usize, usize), Vec<String>>,
    counts: BTreeMap<(usize, usize), u32>,
    users: BTreeSet<(usize, usize, usize)>,
}

fn play(world: &mut World, model: &mut Model, act: Act, seed: &mut u64, n: usize) {
    let mut random = || {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (*seed >> 33) % 100
    };
    match act {
        Act::Publish(at, topic) => {
            let text = format!("{at} {n}");
            world.publish(at, TOPICS[topic], &text);
            model.published.entry((at, topic)).or_default().push(text);
        }
        Act::Count(at, topic, count) => {
            world.count(at, TOPICS[topic], count);
            model.counts.insert((at, topic), count);
        }
        Act::User(at, topic, user, there) => {
            world.user(at, TOPICS[topic], USERS[user], there);
            if there {
                model.users.insert((at, topic, user));
            } else {
                model.users.remove(&(at, topic, user));
            }
        }
        Act::Down(at) => world.down(at),
        Act::Up(at) => world.up(at),
        Act::Step(lost, twice) => world.step(
            |_, _| match random() {
                it if it < lost => Fate::Lost,
                it if it < lost + twice => Fate::Twice,
                _ => Fate::Arrives,
            },
            None,
        ),
        Act::Cut(at, after) => world.step(|_, _| Fate::Arrives, Some((at, after))),
        Act::Wait(seconds) => world.settle(Duration::from_secs(seconds)),
    }
}

fn check(world: &World, model: &Model) -> Result<(), TestCaseError> {
    for (here, place) in world.places.iter().enumerate() {
        let told = &place.told;
        prop_assert_eq!(told.missed, 0);
        for (topic, name) in TOPICS.iter().enumerate() {
            let all = told.published.get(*name).cloned().unwrap_or_default();
            for at in 0..world.places.len() {
                let of = format!("{at} ");
                let got: Vec<_> = all.iter().filter(|it| it.starts_with(&of)).collect();
                let sent = model.published.get(&(at, topic)).filter(|_| at != here);
                let sent: Vec<_> = sent.into_iter().flatten().collect();
                prop_assert_eq!(got, sent, "of {} in {} at {}", at, name, here);
            }
            let others = (0..world.places.len()).filter(|at| *at != here);
            let counts = others
                .clone()
                .filter_map(|at| model.counts.get(&(at, topic)));
            let count: u32 = counts.sum();
            prop_assert_eq!(told.count(name), i64::from(count), "{} at {}", name, here);
            let users = model
                .users
                .iter()
                .filter(|(at, of, _)| *at != here && *of == topic);
            let users: BTreeSet<&str> = users.map(|(_, _, user)| USERS[*user]).collect();
            prop_assert_eq!(told.present(name), users, "in {} at {}", name, here);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn all_arrives_once_in_order_and_all_agree(
        places in 2usize..4,
        acts in prop::collection::vec(act(3), 1..80),
        mut seed: u64,
    ) {
        let mut world = World::new(places, 1 << 20);
        let mut model = Model::default();
        world.settle(Duration::from_secs(3));
        // nobody is away for longer than what is sent is kept
        let mut left = 45;
        for (n, act) in acts.into_iter().enumerate() {
            if let Act::Wait(seconds) = act {
                if seconds > left {
                    continue;
                }
                left -= seconds;
            }
            let here = match act {
                Act::Publish(at, _) | Act::Count(at, ..) | Act::User(at, ..) => at,
                Act::Down(at) | Act::Up(at) | Act::Cut(at, _) => at,
                Act::Step(..) | Act::Wait(_) => 0,
            };
            if here < places {
                play(&mut world, &mut model, act, &mut seed, n);
            }
        }
        for at in 0..places {
            world.up(at);
        }
        world.settle(Duration::from_secs(8));
        check(&world, &model)?;
    }
}
