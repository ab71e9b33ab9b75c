//! Peers of other processes, and what other processes ask of those here.

use super::*;
use crate::link::{Desk, Link, Outcome};
use crate::ws::{CloseCode, FarPeer, Goodbye};

const OTHER: u64 = 7;
const STRANGER: u64 = 9;

fn joined() -> World {
    let world = World::new(Limits::default());
    let link = Link::pretend(world.sockets.hub.clone(), &[OTHER]);
    world.sockets.link.set(link).expect("the first");
    world
}

fn said(world: &World) -> Vec<String> {
    world.sockets.link().expect("it was set").told()
}

fn far(epoch: u64) -> FarPeer {
    let peer = PeerId::from_bits(0x0000_0002_0000_0005);
    FarPeer { epoch, peer }
}

#[test]
fn what_is_for_others_goes_to_those_that_are_there() {
    let world = joined();
    let sockets = &world.sockets;
    let message = Message::text("hi".into());
    assert_eq!(sockets.send_far(far(OTHER), &message), Ok(true));
    assert_eq!(sockets.send_far(far(STRANGER), &message), Ok(false));
    let goodbye = Goodbye::new(CloseCode::POLICY, "out");
    assert!(sockets.disconnect_far(far(OTHER), &goodbye));
    assert!(!sockets.disconnect_far(far(STRANGER), &goodbye));
    let said = said(&world);
    assert_eq!(said.len(), 2);
    assert!(said[0].starts_with("Direct(7, Send("), "{said:?}");
    assert!(said[1].contains("1008, \"out\""), "{said:?}");
    let long = Limits::default().outgoing_bytes + 1;
    let long = Message::binary(vec![0; long].into());
    assert_eq!(
        sockets.send_far(far(OTHER), &long),
        Err(PublishError::TooLong)
    );
}

#[test]
fn replies_from_elsewhere_come_to_whoever_asked() {
    let world = joined();
    let sockets = &world.sockets;
    let worker = world.worker(1, 0);
    let ask = |epoch| sockets.ask_far(worker.worker.clone(), far(epoch), "{}");
    assert_eq!(ask(STRANGER), Err(AskError::Gone));
    let [one, two, three, gone] = [OTHER; 4].map(|epoch| ask(epoch).expect("it is there"));
    sockets.answered(STRANGER, one, Outcome::Gone);
    sockets.answered(OTHER, two, Outcome::Error(Bytes::from_static(b"\"no\"")));
    sockets.answered(OTHER, one, Outcome::Data(Bytes::from_static(b"1")));
    sockets.answered(OTHER, one, Outcome::Data(Bytes::from_static(b"again")));
    said(&world);
    sockets.forget(&worker.worker, three);
    assert_eq!(said(&world), [format!("Direct(7, Forget({three}))")]);
    sockets.answered(OTHER, three, Outcome::Gone);
    Desk::gone(&**sockets, OTHER);
    assert_eq!(
        worker.drain(),
        [
            Told::Reply(two, 1, "\"no\"".into()),
            Told::Reply(one, 0, "1".into()),
            Told::Reply(gone, 2, String::new()),
        ]
    );
}

#[test]
fn peers_here_are_asked_for_others() {
    run(async {
        let world = joined();
        let sockets = &world.sockets;
        let home = world.worker(1, 0);
        let mut ann = world.connect(&home);
        home.works();
        for (id, data) in [(10, "1"), (11, "2"), (12, "3"), (13, "4"), (14, "no JSON")] {
            sockets.asked(OTHER, id, ann.id, &Bytes::from_static(data.as_bytes()));
        }
        sockets.asked(OTHER, 15, far(OTHER).peer, &Bytes::from_static(b"{}"));
        let gone = |id: u32| format!("Direct(7, Reply({id}, Gone))");
        assert_eq!(said(&world), [gone(14), gone(15)]);
        world.settle().await;
        let asked: Vec<u32> = ann.hears().iter().map(|text| number(text)).collect();
        assert_eq!(asked.len(), 4);
        sockets.forgotten(OTHER, 11);
        for id in &asked[..2] {
            ann.say(&format!("{{\"type\":\"__reply\",\"id\":{id},\"data\":5}}"))
                .await;
        }
        ann.say(&format!(
            "{{\"type\":\"__reply\",\"id\":{},\"error\":\"no\"}}",
            asked[2]
        ))
        .await;
        world.settle().await;
        assert_eq!(
            said(&world),
            [
                "Direct(7, Reply(10, Data(b\"5\")))",
                "Direct(7, Reply(12, Error(b\"\\\"no\\\"\")))"
            ]
        );
        drop(ann);
        world.settle().await;
        home.works();
        assert_eq!(said(&world), [gone(13)]);
        // nothing is owed to one that is gone
        let ben = world.connect(&home);
        sockets.asked(OTHER, 20, ben.id, &Bytes::from_static(b"1"));
        Desk::gone(&**sockets, OTHER);
        drop(ben);
        world.settle().await;
        home.works();
        assert_eq!(said(&world), Vec::<String>::new());
    });
}

fn number(text: &str) -> u32 {
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    json["id"].as_u64().expect("a number") as u32
}

#[test]
fn cards_are_told_in_pieces() {
    run(async {
        let world = joined();
        let home = world.worker(1, 0);
        let card = Bytes::from(vec![0xab; 100 << 10]);
        let clients: Vec<Client> = (0..5).map(|_| world.connect(&home)).collect();
        home.works();
        for client in &clients {
            world.sockets.set_card(client.id, card.clone());
        }
        let topic = TopicName::parse("news").expect("a good name");
        let subscribed = world
            .sockets
            .hub
            .subscribe(clients[0].id, &topic, &Default::default());
        subscribed.expect("room");
        let (mut from, mut slots) = (0, Vec::new());
        for piece in 0.. {
            let json = world.sockets.survey(from);
            assert!(json.len() < crate::dispatch::wire::LONGEST);
            let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
            for peer in json["peers"].as_array().expect("peers") {
                slots.push(peer[0].as_u64().expect("a slot"));
                assert_eq!(peer[2].as_str().map(str::len), Some(200 << 10));
                assert_eq!(
                    peer[3].as_array().expect("topics").len(),
                    usize::from(peer[0] == 0)
                );
            }
            match json["next"].as_u64() {
                Some(next) => from = next as u32,
                None => {
                    assert_eq!(piece, 2);
                    break;
                }
            }
        }
        assert_eq!(slots, [0, 1, 2, 3, 4]);
    });
}
