//! One rule each: what happens once, and what is told after it.

use std::time::Duration;

use bytes::Bytes;

use super::world::{Fate, World, id, letter};
use crate::link::node::{Event, SILENCE};
use crate::link::wire::{self, WireError};
use crate::link::words::{Body, Frame, LANES, Outcome, Stream, TopicState};
use crate::ws::{FarPeer, Kind, PeerId, User};

const SECOND: Duration = Duration::from_secs(1);
const PLENTY: usize = 1 << 20;

fn met(count: usize) -> World {
    let mut world = World::new(count, PLENTY);
    world.settle(SECOND * 3);
    world
}

#[test]
fn what_is_published_arrives_once_elsewhere_and_not_here() {
    let mut world = met(3);
    for n in 0..100 {
        world.publish(0, "a", &n.to_string());
    }
    world.settle(SECOND);
    let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    assert!(world.places[0].told.published.is_empty());
    for place in &world.places[1..] {
        assert_eq!(place.told.published["a"], expected);
    }
}

#[test]
fn the_last_message_is_missed_as_well() {
    let mut world = met(2);
    world.publish(0, "a", "only");
    world.step(
        |from, _| if from == 0 { Fate::Lost } else { Fate::Arrives },
        None,
    );
    world.settle(SECOND * 3);
    assert_eq!(world.places[1].told.published["a"], ["only"]);
    assert_eq!(world.places[0].node.take_tally().resent, 1);
}

#[test]
fn what_is_published_without_redis_arrives_when_it_is_back() {
    let mut world = met(2);
    world.down(0);
    world.down(1);
    for n in 0..10 {
        world.publish(0, "a", &n.to_string());
        world.publish(1, "a", &n.to_string());
    }
    world.count(0, "a", 3);
    world.settle(SECOND * 5);
    assert!(world.places[1].told.published.is_empty());
    world.up(0);
    world.settle(SECOND);
    world.up(1);
    world.settle(SECOND * 3);
    let expected: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    assert_eq!(world.places[1].told.published["a"], expected);
    assert_eq!(world.places[0].told.published["a"], expected);
    assert_eq!(world.places[1].told.count("a"), 3);
    assert!(world.places[1].told.gone.is_empty());
}

#[test]
fn what_does_not_fit_is_lost_counted_and_the_rest_arrives() {
    let mut world = World::new(2, 2000);
    world.settle(SECOND * 3);
    world.count(0, "a", 1);
    world.settle(SECOND);
    world.down(0);
    world.count(0, "a", 2);
    for n in 0..100 {
        world.publish(0, "a", &n.to_string());
    }
    let dropped = world.places[0].node.take_tally().dropped;
    assert!(dropped > 50, "{dropped}");
    world.up(0);
    world.settle(SECOND * 5);
    let told = &world.places[1].told;
    let arrived = &told.published["a"];
    let last: Vec<String> = (100 - arrived.len()..100).map(|n| n.to_string()).collect();
    assert_eq!(*arrived, last);
    assert_eq!(arrived.len() as u64 + told.missed, 100);
    assert_eq!(told.count("a"), 2, "the state is asked for as a whole");
}

#[test]
fn whoever_joins_is_told_how_all_topics_stand() {
    let mut world = met(2);
    for n in 0..3000 {
        let topic = format!("topic {n}");
        world.count(0, &topic, n + 1);
        world.user(0, &topic, "ann", true);
    }
    world.settle(SECOND * 3);
    let mut joined = World::new(3, PLENTY);
    std::mem::swap(&mut joined.places[0], &mut world.places[0]);
    std::mem::swap(&mut joined.places[1], &mut world.places[1]);
    joined.settle(SECOND * 5);
    for place in &joined.places[1..] {
        assert_eq!(place.told.count("topic 2999"), 3000);
        assert_eq!(place.told.counts.len(), 3000);
        assert!(place.told.present("topic 7").contains("ann"));
        assert!(place.node.is_whole());
    }
}

#[test]
fn one_that_is_silent_for_long_takes_its_peers_along_and_brings_them_back() {
    let mut world = met(2);
    world.places[0].node.recount(5);
    world.count(0, "a", 5);
    world.user(0, "a", "ann", true);
    world.settle(SECOND);
    assert_eq!(
        (world.places[1].told.open, world.places[1].told.count("a")),
        (5, 5)
    );
    world.down(0);
    world.publish(0, "a", "meanwhile");
    world.settle(SILENCE + SECOND);
    let told = &world.places[1].told;
    assert_eq!(
        (told.open, told.count("a"), told.gone.as_slice()),
        (0, 0, &[id(0)][..])
    );
    assert!(told.present("a").is_empty());
    assert!(!world.places[1].node.knows(id(0)));
    assert!(!world.places[1].node.direct(id(0), Body::Forget(1)));
    world.up(0);
    world.settle(SECOND * 3);
    let told = &world.places[1].told;
    assert_eq!((told.open, told.count("a")), (5, 5));
    assert_eq!(told.published["a"], ["meanwhile"]);
    assert!(told.present("a").contains("ann"));
}

#[test]
fn one_that_says_goodbye_is_gone_at_once() {
    let mut world = met(2);
    world.count(0, "a", 5);
    world.settle(SECOND);
    world.places[0].node.say_goodbye();
    world.step(|_, _| Fate::Arrives, None);
    assert_eq!(world.places[1].told.gone, [id(0)]);
    assert_eq!(world.places[1].told.count("a"), 0);
    world.settle(SECOND);
    assert_eq!(
        world.places[1].told.gone,
        [id(0)],
        "what still comes does not bring it back"
    );
}

#[test]
fn what_is_for_one_comes_to_one() {
    let mut world = met(3);
    assert!(!world.places[0].node.direct(id(9), Body::Forget(0)));
    world.down(1);
    for n in 0..50 {
        assert!(world.places[0].node.direct(id(1), Body::Forget(n)));
    }
    world.settle(SECOND);
    world.up(1);
    world.settle(SECOND * 2);
    let expected: Vec<_> = (0..50).map(|n| (id(0), Body::Forget(n))).collect();
    assert_eq!(world.places[1].told.direct, expected);
    assert!(world.places[2].told.direct.is_empty());
}

#[test]
fn what_is_cut_off_goes_out_again_and_is_taken_once() {
    let mut world = met(2);
    for n in 0..10 {
        world.publish(0, "a", &n.to_string());
    }
    world.step(|_, _| Fate::Arrives, Some((0, 5)));
    world.up(0);
    world.settle(SECOND);
    let expected: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    assert_eq!(world.places[1].told.published["a"], expected);
    assert!(world.places[1].node.take_tally().again > 0);
}

#[test]
fn what_is_missing_of_one_that_is_away_is_waited_for() {
    let mut world = met(2);
    world.publish(0, "a", "one");
    world.step(
        |from, _| if from == 0 { Fate::Lost } else { Fate::Arrives },
        None,
    );
    // it is heard of, and asked for in vain
    world.publish(0, "a", "two");
    world.step(
        |_, to| if to == 0 { Fate::Lost } else { Fate::Arrives },
        None,
    );
    world.down(0);
    world.settle(SECOND * 40);
    world.up(0);
    world.settle(SECOND * 3);
    let told = &world.places[1].told;
    assert_eq!(
        (&*told.published["a"], told.missed),
        (&["one".to_owned(), "two".to_owned()][..], 0)
    );
}

#[test]
fn nothing_comes_twice_after_a_long_outage_either() {
    let mut world = met(2);
    for n in 0..10 {
        world.publish(0, "a", &n.to_string());
    }
    world.step(|_, _| Fate::Arrives, Some((0, 5)));
    world.down(1);
    world.settle(SECOND * 1200);
    world.up(0);
    world.up(1);
    world.settle(SECOND * 3);
    let expected: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    assert_eq!(world.places[1].told.published["a"], expected);
}

#[test]
fn who_has_been_gone_for_long_is_forgotten() {
    let mut world = met(2);
    world.down(0);
    world.publish(0, "a", "old");
    world.settle(SECOND * 700);
    world.up(0);
    world.publish(0, "a", "new");
    world.settle(SECOND * 3);
    let told = &world.places[1].told;
    assert_eq!(told.published["a"], ["old", "new"], "neither had been sent");
    assert_eq!(told.missed, 0);
}

fn all_frames() -> Vec<Frame> {
    let peer = PeerId::from_bits(0x0000_0007_0000_0003);
    let user = User::of("ann", Some("{\"x\":1}"));
    let mut letter = letter("hé");
    letter.key = Some("k".into());
    letter.except = Some(FarPeer { epoch: 9, peer });
    letter.kind = Kind::Event;
    let topics = vec![(
        "a".into(),
        TopicState {
            count: 2,
            users: vec![user.clone()],
        },
    )];
    let data = Bytes::from_static(b"{}");
    let bodies = [
        Body::Publish("a".into(), letter.clone()),
        Body::Broadcast(letter.clone()),
        Body::Count("a".into(), 7),
        Body::Present("a".into(), user),
        Body::Absent("a".into(), "ann".into()),
        Body::Reset,
        Body::Send(peer, letter),
        Body::Close(peer, 1008, "why".into()),
        Body::Ask(1, peer, data.clone()),
        Body::Forget(1),
        Body::Reply(1, Outcome::Data(data.clone())),
        Body::Reply(1, Outcome::Error(data)),
        Body::Reply(1, Outcome::Gone),
        Body::Survey(1, 2),
    ];
    let numbered = bodies
        .into_iter()
        .map(|body| Frame::Numbered(Stream::To(5), 3, body));
    let mut frames: Vec<Frame> = numbered.collect();
    frames.extend([
        Frame::Beat {
            heads: [3; LANES],
            open: 4,
            direct: vec![(5, 6)],
        },
        Frame::Bye,
        Frame::Nack(Stream::Lane(15), 2),
        Frame::Lost(Stream::Lane(0), 2),
        Frame::Want(0xffff),
        Frame::State {
            lane: 1,
            seq: 2,
            part: 3,
            last: true,
            topics,
        },
    ]);
    frames
}

#[test]
fn frames_stand_in_bytes_and_nothing_cut_is_one() {
    for frame in all_frames() {
        let bytes = wire::encode(7, &frame);
        assert_eq!(wire::decode(bytes.clone()), Ok((7, frame)));
        for len in 0..bytes.len() {
            assert!(wire::decode(bytes.slice(..len)).is_err());
        }
        let longer = [&bytes[..], b"x"].concat();
        assert_eq!(wire::decode(longer.into()), Err(WireError::Malformed));
        let mut other = bytes.to_vec();
        other[0] = 2;
        assert_eq!(wire::decode(other.into()), Err(WireError::Version(2)));
    }
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let mut world = met(2);
    let now = world.now;
    let mut events: Vec<Event> = Vec::new();
    let mut seed = 1u64;
    for frame in all_frames() {
        let bytes = wire::encode(77, &frame);
        for _ in 0..200 {
            let mut broken = bytes.to_vec();
            for _ in 0..3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (seed >> 33) as usize % broken.len();
                broken[at] = (seed >> 56) as u8;
            }
            // it may still be a frame; it must not be a panic
            let _ = world.places[0]
                .node
                .receive(broken.into(), now, &mut events);
        }
    }
    world.publish(1, "a", "still here");
    world.settle(SECOND);
    assert_eq!(world.places[0].told.published["a"], ["still here"]);
}
