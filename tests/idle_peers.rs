//! What the hub keeps in memory for a peer that has nothing to say, counted to the byte by an
//! allocator that adds up what it gives out: fifty thousand of them, more than most machines let a
//! process have sockets. What the kernel and the worker keep, `npm run bench:memory` measures.

// With Node, the addon brings an allocator of its own.
#![cfg(not(feature = "napi"))]
#![allow(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use svelte_adapter_oxide::ws::{
    Admission, Closed, Hooks, Hub, Inbound, Limits, Local, Message, PeerId, Subscription,
    TopicName, Transport, serve,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, yield_now};

const PEERS: usize = 50_000;

/// What the app keeps with each, which is not counted: it is the app's.
const CARD: usize = 400;

struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all work is done by the system's allocator, which keeps the contract; the count beside
// it changes no pointer and no layout.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises; the pointer is one of `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Deaf;

impl Hooks for Deaf {
    fn message(&self, _: PeerId, _: Inbound) {}
    fn heard(&self) {}
    fn drained(&self, _: PeerId) {}
    fn closed(&self, _: PeerId, _: Closed, _: Bytes) {}
}

/// A masked text of one byte (RFC 6455 5.2, 5.3).
const HELLO: &[u8] = b"\x81\x81\0\0\0\0x";

/// A client that says hello and then nothing, and takes everything.
struct Silent {
    says: &'static [u8],
}

impl AsyncRead for Silent {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let says = std::mem::take(&mut self.says);
        if says.is_empty() {
            return Poll::Pending;
        }
        into.put_slice(says);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Silent {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Lets all tasks do what they can.
async fn settle() {
    // a turn of a `LocalSet` is some sixty of them
    for _ in 0..PEERS / 20 {
        yield_now().await;
    }
}

#[test]
fn a_quiet_peer_is_small() {
    let began = Instant::now();
    let limits = Limits {
        peers_per_address: PEERS,
        ..Limits::default()
    };
    let hub = Hub::new(limits, 1, began);
    let local = Local::attach(hub.clone(), Arc::new(Deaf), began).expect("one thread");
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let running = local.clone();
        tokio::task::spawn_local(async move { running.run().await });
        settle().await;
        let topic = TopicName::parse("news").expect("a good name");
        let address: Arc<str> = "192.0.2.1".into();
        let each = |what: &str, before: usize| {
            let bytes = (ALLOCATED.load(Relaxed) - before) / PEERS - CARD;
            println!("{what}: {bytes} bytes for each of {PEERS} peers");
            bytes
        };

        let before = ALLOCATED.load(Relaxed);
        for _ in 0..PEERS {
            let admission = Admission {
                transport: Transport::Socket,
                address: Some(address.clone()),
                user: None,
                context: vec![b'x'; CARD].into(),
            };
            let peer = local.join(admission).expect("room");
            let says = HELLO;
            tokio::task::spawn_local(serve(peer, Silent { says }, Bytes::new()));
        }
        settle().await;
        let busy = each("in a conversation", before);
        local.sweep(began + Duration::from_secs(2));
        settle().await;
        let quiet = each("quiet", before);

        for peer in hub.peers() {
            hub.subscribe(peer, &topic, &Subscription::default())
                .expect("room");
            local.turn();
        }
        let sent = hub.publish(&topic, Message::text("news".to_owned()), None);
        assert_eq!(sent.map(|sent| sent.recipients), Ok(PEERS));
        settle().await;
        let reader = each("quiet, and has a topic", before);

        assert!(
            quiet + 600 < busy,
            "quiet {quiet}, in a conversation {busy}"
        );
        assert!(quiet <= 1024, "{quiet}");
        assert!(reader <= 1536, "{reader}");
    });
}
