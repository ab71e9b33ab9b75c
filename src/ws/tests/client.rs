//! A client over a socket in memory: raw bytes in, raw bytes out.

use std::future::Future;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

use super::*;
pub use crate::ws::raw::frame;

/// A client's end of a socket that the hub serves.
pub struct Client {
    pub id: PeerId,
    pub socket: DuplexStream,
    pub task: JoinHandle<()>,
}

pub fn connect(local: &Rc<Local>, buffer: usize) -> Client {
    connect_with(local, buffer, Bytes::new())
}

pub fn connect_with(local: &Rc<Local>, buffer: usize, early: Bytes) -> Client {
    let (socket, ours) = duplex(buffer);
    let joined = join(local);
    Client {
        id: joined.id(),
        socket,
        task: spawn_local(serve(joined, ours, early)),
    }
}

impl Client {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.expect("the hub reads");
    }

    pub async fn expect(&mut self, bytes: &[u8]) {
        let mut got = vec![0; bytes.len()];
        self.socket
            .read_exact(&mut got)
            .await
            .expect("the hub writes");
        assert_eq!(got, bytes);
    }

    /// The hub says goodbye and closes; then what it said before, and how it saw it end.
    pub async fn ends(mut self, told: &Told) -> (Vec<u8>, Closed) {
        let mut rest = Vec::new();
        self.socket
            .read_to_end(&mut rest)
            .await
            .expect("the hub closes");
        drop(self.socket);
        self.task.await.expect("no panic");
        let (id, closed) = only_end(told);
        assert_eq!(id, self.id);
        (rest, closed)
    }
}

pub fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// Who ended and how, for a test in which one peer does.
pub fn only_end(told: &Told) -> (PeerId, Closed) {
    let ends = told.closed.lock();
    let [end] = &ends[..] else {
        panic!("one peer ends once: {ends:?}");
    };
    end.clone()
}

pub fn closed(code: u16, reason: &str, was_clean: bool) -> Closed {
    Closed {
        code,
        reason: reason.into(),
        was_clean,
    }
}

pub fn run(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, test);
}

/// Lets all tasks do what they can.
pub async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// What the peer said, for a test with one peer.
pub fn said(told: &Told) -> Vec<Data> {
    told.messages
        .lock()
        .iter()
        .map(|(_, data)| data.clone())
        .collect()
}

pub fn words(texts: &[&str]) -> Vec<Data> {
    let words = texts
        .iter()
        .map(|text| Data::Text(Bytes::copy_from_slice(text.as_bytes())));
    words.collect()
}

pub fn subscribe_id(hub: &Hub, id: PeerId, name: &str) {
    let subscribed = hub.subscribe(id, &topic(name), &Subscription::default());
    assert!(subscribed.is_ok());
}
