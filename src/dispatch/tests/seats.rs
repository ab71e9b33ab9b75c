//! Sessions that are bound to a seat, and who serves it.

use super::*;

#[test]
fn seats_keep_their_order_when_workers_are_replaced() {
    let dispatcher = pool(BOUNDS);
    let workers = [0, 1, 2].map(|seat| Fake::on_seat(&dispatcher, seat));
    let _replacement = Fake::on_seat(&dispatcher, 1);
    assert_eq!(dispatcher.seats(), [0, 1, 2]);
    dispatcher.retire(&workers[1].worker);
    assert_eq!(dispatcher.seats(), [0, 1, 2]);
}

#[test]
fn a_session_stays_on_its_seat_until_that_is_empty() {
    let dispatcher = pool(BOUNDS);
    let [first, second] = [0, 1].map(|seat| Fake::on_seat(&dispatcher, seat));
    let bound = |seat| dispatcher.dispatch(Some(seat), request);
    let asked: Vec<_> = (0..8).map(|_| bound(1).expect("room")).collect();
    assert_eq!(bound(1).err(), Some(Busy));
    assert!(first.takes(16).is_empty(), "they are not for it");
    assert_eq!(second.takes(3).len(), 3);

    dispatcher.retire(&second.worker);
    let moved = bound(1).expect("room");
    assert_eq!(first.takes(16), [moved.id()]);

    // what it never took is nobody's loss
    assert_eq!(dispatcher.dismiss(&second.worker, Suspects::None), 3);
    assert_eq!(first.takes(16).len(), 5);
    drop(asked);
}

#[test]
fn sessions_wait_as_well_for_a_worker_at_its_limit() {
    let bounds = Bounds {
        queue: 8,
        in_flight: 2,
    };
    let dispatcher = pool(bounds);
    let worker = Fake::on_seat(&dispatcher, 0);
    let bound = || dispatcher.dispatch(Some(0), request).expect("room");
    let [first, _second, third, _fourth] = [(); 4].map(|()| bound());
    assert_eq!(worker.takes(16).len(), 2);
    assert_eq!(worker.turn(16), (vec![], false));

    // what is already its own it serves, though it is to go
    dispatcher.retire(&worker.worker);
    let rung = worker.rung();
    worker.answers(first.id());
    assert!(is_answered(first));
    assert_eq!(worker.rung(), rung + 1);
    assert_eq!(worker.takes(16), [third.id()]);
    assert!(!worker.worker.is_idle());
}

#[test]
fn a_session_waits_for_the_worker_that_starts_on_its_seat() {
    let dispatcher = pool(BOUNDS);
    let other = Fake::on_seat(&dispatcher, 0);
    let next = dispatcher.enlist(9, 1);
    assert!(dispatcher.starts_on(1) && !dispatcher.starts_on(0));
    let bound = || dispatcher.dispatch(Some(1), request).expect("room");
    let (first, second) = (bound(), bound());
    assert_eq!(other.takes(16), []);
    let rung = Arc::new(AtomicUsize::new(0));
    dispatcher.attach(&next, Box::new(Bell(rung.clone())));
    let third = bound();
    assert_eq!(rung.load(SeqCst), 0, "it is not ready yet");
    dispatcher.admit(&next);
    let next = Fake {
        dispatcher: dispatcher.clone(),
        worker: next,
        rung,
    };
    assert_eq!(next.rung(), 1);
    assert_eq!(next.takes(16), [first.id(), second.id(), third.id()]);
}

#[test]
fn a_session_whose_worker_does_not_start_goes_elsewhere() {
    let dispatcher = pool(BOUNDS);
    let other = Fake::on_seat(&dispatcher, 0);
    let next = dispatcher.enlist(9, 1);
    let bound = dispatcher.dispatch(Some(1), request).expect("room");
    dispatcher.dismiss(&next, Suspects::None);
    assert_eq!(other.takes(16), [bound.id()]);
}
