//! What becomes of exchanges when their worker dies or goes, and of those that nobody takes.

use super::*;

#[test]
fn a_worker_that_is_just_taking_something_is_not_idle() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    assert!(worker.worker.is_idle());
    drop(ask(&dispatcher));
    dispatcher.retire(&worker.worker);
    assert!(!worker.worker.is_idle());
    assert_eq!(worker.turn(16), (vec![], false));
    assert!(worker.worker.is_idle());
}

#[test]
fn a_death_loses_what_was_taken_and_names_the_suspect() {
    let dispatcher = pool(BOUNDS);
    let [first, second] = [0, 1].map(|seat| Fake::on_seat(&dispatcher, seat));
    let asked: Vec<_> = (0..4).map(|_| ask(&dispatcher)).collect();
    let taken = first.takes(2);
    assert_eq!(taken.len(), 2);
    let others = [second.takes(2), second.takes(2)].concat();

    assert_eq!(
        dispatcher.dismiss(&first.worker, Suspects::One(taken[1])),
        2
    );
    assert_eq!(
        dispatcher.dismiss(&first.worker, Suspects::All),
        0,
        "it dies once"
    );
    let mut suspected = Vec::new();
    for exchange in asked {
        let id = exchange.id();
        if taken.contains(&id) {
            suspected.push(lost(exchange).suspected);
        } else {
            second.answers(id);
            assert!(others.contains(&id) && is_answered(exchange));
        }
    }
    assert_eq!(suspected, [false, true]);
    assert!(!first.worker.has_events(), "a dead worker is told nothing");
    assert_eq!(dispatcher.ready(), 1);
}

#[test]
fn what_a_thread_leaves_waits_until_the_cause_of_its_end_is_known() {
    let dispatcher = pool(BOUNDS);
    let first = Fake::on_seat(&dispatcher, 0);
    let taken = [ask(&dispatcher), ask(&dispatcher)];
    first.takes(16);
    let bound = dispatcher
        .dispatch(Some(0), request)
        .expect("there is room");
    dispatcher.detach(&first.worker);
    let second = Fake::on_seat(&dispatcher, 1);
    assert!(second.takes(16).is_empty());

    assert_eq!(dispatcher.dismiss(&first.worker, Suspects::All), 2);
    for exchange in taken {
        assert!(lost(exchange).suspected, "any may have been the one");
    }
    assert_eq!(second.takes(16), [bound.id()]);
}

#[test]
fn one_that_was_given_up_and_lives_on_takes_nothing() {
    let dispatcher = pool(BOUNDS);
    let [first, second] = [0, 1].map(|seat| Fake::on_seat(&dispatcher, seat));
    let bound = dispatcher.dispatch(Some(0), request).expect("room");
    dispatcher.dismiss(&first.worker, Suspects::None);
    let free = ask(&dispatcher);
    assert_eq!(first.turn(16), (vec![], false));
    // it was given up between taking the request from the line and having it
    let late = dispatcher.slots().bind(free.id(), &first.worker);
    assert_eq!(late, super::containment::Bound::Gone);
    let mut taken = second.takes(16);
    taken.extend(second.takes(16));
    assert_eq!(taken, [bound.id(), free.id()]);
    assert_eq!((first.worker.in_flight(), dispatcher.waiting()), (0, 0));
}

#[test]
fn an_answer_given_before_death_counts_and_a_stream_breaks() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    let (whole, stream) = (ask(&dispatcher), ask(&dispatcher));
    worker.takes(16);
    worker.answers(whole.id());
    worker.begins_stream(stream.id());
    dispatcher.slots().push(stream.id(), b"half");
    let late = stream.id();
    let lost = dispatcher.dismiss(&worker.worker, Suspects::None);
    assert_eq!(lost, 1, "the stream alone");
    assert!(is_answered(whole));
    let Some(Ok(Reply {
        body: ReplyBody::Stream(mut body),
        ..
    })) = reply(stream)
    else {
        panic!("its head was there");
    };
    assert_eq!(dispatcher.slots().push(late, b"x"), Push::Gone);
    let mut frame = || {
        let mut cx = Context::from_waker(Waker::noop());
        http_body::Body::poll_frame(std::pin::Pin::new(&mut body), &mut cx)
    };
    assert!(matches!(frame(), Poll::Ready(Some(Ok(_)))));
    assert!(frame().is_pending(), "what came before it is written first");
    assert!(matches!(frame(), Poll::Ready(Some(Err(_)))));
}

#[test]
fn a_retired_worker_finishes_what_it_has() {
    let dispatcher = pool(BOUNDS);
    let [old, new] = [0, 1].map(|seat| Fake::on_seat(&dispatcher, seat));
    let asked = ask(&dispatcher);
    old.takes(16);
    dispatcher.retire(&old.worker);
    assert_eq!(old.worker.standing(), Standing::Draining);
    assert!(!old.worker.is_idle());
    let next = ask(&dispatcher);
    assert!(old.takes(16).is_empty());
    assert_eq!(new.takes(16), [next.id()]);
    old.answers(asked.id());
    assert!(is_answered(asked) && old.worker.is_idle());
}

#[test]
fn what_waits_is_answered_when_no_worker_will_come() {
    let dispatcher = pool(BOUNDS);
    let last = Fake::on_seat(&dispatcher, 0);
    let (taken, waits) = (ask(&dispatcher), ask(&dispatcher));
    let bound = dispatcher.dispatch(Some(0), request).expect("room");
    assert_eq!(last.takes(1), [bound.id()]);
    assert_eq!(last.takes(1), [taken.id()]);
    let also = dispatcher.dispatch(Some(0), request).expect("room");
    dispatcher.forsake();
    assert!(matches!(reply(waits), Some(Err(ReplyError::Forsaken))));
    assert_eq!(dispatcher.waiting(), 0);
    assert!(
        matches!(dispatcher.dispatch(None, request), Err(Busy)),
        "nobody waits in vain"
    );
    dispatcher.dismiss(&last.worker, Suspects::None);
    assert!(matches!(reply(also), Some(Err(ReplyError::Forsaken))));
    for begun in [taken, bound] {
        assert_eq!(lost(begun), Lost { suspected: false });
    }
}
