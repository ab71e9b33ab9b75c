//! Events of peers beside those of exchanges.

use super::*;

fn peer_message(token: u32) -> PeerEvent {
    PeerEvent {
        peer: 1 << 32 | 7,
        news: PeerNews::Message {
            token,
            text: true,
            data: Some(bytes::Bytes::from_static(b"x")),
        },
    }
}

#[test]
fn requests_have_their_turn_among_the_events_of_peers() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    for max in [1, 4, 16] {
        let exchanges: Vec<_> = (0..4).map(|_| ask(&dispatcher)).collect();
        for token in 0..100 {
            let asleep = worker.worker.queue(peer_message(token));
            assert!(!asleep, "the requests have woken it");
        }
        let mut kinds = Vec::new();
        loop {
            let (events, more) = worker.turn(max);
            kinds.extend(events.iter().map(|(kind, _)| *kind));
            if !more {
                break;
            }
        }
        assert_eq!(kinds.len(), 104);
        let last = kinds.iter().rposition(|kind| *kind == 1).expect("requests");
        let row = (max / 2).max(1);
        assert!(last <= 4 * (row + 1), "{max}: the last is number {last}");
        drop(exchanges);
        worker.turn(16);
    }
}

#[test]
fn a_worker_that_owes_peers_something_is_not_idle() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    worker.turn(1);
    assert!(worker.worker.is_idle());
    worker.worker.owes();
    assert!(worker.worker.queue(peer_message(1)), "it sleeps");
    worker.worker.rouse();
    assert_eq!(worker.rung(), 1);
    assert_eq!(worker.turn(16).0.len(), 1);
    assert!(!worker.worker.is_idle());
    worker.worker.settles();
    assert!(worker.worker.is_idle());
}

#[test]
fn what_was_not_taken_of_peers_can_be_had_back() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    let _ = worker.worker.queue(peer_message(1));
    worker.worker.send(Event::Ping);
    let _ = worker.worker.queue(peer_message(2));
    let back = worker.worker.reclaim();
    let tokens = back.iter().map(|event| match event.news {
        PeerNews::Message { token, .. } => token,
        _ => panic!("{event:?}"),
    });
    assert_eq!(tokens.collect::<Vec<_>>(), [1, 2]);
    let (events, _) = worker.turn(16);
    assert_eq!(events.len(), 1, "the ping stays");
}

#[test]
fn peers_have_their_turn_among_requests() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    let exchanges: Vec<_> = (0..8).map(|_| ask(&dispatcher)).collect();
    for token in 0..8 {
        let _ = worker.worker.queue(peer_message(token));
    }
    for _ in 0..8 {
        let kinds: Vec<u8> = worker.turn(1).0.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [10, 1]);
    }
    drop(exchanges);
}

#[test]
fn a_turn_takes_more_events_of_peers_than_requests() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    for token in 0..200 {
        let _ = worker.worker.queue(peer_message(token));
    }
    let exchanges: Vec<_> = (0..8).map(|_| ask(&dispatcher)).collect();
    let (events, more) = worker.turn(16);
    assert!(more);
    let requests = events.iter().filter(|(kind, _)| *kind == 1).count();
    let peers = events.len() - requests;
    assert!(requests >= 4, "{requests} requests");
    assert!(peers > 16, "{peers} events of peers");
    assert!(
        4 * requests + peers <= 64 + 3,
        "{requests} requests, {peers} events of peers"
    );
    drop(exchanges);
}
