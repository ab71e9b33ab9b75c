//! The load of `npm run bench:ws`, in one thread: subscribers who count what reaches them, and a
//! publisher that keeps a number of messages on their way to all of them. Knows no more of
//! WebSocket than that needs (RFC 6455): it masks with zeros and counts data frames.
//!
//! `fan <address> <path> <peers> <in flight> <seconds> <subscribe> <publish>`: connects, sends
//! the text `subscribe` on each subscriber's socket, says `ready` once a message has reached them
//! all, begins at a line on standard input, and at the end writes a line of JSON.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::io::{self, BufRead};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

const READY_WITHIN: Duration = Duration::from_secs(30);
const STALLED_AFTER: Duration = Duration::from_secs(5);
const INTAKE: usize = 64 * 1024;

type Failure = Box<dyn Error>;

/// What a run was asked to be.
struct Order {
    address: SocketAddr,
    path: String,
    peers: u64,
    in_flight: u64,
    time: Duration,
    subscribe: String,
    publish: String,
}

impl Order {
    fn read() -> Result<Self, Failure> {
        let arguments = std::env::args().skip(1);
        let Ok([address, path, peers, in_flight, seconds, subscribe, publish]) =
            <[String; 7]>::try_from(arguments.collect::<Vec<_>>())
        else {
            return Err("see the head of benches/ws/fan.rs; `npm run bench:ws` runs it".into());
        };
        Ok(Self {
            address: address.parse()?,
            path,
            peers: peers.parse()?,
            in_flight: in_flight.parse()?,
            time: Duration::from_secs_f64(seconds.parse()?),
            subscribe,
            publish,
        })
    }
}

/// What has reached the subscribers.
#[derive(Default)]
struct Tally {
    deliveries: Cell<u64>,
    /// Subscribers that nothing has reached.
    dry: Cell<u64>,
    changed: Notify,
    failed: RefCell<Option<String>>,
}

/// Finds the data frames in what a server sends.
#[derive(Default)]
struct Frames {
    head: Vec<u8>,
    /// Bytes of the payload that are to come.
    rest: usize,
    data: bool,
}

impl Frames {
    /// How many data frames end in `bytes`.
    fn count(&mut self, mut bytes: &[u8]) -> u64 {
        let mut found = 0;
        while let Some(&first) = bytes.first() {
            if self.rest > 0 {
                let taken = self.rest.min(bytes.len());
                self.rest -= taken;
                bytes = &bytes[taken..];
            } else {
                self.head.push(first);
                bytes = &bytes[1..];
                let Some(length) = self.length() else {
                    continue;
                };
                self.data = self.head[0] & 0x0f <= 2;
                self.rest = length;
                self.head.clear();
            }
            if self.rest == 0 && self.head.is_empty() {
                found += u64::from(self.data);
            }
        }
        found
    }

    /// The payload's length, once the head is complete.
    fn length(&self) -> Option<usize> {
        let [_, short, extended @ ..] = &self.head[..] else {
            return None;
        };
        let expected = match short & 0x7f {
            126 => 2,
            127 => 8,
            short => return Some(short.into()),
        };
        let number = |value: usize, byte: &u8| value << 8 | usize::from(*byte);
        (extended.len() == expected).then(|| extended.iter().fold(0, number))
    }
}

/// A text from a client (5.1: masked; a mask of zeros changes nothing).
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            let long = u16::try_from(long).expect("messages of the bench are short");
            frame.push(0x80 | 126);
            frame.extend(long.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

async fn connect(order: &Order) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(order.address).await?;
    stream.set_nodelay(true)?;
    let Order { address, path, .. } = order;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    // a byte at a time: what follows the head is the subscriber's
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    if !head.starts_with("HTTP/1.1 101") {
        return Err(format!("no WebSocket: {}", head.lines().next().unwrap_or_default()).into());
    }
    Ok(stream)
}

async fn subscriber(stream: OwnedReadHalf, tally: Rc<Tally>, intake: Rc<RefCell<Vec<u8>>>) {
    let mut frames = Frames::default();
    let mut dry = true;
    loop {
        if stream.as_ref().readable().await.is_err() {
            break;
        }
        let mut intake = intake.borrow_mut();
        match stream.as_ref().try_read(&mut intake) {
            Ok(0) => break,
            Ok(read) => {
                let found = frames.count(&intake[..read]);
                tally.deliveries.set(tally.deliveries.get() + found);
                if found > 0 && std::mem::take(&mut dry) {
                    tally.dry.set(tally.dry.get() - 1);
                }
                tally.changed.notify_one();
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    let failed = "a subscriber's connection has ended".to_owned();
    tally.failed.borrow_mut().get_or_insert(failed);
    tally.changed.notify_one();
}

/// Has a message reach everybody: none has been published before they had the topic.
async fn make_ready(
    tally: &Tally,
    publisher: &mut OwnedWriteHalf,
    message: &[u8],
) -> Result<(), Failure> {
    let deadline = Instant::now() + READY_WITHIN;
    while tally.dry.get() > 0 {
        if Instant::now() > deadline {
            return Err(format!("nothing has reached {} subscribers", tally.dry.get()).into());
        }
        publisher.write_all(message).await?;
        sleep(Duration::from_millis(100)).await;
    }
    // what is still under way belongs to no round
    sleep(Duration::from_millis(500)).await;
    Ok(())
}

async fn run(order: Order) -> Result<(), Failure> {
    let tally = Rc::new(Tally::default());
    tally.dry.set(order.peers);
    let intake = Rc::new(RefCell::new(vec![0; INTAKE]));
    let subscribe = frame(&order.subscribe);
    let mut held = Vec::new();
    for _ in 0..order.peers {
        let (read, mut write) = connect(&order).await?.into_split();
        write.write_all(&subscribe).await?;
        held.push(write);
        spawn_local(subscriber(read, tally.clone(), intake.clone()));
    }
    // its own side is not read: it has no topic
    let (_silent, mut publisher) = connect(&order).await?.into_split();
    let message = frame(&order.publish);
    make_ready(&tally, &mut publisher, &message).await?;

    println!("ready");
    io::stdin().lock().read_line(&mut String::new())?;
    let (began, before) = (Instant::now(), tally.deliveries.get());
    let mut sent = 0;
    while began.elapsed() < order.time {
        let done = (tally.deliveries.get() - before) / order.peers;
        let due = (done + order.in_flight).saturating_sub(sent);
        publisher.write_all(&message.repeat(due as usize)).await?;
        sent += due;
        timeout(STALLED_AFTER, tally.changed.notified())
            .await
            .map_err(|_| "nothing more comes")?;
        if let Some(failed) = tally.failed.take() {
            return Err(failed.into());
        }
    }
    let deliveries = tally.deliveries.get() - before;
    let seconds = began.elapsed().as_secs_f64();
    println!("{{\"deliveries\":{deliveries},\"sent\":{sent},\"seconds\":{seconds}}}");
    Ok(())
}

fn main() -> Result<(), Failure> {
    let order = Order::read()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run(order))
}
