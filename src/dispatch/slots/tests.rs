//! What the pool promises, alone and among threads.

use std::collections::VecDeque;

use super::state::IN_WINDOW;
use super::*;

#[test]
fn a_late_call_never_reaches_the_next_exchange_in_the_slot() {
    let slots = Slots::new(1);
    let first = slots.acquire();
    let stale = first.id();
    drop(first);
    let second = slots.acquire();
    assert_eq!(second.id().slot, stale.slot);
    assert_eq!(slots.push(stale, b"x"), Push::Gone);
    slots.end(stale);
    assert_eq!(slots.push(second.id(), b"x"), Push::Taken);
}

#[test]
fn one_chunk_beyond_the_high_water_mark_is_taken_and_no_more() {
    let slots = Slots::new(1);
    let taken = slots.acquire();
    let big = vec![0; OUT_HIGH_WATER * 3];
    assert_eq!(slots.push(taken.id(), &big), Push::Wait);
    assert_eq!(slots.push(taken.id(), b"x"), Push::Full);
    slots.end(taken.id());
    assert_eq!(slots.push(taken.id(), b"x"), Push::Gone);
}

#[test]
fn grows_under_load_and_shrinks_when_it_is_over() {
    let slots = Slots::new(16);
    let taken: Vec<_> = (0..100).map(|_| slots.acquire()).collect();
    assert_eq!(slots.allocated(), 100);
    let stale = taken[50].id();
    drop(taken);
    slots.trim();
    assert_eq!(slots.allocated(), 16);
    let again: Vec<_> = (0..200).map(|_| slots.acquire()).collect();
    let mut ids: Vec<_> = again.iter().map(|taken| taken.id().slot).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200, "no slot is handed out twice");
    assert_eq!(
        slots.push(stale, b"x"),
        Push::Gone,
        "a slot made anew has a new generation"
    );
}

#[test]
fn what_one_exchange_left_behind_is_not_there_for_the_next() {
    let slots = Slots::new(1);
    let taken = slots.acquire();
    let id = taken.id();
    slots.push(id, b"x");
    slots.credit(id, 5);
    slots.cancel_body(id);
    slots.end(id);
    let reply = RawReply {
        status: 200,
        headers: Bytes::new(),
        body: RawBody::Null,
    };
    slots.reply(id, reply);
    drop(taken);

    let taken = slots.acquire();
    assert_eq!(taken.id().slot, id.slot);
    let state = taken.state();
    assert!(state.reply.is_none() && state.out.is_empty() && state.out_end.is_none());
    assert_eq!((state.out_bytes, state.out_wait), (0, false));
    assert_eq!((state.in_credit, state.in_cancelled), (IN_WINDOW, false));
}

#[test]
fn a_free_slot_takes_no_calls() {
    let slots = Slots::new(1);
    let next = ExchangeId {
        slot: 0,
        generation: 0,
    };
    assert_eq!(slots.push(next, b"x"), Push::Gone);
    let taken = slots.acquire();
    assert_eq!(taken.id(), next);
    assert_eq!(slots.push(next, b"x"), Push::Taken);
}

#[test]
fn pools_do_not_mix() {
    let (first, second) = (Slots::new(2), Slots::new(2));
    for _ in 0..3 {
        let taken = [&first, &second, &first].map(Slots::acquire);
        let ids = taken.each_ref().map(Taken::id);
        assert_ne!(ids[0].slot, ids[2].slot);
        assert_eq!(second.push(ids[1], b"x"), Push::Taken);
    }
    assert_eq!((first.allocated(), second.allocated()), (2, 2));
}

/// Threads take, hold and give back, on another thread too, while late calls come and the
/// pool is trimmed.
#[test]
fn no_slot_is_held_twice_however_threads_meet() {
    const BASE: usize = 40;
    let slots = Slots::new(BASE);
    let held: Arc<Vec<AtomicBool>> = Arc::new((0..2_000).map(|_| false.into()).collect());
    let (give, given) = std::sync::mpsc::sync_channel::<(Taken, ExchangeId)>(100);
    let giver = std::thread::spawn({
        let (slots, held) = (slots.clone(), held.clone());
        move || {
            for (taken, stale) in given {
                assert_eq!(slots.push(stale, b"late"), Push::Gone);
                assert_eq!(slots.push(taken.id(), b"own"), Push::Taken);
                assert_eq!(taken.state().out.len(), 1, "nothing but its own");
                held[taken.id().slot as usize].store(false, Relaxed);
            }
        }
    });
    let threads: Vec<_> = (0..4)
        .map(|seed| {
            let (slots, held, give) = (slots.clone(), held.clone(), give.clone());
            std::thread::spawn(move || {
                let mut mine = VecDeque::new();
                let mut stale = None;
                let mut random: u64 = seed;
                for round in 0..20_000 {
                    random = (random * 1_103_515_245 + 12_345) % (1 << 31);
                    let taken = slots.acquire();
                    let was = held[taken.id().slot as usize].swap(true, Relaxed);
                    assert!(!was, "{:?} is held twice", taken.id());
                    mine.push_back(taken);
                    if let Some(stale) = stale {
                        assert_eq!(slots.push(stale, b"late"), Push::Gone);
                    }
                    while mine.len() > random as usize % 100 {
                        let taken: Taken = mine.pop_front().expect("not empty");
                        match stale {
                            Some(stale) if random.is_multiple_of(8) => {
                                give.send((taken, stale)).expect("it listens");
                            }
                            _ => {
                                held[taken.id().slot as usize].store(false, Relaxed);
                                stale = Some(taken.id());
                            }
                        }
                    }
                    if round % 1_000 == 0 {
                        slots.trim();
                    }
                }
                for taken in mine {
                    held[taken.id().slot as usize].store(false, Relaxed);
                }
            })
        })
        .collect();
    drop(give);
    for thread in threads {
        thread.join().expect("no assertion failed");
    }
    giver.join().expect("no assertion failed");
    // what lay on the threads' shelves is back
    assert_eq!(slots.0.free.lock().len(), slots.allocated());
    slots.trim();
    assert!(slots.allocated() <= BASE * 2);
}
