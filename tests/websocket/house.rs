//! A server without JavaScript: real sockets in front, and behind them a worker that answers by
//! the path it is asked for.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use svelte_adapter_oxide::config::{Config, Handoff};
use svelte_adapter_oxide::dispatch::{Wake, Worker, wire};
use svelte_adapter_oxide::server::build::Site;
use svelte_adapter_oxide::server::{App, Bound, Lifecycle, Server};
use svelte_adapter_oxide::ws::Hub;

/// Nothing in these tests takes long; only what hangs does.
pub const PATIENCE: Duration = Duration::from_secs(20);

const FLAG_UPGRADE: u8 = 0b0001_0000;
const FLAG_BAD_HANDSHAKE: u8 = 0b0010_0000;
const FLAG_STREAM: u8 = 0b0100_0000;

/// Bytes of the answer to `/big`, which no socket takes at once.
pub const BIG: usize = 16 * 1024 * 1024;

pub struct House {
    pub app: Arc<App>,
    pub server: Server,
    pub address: SocketAddr,
    closed: Receiver<()>,
    /// Lets the worker answer what it holds.
    release: Hold,
    /// Told when the worker begins to hold something.
    held: Receiver<()>,
}

/// The worker answers what it holds when the sender is dropped.
type Hold = Mutex<Option<Sender<()>>>;

struct Bell(Mutex<Sender<()>>);

impl Wake for Bell {
    fn wake(&self) {
        // a worker that has ended is not woken
        let _ = self.0.lock().expect("no panic").send(());
    }
}

struct Told(Mutex<Sender<()>>);

impl Lifecycle for Told {
    fn closed(&self) {
        let _ = self.0.lock().expect("no panic").send(());
    }

    fn idle(&self) {}
}

/// With the option `websocket`, and further variables.
pub fn house(websocket: Value, variables: &[(&str, &str)]) -> House {
    let handoff = json!({
        "format": 1, "package": "0.1.0", "build": "1", "kit": 3, "base": "", "appPath": "_app",
        "origin": null, "envPrefix": "", "options": { "websocket": websocket }, "assets": [],
        "aliases": [], "prerendered": [], "routes": [], "hooksWs": true,
    });
    let handoff: Handoff = serde_json::from_value(handoff).expect("a hand-off");
    let variables = [("HOST", "127.0.0.1"), ("PORT", "0")]
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let env: BTreeMap<String, String> = variables.collect();
    let config = Config::decide(handoff, PathBuf::from("build"), &env).expect("no mistake");
    let (site, _) = Site::load(&config, &config.root, &config.build);
    let bound = Bound::open(&config.listen).expect("a free port");
    let app = Arc::new(App::new(config, site, false));
    let (held, release) = hire(&app);
    let (told, closed) = channel();
    let lifecycle = Arc::new(Told(Mutex::new(told)));
    let server = Server::start(app.clone(), bound, lifecycle).expect("threads");
    House {
        address: server.address().expect("TCP"),
        app,
        server,
        closed,
        release,
        held,
    }
}

impl House {
    pub fn hub(&self) -> &Hub {
        &self.app.sockets.as_ref().expect("they are on").hub
    }

    /// Waits for the end of a drain.
    pub fn wait_until_closed(&self) {
        self.closed.recv_timeout(PATIENCE).expect("it closes");
    }

    /// Whether a drain ends by then.
    pub fn closes_within(&self, time: Duration) -> bool {
        self.closed.recv_timeout(time).is_ok()
    }

    /// Waits until the worker holds something.
    pub fn wait_until_held(&self) {
        self.held.recv_timeout(PATIENCE).expect("it is asked");
    }

    pub fn release(&self) {
        let release = self.release.lock().expect("no panic").take();
        drop(release.expect("something is held"));
    }

    /// Waits until so many peers are there.
    pub fn wait_for_peers(&self, count: usize) {
        let polls = PATIENCE.as_millis() / 2;
        for _ in 0..polls {
            if self.hub().open() == count {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
        panic!("{} peers instead of {count}", self.hub().open());
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.server.close();
    }
}

/// A worker on a thread of its own. It is told when it holds a request, and lets go of it when
/// the sender is dropped.
fn hire(app: &Arc<App>) -> (Receiver<()>, Hold) {
    let dispatcher = &app.dispatcher;
    let worker = dispatcher.enlist(1, 0);
    let (ring, rung) = channel();
    dispatcher.attach(&worker, Box::new(Bell(Mutex::new(ring))));
    dispatcher.admit(&worker);
    let (holds, held) = channel();
    let (release, released) = channel();
    let app = app.clone();
    thread::spawn(move || {
        // until nobody is left to wake it
        while rung.recv_timeout(PATIENCE * 3).is_ok() {
            work(&app, &worker, &holds, &released);
        }
    });
    (held, Mutex::new(Some(release)))
}

fn work(app: &App, worker: &Arc<Worker>, holds: &Sender<()>, released: &Receiver<()>) {
    let dispatcher = &app.dispatcher;
    let mut buffer = vec![0; wire::BUFFER_SIZE];
    loop {
        let (written, more) = dispatcher.drain(worker, &mut buffer, 16);
        let mut rest = &buffer[..written];
        while !rest.is_empty() {
            let (record, others) = rest.split_at(u32_at(rest, 0) as usize);
            rest = others;
            if let (9..=14, Some(sockets)) = (record[4], &app.sockets) {
                if record[4] == 11 && &record[28..][..4] == b"hold" {
                    let _ = holds.send(());
                    let _ = released.recv();
                }
                sockets.settle(worker, &[u32_at(record, 16)]);
            }
            if record[4] != 1 {
                continue;
            }
            let request = Asked::read(record);
            if request.target == "/hold" {
                let _ = holds.send(());
                let _ = released.recv();
            }
            let reply = reply(record, &request);
            wire::deliver(dispatcher.slots(), &reply).expect("a reply");
        }
        if !more {
            return;
        }
    }
}

/// What a request says.
struct Asked {
    target: String,
    upgrade: bool,
    stream: bool,
    bad: bool,
}

impl Asked {
    fn read(record: &[u8]) -> Self {
        let target = 48 + usize::from(u16_at(record, 24)) + usize::from(u16_at(record, 26));
        let len = u32_at(record, 28) as usize;
        Self {
            target: String::from_utf8_lossy(&record[target..target + len]).into_owned(),
            upgrade: record[5] & FLAG_UPGRADE != 0,
            stream: record[5] & FLAG_STREAM != 0,
            bad: record[5] & FLAG_BAD_HANDSHAKE != 0,
        }
    }
}

fn reply(record: &[u8], asked: &Asked) -> Vec<u8> {
    let flags = format!("{} {}", asked.upgrade, asked.bad);
    let (status, headers, body) = match asked.target.as_str() {
        "/liar" => (101, "", b"no admission".to_vec()),
        "/ws" | "/hold" if asked.upgrade && !asked.bad => {
            let headers = "x-extra\nyes\nset-cookie\na=1\nsec-websocket-extensions\nx\n";
            (101, headers, admission())
        }
        "/force" => (101, "", admission()),
        // what is wrong with it is for the server to say
        path if path.starts_with("/ws/sse") && asked.stream && asked.bad => (101, "", Vec::new()),
        path if path.starts_with("/ws/sse") && asked.stream => (101, "x-extra\nyes\n", admission()),
        "/big" => (200, "", vec![b'x'; BIG]),
        "/refuse" => (401, "", b"no".to_vec()),
        _ => (200, "", flags.into_bytes()),
    };
    let len = 28 + headers.len() + body.len();
    let len = len.next_multiple_of(4);
    let mut out = Vec::new();
    for number in [
        len as u32,
        1 << 8,
        u32_at(record, 8),
        u32_at(record, 12),
        status,
        headers.len() as u32,
        body.len() as u32,
    ] {
        out.extend(number.to_le_bytes());
    }
    out.extend(headers.as_bytes());
    out.extend(body);
    out.resize(len, 0);
    out
}

/// Of `anna`, with a card of four bytes.
fn admission() -> Vec<u8> {
    let mut bytes = Vec::new();
    for len in [4u32, 2, 4] {
        bytes.extend(len.to_le_bytes());
    }
    bytes.extend(b"anna{}card");
    bytes
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}
