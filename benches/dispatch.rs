//! What a worker costs beside its JavaScript: slots, the records that cross to it and back,
//! and the whole way of an exchange.
//!
//! `cargo bench --no-default-features --bench dispatch`

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use svelte_adapter_oxide::config::Balancing;
use svelte_adapter_oxide::dispatch::{
    Bounds, Dispatcher, EVENT_WORK, Event, ExchangeId, Push, Reply, ReplyError, RequestBody,
    RequestEvent, Slots, Taken, Wake, wire,
};

const ORIGIN: &[u8] = b"https://www.example.com";
const TARGET: &[u8] = b"/blog/how-we-ship?page=2";
const ADDRESS: &[u8] = b"203.0.113.7";
const HEADERS: &[u8] = b"host\nwww.example.com\n\
    user-agent\nMozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\n\
    accept\ntext/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\n\
    accept-language\nen-GB,en;q=0.7,de;q=0.3\naccept-encoding\ngzip, deflate, br, zstd\n\
    referer\nhttps://www.example.com/blog\nconnection\nkeep-alive\n\
    cookie\nsession=0123456789abcdef0123456789abcdef; theme=dark\n\
    upgrade-insecure-requests\n1\nsec-fetch-dest\ndocument\nsec-fetch-mode\nnavigate\n\
    sec-fetch-site\nsame-origin\nsec-fetch-user\n?1\npriority\nu=0, i\n";

const REPLY_HEADERS: &[u8] = b"content-type\ntext/html\nx-sveltekit-page\ntrue\n\
    etag\n\"1k2j3h4\"\ncache-control\nprivate, no-store\nset-cookie\na=1; Path=/\n\
    link\n<./_app/immutable/entry/start.js>; rel=\"modulepreload\"; nopush\n";

fn request(id: ExchangeId) -> RequestEvent {
    RequestEvent {
        id,
        route: Some(3),
        text: [b"GET", ORIGIN, TARGET, ADDRESS, HEADERS].concat(),
        method_len: 3,
        origin_len: ORIGIN.len() as u16,
        target_len: TARGET.len() as u32,
        address_len: ADDRESS.len() as u16,
        port: 41_234,
        canonical: true,
        http10: false,
        opens: None,
        content_length: None,
        body: RequestBody::None,
    }
}

/// A reply with its whole body as JavaScript writes it.
fn reply(id: ExchangeId, headers: &[u8], body: &[u8]) -> Vec<u8> {
    let len = (28 + headers.len() + body.len()).next_multiple_of(4);
    let mut record = Vec::with_capacity(len);
    record.extend((len as u32).to_le_bytes());
    record.extend([0, 1, 0, 0]);
    record.extend(id.slot.to_le_bytes());
    record.extend(id.generation.to_le_bytes());
    record.extend(200u32.to_le_bytes());
    record.extend((headers.len() as u32).to_le_bytes());
    record.extend((body.len() as u32).to_le_bytes());
    record.extend(headers);
    record.extend(body);
    record.resize(len, 0);
    record
}

fn slots(c: &mut Criterion) {
    let mut group = c.benchmark_group("slots");
    let slots = Slots::new(1_000);
    group.throughput(Throughput::Elements(1));
    group.bench_function("acquire, release", |b| {
        b.iter(|| black_box(slots.acquire()))
    });
    group.bench_function("acquire, release after a stream", |b| {
        let taken = || {
            let taken = slots.acquire();
            assert_eq!(slots.push(taken.id(), b"chunk"), Push::Taken);
            slots.end(taken.id());
            taken
        };
        b.iter_batched(taken, drop, BatchSize::SmallInput);
    });
    group.bench_function("a call from JavaScript", |b| {
        let taken = slots.acquire();
        b.iter(|| slots.credit(black_box(taken.id()), 1));
    });
    group.bench_function("a late call", |b| {
        let id = slots.acquire().id();
        b.iter(|| slots.push(black_box(id), b"chunk"));
    });

    let open = 500;
    group.throughput(Throughput::Elements(open));
    group.bench_function(format!("{open} at a time"), |b| {
        b.iter(|| (0..open).map(|_| slots.acquire()).collect::<Vec<Taken>>());
    });
    group.finish();
}

fn records(c: &mut Criterion) {
    let mut group = c.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    let nobody = Slots::new(1).acquire().id();
    let mut buffer = vec![0; wire::BUFFER_SIZE];
    for (name, event) in [
        ("request", Event::Request(Box::new(request(nobody)))),
        ("abort", Event::Abort(nobody)),
        (
            "chunk of 16 KiB",
            Event::Chunk(nobody, vec![b'x'; 16 << 10].into()),
        ),
    ] {
        group.bench_function(format!("encode: {name}"), |b| {
            b.iter(|| wire::encode(black_box(&event), &mut buffer));
        });
    }
    let slots = Slots::new(1);
    for (name, size) in [("of 100 B", 100), ("of 8 KiB", 8 << 10)] {
        // the exchange is over, so only the record is read
        let record = reply(nobody, REPLY_HEADERS, &vec![b'x'; size]);
        group.bench_function(format!("decode: reply {name}"), |b| {
            b.iter(|| wire::deliver(&slots, black_box(&record)));
        });
    }
    group.finish();
}

fn finish(reply: impl Future<Output = Result<Reply, ReplyError>>) -> Reply {
    match pin!(reply).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(reply)) => reply,
        other => panic!("the reply is there: {other:?}"),
    }
}

/// A worker that comes without being called.
struct Deaf;

impl Wake for Deaf {
    fn wake(&self) {}
}

fn exchange(c: &mut Criterion) {
    let mut group = c.benchmark_group("exchange");
    group.throughput(Throughput::Elements(1));
    let bounds = Bounds {
        queue: 1_024,
        in_flight: 4_096,
    };
    let dispatcher = Dispatcher::new(1_000, Balancing::LeastConnections, bounds);
    let worker = dispatcher.enlist(1, 0);
    dispatcher.attach(&worker, Box::new(Deaf));
    dispatcher.admit(&worker);
    let mut buffer = vec![0; wire::BUFFER_SIZE];
    let headers_of = [
        ("one header", b"content-type\napplication/json\n".as_slice()),
        ("a page's headers", REPLY_HEADERS),
    ];
    for (name, headers) in headers_of {
        group.bench_function(format!("there and back, {name}"), |b| {
            let mut record = reply(
                ExchangeId {
                    slot: 0,
                    generation: 0,
                },
                headers,
                b"{}",
            );
            b.iter(|| {
                let exchange = dispatcher.dispatch(None, request).expect("there is room");
                let id = exchange.id();
                black_box(dispatcher.drain(&worker, &mut buffer, 16 * EVENT_WORK));
                record[8..12].copy_from_slice(&id.slot.to_le_bytes());
                record[12..16].copy_from_slice(&id.generation.to_le_bytes());
                wire::deliver(dispatcher.slots(), &record).expect("well-formed");
                finish(exchange.reply())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, slots, records, exchange);
criterion_main!(benches);
