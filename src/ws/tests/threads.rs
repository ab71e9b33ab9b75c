//! Several I/O threads and several publishers at once.

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const MESSAGES: usize = 5000;

/// What the peers of one I/O thread got, while a peer that comes and goes is with them.
fn io_thread(hub: &Arc<Hub>, start: &Barrier, done: &AtomicBool) -> Vec<Vec<String>> {
    let told = Arc::new(Told::default());
    let local = Local::attach(hub.clone(), told, Instant::now()).expect("few threads");
    let peers: Vec<_> = (0..5).map(|_| join(&local)).collect();
    for peer in &peers {
        subscribe(hub, peer, "chat");
    }
    let mut got = vec![Vec::new(); peers.len()];
    start.wait();
    loop {
        let last = done.load(Ordering::SeqCst);
        let visitor = join(&local);
        subscribe(hub, &visitor, "chat");
        local.turn();
        for (got, peer) in got.iter_mut().zip(&peers) {
            got.extend(taken(peer));
        }
        if last {
            return got;
        }
    }
}

#[test]
fn every_peer_gets_everything_in_the_same_order() {
    let hub = Hub::new(Limits::default(), 1, Instant::now());
    let start = Barrier::new(4);
    let done = AtomicBool::new(false);
    let publish = |name: &str| {
        let mut numbers = HashMap::new();
        start.wait();
        for n in 0..MESSAGES {
            let message = Message::event(format!("{{\"from\":\"{name}{n}\"}}")).expect("an object");
            let published = hub.publish(&topic("chat"), message, None).expect("room");
            assert!((10..=12).contains(&published.recipients));
            numbers.insert(published.seq, format!("{name}{n}"));
        }
        numbers
    };
    let (sent, got) = thread::scope(|scope| {
        let threads = [0, 1].map(|_| scope.spawn(|| io_thread(&hub, &start, &done)));
        let publishers = ["x", "y"].map(|name| scope.spawn(move || publish(name)));
        let mut sent = HashMap::new();
        for publisher in publishers {
            sent.extend(publisher.join().expect("a publisher ends"));
        }
        done.store(true, Ordering::SeqCst);
        let got = threads.map(|thread| thread.join().expect("an I/O thread ends"));
        (sent, got.concat())
    });
    // no number was given twice, none was left out
    assert_eq!(sent.len(), 2 * MESSAGES);
    let mut seqs: Vec<u64> = sent.keys().copied().collect();
    seqs.sort_unstable();
    let expected: Vec<String> = seqs
        .iter()
        .map(|seq| {
            format!(
                "{{\"topic\":\"chat\",\"seq\":{seq},\"from\":\"{}\"}}",
                sent[seq]
            )
        })
        .collect();
    assert_eq!(got.len(), 10);
    for got in got {
        assert!(got == expected, "a peer got something else");
    }
    assert_eq!((hub.open(), hub.topics()), (0, 0));
}

#[test]
fn a_hub_takes_as_many_threads_as_it_can_wake() {
    let hub = Hub::new(Limits::default(), 1, Instant::now());
    let told = Arc::new(Told::default());
    let attach = || Local::attach(hub.clone(), told.clone(), Instant::now());
    let mut locals: Vec<_> = (0..THREADS).filter_map(|_| attach().ok()).collect();
    assert_eq!(locals.len(), THREADS);
    assert_eq!(attach().err(), Some(TooManyThreads));
    locals.swap_remove(3);
    // the place of one that has ended is free
    let local = attach().expect("a place");
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    assert!(hub.publish(&topic("a"), text("x"), None).is_ok());
    local.turn();
    assert_eq!(taken(&peer), ["x"]);
}
