//! Random orders of everything the hub does, against a model that does it at once in one
//! place. What a peer gets is exact: nothing missing, nothing twice, nothing out of order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::*;

const TOPICS: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
enum Step {
    Join {
        thread: usize,
        user: Option<u8>,
    },
    Leave(usize),
    Subscribe(usize, usize),
    Unsubscribe(usize, usize),
    Publish {
        topic: usize,
        except: Option<usize>,
        event: bool,
    },
    Send(usize),
    Broadcast {
        except: Option<usize>,
    },
    Turn(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let peer = 0..8usize;
    let some = || proptest::option::of(0..8usize);
    prop_oneof![
        2 => (0..2usize, proptest::option::of(0..3u8))
            .prop_map(|(thread, user)| Step::Join { thread, user }),
        1 => peer.clone().prop_map(Step::Leave),
        5 => (peer.clone(), 0..3usize).prop_map(|(peer, topic)| Step::Subscribe(peer, topic)),
        2 => (peer.clone(), 0..3usize).prop_map(|(peer, topic)| Step::Unsubscribe(peer, topic)),
        8 => (0..3usize, some(), any::<bool>())
            .prop_map(|(topic, except, event)| Step::Publish { topic, except, event }),
        1 => peer.prop_map(Step::Send),
        1 => some().prop_map(|except| Step::Broadcast { except }),
        2 => (0..2usize).prop_map(Step::Turn),
    ]
}

struct Peer {
    joined: Joined,
    user: Option<u8>,
    topics: BTreeSet<usize>,
    expected: Vec<String>,
    got: Vec<String>,
}

fn admission(user: Option<u8>) -> Admission {
    Admission {
        user: user.map(|user| User::of(&user.to_string(), None)),
        ..Admission::default()
    }
}

fn check(hub: &Hub, peers: &[Peer]) -> TestCaseResult {
    prop_assert_eq!(hub.open(), peers.len());
    for (i, name) in TOPICS.iter().enumerate() {
        let members = || peers.iter().filter(|peer| peer.topics.contains(&i));
        prop_assert_eq!(hub.count(&topic(name)), members().count());
        let expected: BTreeSet<_> = members().map(|peer| peer.joined.id()).collect();
        let subscribers: BTreeSet<_> = hub.subscribers(&topic(name)).into_iter().collect();
        prop_assert_eq!(subscribers, expected);
        let users: BTreeSet<_> = members().filter_map(|peer| peer.user).collect();
        let present = hub.presence(&topic(name)).users;
        prop_assert_eq!(present.len(), users.len());
        let present: BTreeSet<u8> = present.iter().filter_map(|u| u.id.parse().ok()).collect();
        prop_assert_eq!(present, users);
    }
    Ok(())
}

fn play(steps: Vec<Step>) -> TestCaseResult {
    let (hub, first, told) = one_thread(Limits::default());
    let second = Local::attach(hub.clone(), told, Instant::now()).expect("two threads");
    let locals = [first, second];
    let mut peers: Vec<Peer> = Vec::new();
    let mut floor: BTreeMap<usize, u64> = BTreeMap::new();
    for (n, step) in steps.into_iter().enumerate() {
        let count = peers.len();
        let at = |i: usize| (count > 0).then(|| i % count.max(1));
        match step {
            Step::Join { thread, user } => {
                let joined = locals[thread].join(admission(user)).expect("room");
                peers.push(Peer {
                    joined,
                    user,
                    topics: BTreeSet::new(),
                    expected: Vec::new(),
                    got: Vec::new(),
                });
            }
            Step::Leave(i) => {
                if let Some(i) = at(i) {
                    let mut peer = peers.swap_remove(i);
                    peer.got.extend(taken(&peer.joined));
                    // what waits in a mailbox, nobody gets any more
                    prop_assert!(peer.expected.starts_with(&peer.got));
                }
            }
            Step::Subscribe(i, t) => {
                if let Some(i) = at(i) {
                    let new = subscribe(&hub, &peers[i].joined, TOPICS[t]).new;
                    prop_assert_eq!(new, peers[i].topics.insert(t));
                }
            }
            Step::Unsubscribe(i, t) => {
                if let Some(i) = at(i) {
                    let was = hub.unsubscribe(peers[i].joined.id(), &topic(TOPICS[t]));
                    prop_assert_eq!(was, peers[i].topics.remove(&t));
                }
            }
            Step::Publish {
                topic: t,
                except,
                event,
            } => {
                let except = except.and_then(at);
                let message = match event {
                    true => Message::event(format!("{{\"n\":{n}}}")).expect("an object"),
                    false => text(n),
                };
                let id = except.map(|i| peers[i].joined.id());
                let published = hub.publish(&topic(TOPICS[t]), message, id).expect("room");
                // numbers only rise
                let last = floor.insert(t, published.seq);
                prop_assert!(last.is_none_or(|last| last < published.seq));
                let mut recipients = 0;
                for (i, peer) in peers.iter_mut().enumerate() {
                    if peer.topics.contains(&t) && Some(i) != except {
                        recipients += 1;
                        peer.expected.push(match event {
                            true => format!(
                                "{{\"topic\":\"{}\",\"seq\":{},\"n\":{n}}}",
                                TOPICS[t], published.seq
                            ),
                            false => n.to_string(),
                        });
                    }
                }
                prop_assert_eq!(published.recipients, recipients);
            }
            Step::Send(i) => {
                if let Some(i) = at(i) {
                    prop_assert_eq!(hub.send(peers[i].joined.id(), text(n)), Ok(true));
                    peers[i].expected.push(n.to_string());
                }
            }
            Step::Broadcast { except } => {
                let except = except.and_then(at);
                let id = except.map(|i| peers[i].joined.id());
                let reached = hub.broadcast(text(n), id).expect("room");
                prop_assert_eq!(reached, peers.len() - usize::from(except.is_some()));
                for (i, peer) in peers.iter_mut().enumerate() {
                    if Some(i) != except {
                        peer.expected.push(n.to_string());
                    }
                }
            }
            Step::Turn(thread) => {
                locals[thread].turn();
                for peer in &mut peers {
                    peer.got.extend(taken(&peer.joined));
                }
            }
        }
        check(&hub, &peers)?;
    }
    for local in &locals {
        local.turn();
    }
    for peer in &mut peers {
        peer.got.extend(taken(&peer.joined));
        prop_assert_eq!(&peer.got, &peer.expected);
    }
    let gone: Vec<_> = peers.drain(..).map(|peer| peer.joined.id()).collect();
    for id in gone {
        prop_assert_eq!(hub.send(id, text("late")), Ok(false));
        prop_assert!(!hub.unsubscribe(id, &topic("a")));
        prop_assert_eq!(hub.context(id), None);
    }
    prop_assert_eq!((hub.open(), hub.topics()), (0, 0));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn is_exact(steps in proptest::collection::vec(step(), 1..120)) {
        play(steps)?;
    }
}
