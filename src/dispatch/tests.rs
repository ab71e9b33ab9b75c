//! The pool from outside: who takes what, in which order, and what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use super::*;

mod deaths;
mod peers;
mod seats;

struct Bell(Arc<AtomicUsize>);

impl Wake for Bell {
    fn wake(&self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A worker without JS: it drains when it is told to.
struct Fake {
    dispatcher: Arc<Dispatcher>,
    worker: Arc<Worker>,
    rung: Arc<AtomicUsize>,
}

impl Fake {
    fn on_seat(dispatcher: &Arc<Dispatcher>, seat: u32) -> Self {
        let rung = Arc::new(AtomicUsize::new(0));
        let worker = dispatcher.enlist(seat + 1, seat);
        dispatcher.attach(&worker, Box::new(Bell(rung.clone())));
        dispatcher.admit(&worker);
        Self {
            dispatcher: dispatcher.clone(),
            worker,
            rung,
        }
    }

    fn rung(&self) -> usize {
        self.rung.load(SeqCst)
    }

    /// The kinds and names of what one turn brings, and whether more is waiting.
    fn turn(&self, max: usize) -> (Vec<(u8, ExchangeId)>, bool) {
        let mut buffer = vec![0; 1 << 16];
        let (written, more) = self
            .dispatcher
            .drain(&self.worker, &mut buffer, max * EVENT_WORK);
        let mut events = Vec::new();
        let mut rest = &buffer[..written];
        while let Some(record) = rest.get(..16) {
            let number =
                |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().expect("four bytes"));
            let id = ExchangeId {
                slot: number(8),
                generation: number(12),
            };
            events.push((record[4], id));
            rest = &rest[number(0) as usize..];
        }
        (events, more)
    }

    /// The exchanges one turn brings.
    fn takes(&self, max: usize) -> Vec<ExchangeId> {
        let (events, _) = self.turn(max);
        let requests = events.iter().filter(|(kind, _)| *kind == 1);
        requests.map(|(_, id)| *id).collect()
    }

    fn answers(&self, id: ExchangeId) {
        let mut record = Vec::new();
        for number in [28, 0, id.slot, id.generation, 200, 0, 0] {
            record.extend(u32::to_le_bytes(number));
        }
        wire::deliver(self.dispatcher.slots(), &record).expect("a reply");
    }

    fn begins_stream(&self, id: ExchangeId) {
        let mut record = Vec::new();
        for number in [28, 2 << 8, id.slot, id.generation, 200, 0, 0] {
            record.extend(u32::to_le_bytes(number));
        }
        wire::deliver(self.dispatcher.slots(), &record).expect("a reply");
    }
}

const BOUNDS: Bounds = Bounds {
    queue: 8,
    in_flight: 100,
};

fn pool(bounds: Bounds) -> Arc<Dispatcher> {
    Arc::new(Dispatcher::new(4, Balancing::LeastConnections, bounds))
}

fn request(id: ExchangeId) -> RequestEvent {
    RequestEvent {
        id,
        route: None,
        text: b"GEThttp://a/".to_vec(),
        method_len: 3,
        origin_len: 8,
        target_len: 1,
        address_len: 0,
        port: 1,
        canonical: true,
        http10: false,
        opens: None,
        content_length: None,
        body: RequestBody::None,
    }
}

fn ask(dispatcher: &Dispatcher) -> Exchange {
    dispatcher.dispatch(None, request).expect("there is room")
}

fn reply(exchange: Exchange) -> Option<Result<Reply, ReplyError>> {
    let mut reply = std::pin::pin!(exchange.reply());
    match reply.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => Some(reply),
        Poll::Pending => None,
    }
}

fn is_answered(exchange: Exchange) -> bool {
    matches!(reply(exchange), Some(Ok(_)))
}

fn lost(exchange: Exchange) -> Lost {
    match reply(exchange) {
        Some(Err(ReplyError::Lost(lost))) => lost,
        other => panic!("{other:?} is not lost"),
    }
}

#[test]
fn requests_wait_in_order_until_somebody_comes() {
    let dispatcher = pool(BOUNDS);
    let asked: Vec<_> = (0..3).map(|_| ask(&dispatcher)).collect();
    assert_eq!((dispatcher.waiting(), dispatcher.ready()), (3, 0));

    let worker = Fake::on_seat(&dispatcher, 0);
    assert_eq!(worker.rung(), 1, "what waited wakes it");
    let ids: Vec<_> = asked.iter().map(Exchange::id).collect();
    assert_eq!(worker.takes(16), ids);
    assert_eq!(worker.worker.in_flight(), 3);

    for id in ids {
        worker.answers(id);
    }
    assert!(asked.into_iter().all(is_answered));
    assert_eq!(
        (worker.worker.in_flight(), worker.worker.requests()),
        (0, 3)
    );
}

#[test]
fn a_sleeper_is_woken_once_and_one_that_is_awake_never() {
    let dispatcher = pool(BOUNDS);
    let worker = Fake::on_seat(&dispatcher, 0);
    let _asked = [ask(&dispatcher), ask(&dispatcher), ask(&dispatcher)];
    assert_eq!(worker.rung(), 1);
    assert!(worker.turn(2).1, "it has to come again by itself");
    assert_eq!(worker.takes(2).len(), 1);
    let _more = ask(&dispatcher);
    assert_eq!(worker.rung(), 2, "it slept");
}

#[test]
fn idle_workers_come_before_busy_ones() {
    let dispatcher = pool(BOUNDS);
    let [first, second] = [0, 1].map(|seat| Fake::on_seat(&dispatcher, seat));
    let _a = ask(&dispatcher);
    assert_eq!((first.rung(), second.rung()), (1, 0));
    // the first has not come yet: it is busy with something else
    let _b = ask(&dispatcher);
    assert_eq!((first.rung(), second.rung()), (1, 1));
    assert_eq!(second.takes(16).len(), 1, "its share of two");
    assert_eq!(second.takes(16).len(), 1, "and what nobody else came for");
}

#[test]
fn the_one_with_the_fewest_in_flight_is_asked() {
    let dispatcher = pool(BOUNDS);
    let [first, second] = [0, 1].map(|seat| Fake::on_seat(&dispatcher, seat));
    let _kept = ask(&dispatcher);
    first.takes(16);
    let _kept = ask(&dispatcher);
    second.takes(16);
    let third = ask(&dispatcher);
    first.takes(16);
    drop(third);
    first.turn(16);
    let done = ask(&dispatcher);
    second.takes(16);
    second.answers(done.id());
    assert!(is_answered(done));
    let rung = (first.rung(), second.rung());
    let _more = [ask(&dispatcher), ask(&dispatcher)];
    assert_eq!((first.rung(), second.rung()), (rung.0 + 1, rung.1 + 1));
}

#[test]
fn the_line_is_bounded_and_dead_requests_make_room() {
    let dispatcher = pool(BOUNDS);
    let mut asked: Vec<_> = (0..8).map(|_| ask(&dispatcher)).collect();
    assert_eq!(dispatcher.dispatch(None, request).err(), Some(Busy));
    asked.truncate(5);
    let _sixth = ask(&dispatcher);
    assert_eq!(dispatcher.waiting(), 6, "those whose clients left are gone");

    let worker = Fake::on_seat(&dispatcher, 0);
    asked.truncate(2);
    assert_eq!(worker.takes(16).len(), 3, "nor are they begun");
    assert_eq!(worker.worker.in_flight(), 3);
}

#[test]
fn a_worker_at_its_limit_takes_no_more_until_one_is_answered() {
    let bounds = Bounds {
        queue: 8,
        in_flight: 2,
    };
    let dispatcher = pool(bounds);
    let worker = Fake::on_seat(&dispatcher, 0);
    let mut asked: Vec<_> = (0..5).map(|_| ask(&dispatcher)).collect();
    let ids = worker.takes(16);
    assert_eq!(ids.len(), 2);
    assert_eq!(
        worker.turn(16),
        (vec![], false),
        "it sleeps although others wait"
    );

    // an answer that goes on as a stream makes room as well
    worker.begins_stream(ids[0]);
    let first = asked.remove(0);
    let Some(Ok(stream)) = reply(first) else {
        panic!("it was answered");
    };
    assert_eq!(worker.rung(), 2);
    assert_eq!(worker.takes(16).len(), 1);
    worker.answers(ids[1]);
    assert!(is_answered(asked.remove(0)));
    assert_eq!(worker.takes(16).len(), 1);
    drop(stream);
    assert_eq!(worker.worker.in_flight(), 2);
}

#[test]
fn a_worker_at_its_limit_comes_back_however_many_leave_it_at_once() {
    let bounds = Bounds {
        queue: 8,
        in_flight: 2,
    };
    let dispatcher = pool(bounds);
    let worker = Fake::on_seat(&dispatcher, 0);
    for _ in 0..1_000 {
        let [first, second, waiting] = [(); 3].map(|()| ask(&dispatcher));
        assert_eq!(worker.takes(16), [first.id(), second.id()]);
        assert_eq!(worker.turn(16), (vec![], false));
        let rung = worker.rung();
        let both = std::sync::Barrier::new(2);
        let leave = |exchange: Exchange| {
            both.wait();
            drop(exchange);
        };
        std::thread::scope(|scope| {
            scope.spawn(|| leave(first));
            leave(second);
        });
        assert!(worker.rung() > rung, "somebody waits");
        let taken = worker.takes(16);
        assert_eq!(taken, [waiting.id()]);
        drop(waiting);
        assert!(worker.takes(16).is_empty());
    }
}

#[test]
fn another_is_asked_where_the_one_that_was_woken_does_not_come() {
    let dispatcher = pool(BOUNDS);
    let [first, second] = [0, 1].map(|seat| Fake::on_seat(&dispatcher, seat));
    let waiting = ask(&dispatcher);
    assert_eq!((first.rung(), second.rung()), (1, 0));
    // it runs something else, of which nobody has told us
    dispatcher.look_after_the_line();
    assert_eq!((first.rung(), second.rung()), (1, 1));
    assert_eq!(second.takes(16), [waiting.id()]);
    assert_eq!(second.turn(16), (vec![], false));
    dispatcher.look_after_the_line();
    assert_eq!(second.rung(), 1, "nobody waits");
}

#[test]
fn a_client_that_hangs_up_while_it_waits_is_told_of_to_whoever_takes_it() {
    let dispatcher = pool(BOUNDS);
    let asked = ask(&dispatcher);
    asked.hang_up();
    let worker = Fake::on_seat(&dispatcher, 0);
    assert_eq!(worker.turn(16).0, [(1, asked.id()), (7, asked.id())]);
}

/// Requests from several threads, workers that sleep and wake, one that dies on the way:
/// whatever was asked is answered or lost, and nobody sleeps over a request.

#[test]
fn no_request_is_forgotten_however_threads_meet() {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(&self) {
            self.0.unpark();
        }
    }
    let dispatcher = Arc::new(Dispatcher::new(
        64,
        Balancing::LeastConnections,
        Bounds {
            queue: 10_000,
            in_flight: 3,
        },
    ));
    let done = Arc::new(AtomicUsize::new(0));
    const ASKED: usize = 4 * 5_000;
    let workers: Vec<_> = (0..3)
        .map(|seat| {
            let (dispatcher, done) = (dispatcher.clone(), done.clone());
            std::thread::spawn(move || {
                let worker = dispatcher.enlist(seat + 1, seat);
                let fake = Fake {
                    dispatcher: dispatcher.clone(),
                    worker: worker.clone(),
                    rung: Arc::default(),
                };
                dispatcher.attach(&worker, Box::new(Unpark(std::thread::current())));
                dispatcher.admit(&worker);
                let mut left = if seat == 2 { 1_000 } else { usize::MAX };
                while done.load(SeqCst) < ASKED && left > 0 {
                    let (events, more) = fake.turn(16);
                    for (_, id) in events.iter().filter(|(kind, _)| *kind == 1) {
                        fake.answers(*id);
                        left = left.saturating_sub(1);
                    }
                    if !more && events.is_empty() {
                        std::thread::park_timeout(std::time::Duration::from_secs(20));
                    }
                }
                dispatcher.dismiss(&worker, Suspects::None);
            })
        })
        .collect();
    let askers: Vec<_> = (0..4)
        .map(|_| {
            let (dispatcher, done) = (dispatcher.clone(), done.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async {
                    for number in 0..ASKED as u32 / 4 {
                        let seat = (number % 3 != 0).then_some(number % 4);
                        let exchange = dispatcher.dispatch(seat, request).expect("there is room");
                        let outcome = exchange.reply().await;
                        assert!(
                            matches!(outcome, Ok(_) | Err(ReplyError::Lost(_))),
                            "{outcome:?}"
                        );
                        done.fetch_add(1, SeqCst);
                    }
                });
            })
        })
        .collect();
    for thread in askers {
        thread.join().expect("no assertion failed");
    }
    // those that sleep now have nothing more to come for
    for worker in dispatcher.workers() {
        worker.send(Event::Ping);
    }
    for thread in workers {
        thread.join().expect("no assertion failed");
    }
    assert_eq!((dispatcher.waiting(), dispatcher.ready()), (0, 0));
}
