//! What one delivery costs beside the kernel: a publish, its way to the I/O thread, its frame,
//! the queues of all peers and their writes, into sockets that take everything at once.
//! Then the registry alone, from one thread and from two.
//!
//! `cargo bench --no-default-features --bench hub`

use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use svelte_adapter_oxide::ws::{
    Admission, Closed, Hooks, Hub, Inbound, Limits, Local, Message, PeerId, Subscription,
    TopicName, serve,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, yield_now};

/// Sixty bytes, as in the comparison over sockets.
const TEXT: &str = "a message of exactly sixty bytes, which is short for a chat.";

/// What each peer is written of it.
const FRAME: usize = 2 + TEXT.len();

struct Deaf;

impl Hooks for Deaf {
    fn message(&self, _: PeerId, _: Inbound) {}
    fn heard(&self) {}
    fn drained(&self, _: PeerId) {}
    fn closed(&self, _: PeerId, _: Closed, _: Bytes) {}
}

/// A socket that is silent and takes everything.
struct Sink(Rc<Cell<usize>>);

impl AsyncRead for Sink {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.set(self.0.get() + bytes.len());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        self.0.set(self.0.get() + len);
        Poll::Ready(Ok(len))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn topic() -> TopicName<'static> {
    TopicName::parse("rooms/42").expect("a good name")
}

fn text() -> Message {
    Message::text(TEXT.into())
}

/// An I/O thread with `count` subscribers, and what they have been written.
struct Room {
    runtime: Runtime,
    tasks: LocalSet,
    hub: Arc<Hub>,
    written: Rc<Cell<usize>>,
}

impl Room {
    fn new(count: usize) -> Self {
        let now = Instant::now();
        let hub = Hub::new(Limits::default(), 1, now);
        let local = Local::attach(hub.clone(), Arc::new(Deaf), now).expect("one thread");
        let written = Rc::new(Cell::new(0));
        let tasks = LocalSet::new();
        for _ in 0..count {
            let peer = local.join(Admission::default()).expect("room");
            hub.subscribe(peer.id(), &topic(), &Subscription::default())
                .expect("room");
            tasks.spawn_local(serve(peer, Sink(written.clone()), Bytes::new()));
        }
        tasks.spawn_local(async move { local.run().await });
        let room = Room {
            runtime: Builder::new_current_thread().build().expect("a runtime"),
            tasks,
            hub,
            written,
        };
        room.block_on(async {
            for _ in 0..10 {
                yield_now().await;
            }
        });
        room
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.tasks.block_on(&self.runtime, future)
    }

    /// Publishes `messages` at once and waits until all peers have them.
    async fn round(&self, messages: usize) {
        let before = self.written.get();
        let mut recipients = 0;
        for _ in 0..messages {
            let published = self.hub.publish(&topic(), text(), None).expect("room");
            recipients += published.recipients;
        }
        while self.written.get() - before < recipients * FRAME {
            yield_now().await;
        }
        assert_eq!(self.written.get() - before, recipients * FRAME);
    }
}

fn deliver(c: &mut Criterion) {
    let mut group = c.benchmark_group("deliver");
    for peers in [50, 500] {
        let room = Room::new(peers);
        for messages in [1, 32] {
            group.throughput(Throughput::Elements((peers * messages) as u64));
            let id = BenchmarkId::new(format!("{peers} peers"), format!("{messages} in flight"));
            group.bench_function(id, |b| {
                b.iter_custom(|rounds| {
                    room.block_on(async {
                        let start = Instant::now();
                        for _ in 0..rounds {
                            room.round(messages).await;
                        }
                        start.elapsed()
                    })
                });
            });
        }
    }
    group.finish();
}

/// A publish up to the mailbox. The queue of the one peer is full and skips.
fn publish(c: &mut Criterion) {
    let mut group = c.benchmark_group("publish");
    for publishers in [1, 2] {
        group.throughput(Throughput::Elements(publishers));
        group.bench_function(BenchmarkId::new("threads", publishers), |b| {
            b.iter_custom(|rounds| {
                let hub = Hub::new(Limits::default(), 1, Instant::now());
                let local = Local::attach(hub.clone(), Arc::new(Deaf), Instant::now());
                let local = local.expect("one thread");
                let peer = local.join(Admission::default()).expect("room");
                hub.subscribe(peer.id(), &topic(), &Subscription::default())
                    .expect("room");
                let mut left = rounds;
                let mut measured = Duration::ZERO;
                while left > 0 {
                    let portion = left.min(10_000);
                    let start = Instant::now();
                    thread::scope(|scope| {
                        for _ in 0..publishers {
                            scope.spawn(|| {
                                for _ in 0..portion {
                                    black_box(hub.publish(&topic(), text(), None)).expect("room");
                                }
                            });
                        }
                    });
                    measured += start.elapsed();
                    // the I/O thread's share is measured above
                    local.turn();
                    left -= portion;
                }
                measured
            });
        });
    }
    group.finish();
}

criterion_group!(benches, deliver, publish);
criterion_main!(benches);
