//! The boundary from both sides: clients over sockets, workers that drain when they are told to.

mod answers;
mod credit;
mod far;
mod frames;
mod moving;
mod order;
mod random;
mod requests;
mod wishes;

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local, yield_now};

use super::*;
use crate::config::Balancing;
use crate::dispatch::{Bounds, Suspects, Wake, wire};
use crate::ws::{Admission, Local, Message, PublishError, User, raw, serve};

/// One I/O thread, the hub and a pool.
struct World {
    dispatcher: Arc<Dispatcher>,
    sockets: Arc<Sockets>,
    local: Rc<Local>,
}

impl World {
    fn new(limits: Limits) -> Self {
        let bounds = Bounds {
            queue: 8,
            in_flight: 100,
        };
        let dispatcher = Arc::new(Dispatcher::new(4, Balancing::LeastConnections, bounds));
        let public = ["news".to_owned(), "open/*".to_owned()];
        let sockets = Sockets::new(limits, &public, &dispatcher);
        let now = Instant::now();
        let local = Local::attach(sockets.hub.clone(), sockets.clone(), now).expect("one thread");
        Self {
            dispatcher,
            sockets,
            local,
        }
    }

    /// A worker that is ready.
    fn worker(&self, id: u32, seat: u32) -> Fake {
        let fake = self.starting(id, seat);
        self.dispatcher.admit(&fake.worker);
        fake
    }

    /// A worker that is not.
    fn starting(&self, id: u32, seat: u32) -> Fake {
        let worker = self.dispatcher.enlist(id, seat);
        self.dispatcher.attach(&worker, Box::new(Bell));
        Fake {
            dispatcher: self.dispatcher.clone(),
            sockets: self.sockets.clone(),
            worker,
        }
    }

    fn connect(&self, home: &Fake) -> Client {
        self.connect_as(home, None)
    }

    fn connect_as(&self, home: &Fake, user: Option<&str>) -> Client {
        let admission = Admission {
            user: user.map(|id| User::of(id, None)),
            context: Bytes::from_static(b"card"),
            ..Admission::default()
        };
        let joined = self.local.join(admission).expect("room for a peer");
        let (socket, ours) = duplex(1 << 20);
        let id = joined.id();
        self.sockets.opened(id, Some(home.worker.clone()));
        spawn_local(serve(joined, ours, Bytes::new()));
        Client { id, socket }
    }

    /// Lets all tasks do what they can.
    async fn settle(&self) {
        for _ in 0..10 {
            yield_now().await;
            self.local.turn();
        }
        yield_now().await;
    }
}

struct Bell;

impl Wake for Bell {
    fn wake(&self) {}
}

/// A client's end of a socket.
struct Client {
    id: PeerId,
    socket: DuplexStream,
}

impl Client {
    async fn send(&mut self, first: u8, payload: &[u8]) {
        let frame = raw::frame(first, payload);
        self.socket.write_all(&frame).await.expect("it is open");
    }

    async fn say(&mut self, text: &str) {
        self.send(0x81, text.as_bytes()).await;
    }

    async fn bye(&mut self) {
        self.send(0x88, &1000u16.to_be_bytes()).await;
    }

    /// The texts that have come.
    fn hears(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        while let Some(Ok(read @ 1..)) = self.socket.read(&mut buffer).now_or_never() {
            bytes.extend_from_slice(&buffer[..read]);
        }
        raw::payloads(&bytes)
    }
}

/// What a worker is told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Open(PeerId, u32),
    Message(PeerId, u32, String),
    /// The message is asked for.
    Large(PeerId, u32),
    Close(PeerId, u32, u16, String),
    Drain(PeerId, u32),
    Subscribe(PeerId, u32, String),
    Request(PeerId, u32, u32, String),
    /// The flags and the text.
    Reply(u32, u8, String),
    /// A request of HTTP.
    Exchange,
}

impl Told {
    fn token(&self) -> Option<u32> {
        match *self {
            Told::Open(_, token)
            | Told::Drain(_, token)
            | Told::Message(_, token, _)
            | Told::Large(_, token)
            | Told::Close(_, token, ..)
            | Told::Subscribe(_, token, _)
            | Told::Request(_, token, ..) => Some(token),
            _ => None,
        }
    }

    /// Whether it is that this peer is there, and nothing else.
    fn opens(told: &[Told], peer: PeerId) -> bool {
        matches!(told, [Told::Open(id, _)] if *id == peer)
    }

    /// The message, of one that is one.
    fn text(&self) -> &str {
        match self {
            Told::Message(_, _, text) => text,
            other => panic!("a message expected: {other:?}"),
        }
    }
}

/// A worker without JS.
struct Fake {
    dispatcher: Arc<Dispatcher>,
    sockets: Arc<Sockets>,
    worker: Arc<Worker>,
}

impl Fake {
    /// One turn of at most `max` events, which are of peers.
    fn turn(&self, max: usize) -> Vec<Told> {
        let mut buffer = vec![0; wire::BUFFER_SIZE];
        let (written, _) = self.dispatcher.drain(&self.worker, &mut buffer, max);
        let mut told = Vec::new();
        let mut rest = &buffer[..written];
        while !rest.is_empty() {
            let (record, len) = decode(rest);
            told.push(record);
            rest = &rest[len..];
        }
        told
    }

    /// Whatever there is.
    fn drain(&self) -> Vec<Told> {
        let mut all = Vec::new();
        loop {
            let told = self.turn(16);
            if told.is_empty() {
                return all;
            }
            all.extend(told);
        }
    }

    fn settle(&self, told: &[Told]) {
        let tokens: Vec<u32> = told.iter().filter_map(Told::token).collect();
        self.sockets.settle(&self.worker, &tokens);
    }

    fn allow(&self, told: &Told) -> bool {
        let token = told.token().expect("a wish");
        self.sockets.allow(&self.worker, token)
    }

    fn reply(&self, told: &Told, text: &str) -> Result<bool, PublishError> {
        let token = told.token().expect("a wish");
        self.sockets.reply(&self.worker, token, text.to_owned())
    }

    /// Takes all and settles it.
    fn works(&self) -> Vec<Told> {
        let told = self.drain();
        self.settle(&told);
        told
    }

    fn retires(&self) {
        self.dispatcher.retire(&self.worker);
    }

    fn dies(&self) {
        self.dispatcher.detach(&self.worker);
        self.dispatcher.dismiss(&self.worker, Suspects::None);
    }
}

fn decode(bytes: &[u8]) -> (Told, usize) {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let text = |at: usize, len: u32| {
        String::from_utf8(bytes[at..][..len as usize].to_vec()).expect("text")
    };
    let peer = PeerId::from_bits(u64::from(number(12)) << 32 | u64::from(number(8)));
    let flags = bytes[5];
    let told = match bytes[4] {
        1 => Told::Exchange,
        9 => Told::Open(peer, number(16)),
        10 if flags & 2 != 0 => Told::Large(peer, number(16)),
        10 => Told::Message(peer, number(16), text(24, number(20))),
        11 => {
            let reason = number(20) >> 16;
            let card = text(28 + reason as usize, number(24));
            Told::Close(peer, number(16), number(20) as u16, card)
        }
        12 => Told::Drain(peer, number(16)),
        13 => Told::Subscribe(peer, number(16), text(24, number(20))),
        14 => Told::Request(peer, number(16), number(20), text(28, number(24))),
        15 => Told::Reply(number(16), flags, text(24, number(20))),
        kind => panic!("an event of kind {kind}"),
    };
    (told, number(0) as usize)
}

/// What has come, each a JSON text.
fn heard(client: &mut Client) -> Vec<Value> {
    let texts = client.hears();
    let parsed = texts.iter().map(|text| serde_json::from_str(text));
    parsed.collect::<Result<_, _>>().expect("JSON")
}

/// Clients write the type first.
fn frame(kind: &str, rest: &str) -> String {
    format!("{{\"type\":\"{kind}\",{rest}}}")
}

/// Whether it is the refusal of that wish.
fn error(id: u64, code: &str) -> impl Fn(&Value) -> bool {
    move |value| value["type"] == "__error" && value["id"] == id && value["code"] == code
}

/// A world with one peer at rest.
async fn one(limits: Limits) -> (World, Fake, Client) {
    let world = World::new(limits);
    let worker = world.worker(1, 0);
    let client = world.connect_as(&worker, Some("ann"));
    world.settle().await;
    worker.works();
    (world, worker, client)
}

fn texts(told: &[Told]) -> Vec<&str> {
    told.iter().map(Told::text).collect()
}

fn run(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, test);
}
