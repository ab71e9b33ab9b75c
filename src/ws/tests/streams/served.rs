//! Streams over a connection: how one begins, and all the ways in which it ends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::{JoinHandle, spawn_local};

use super::*;
use crate::ws::tests::client::{closed, only_end, run, settle};

/// A client's end of a stream.
struct Listener {
    id: PeerId,
    socket: DuplexStream,
    task: JoinHandle<()>,
}

/// A stream of topic `a` over a connection that holds so many bytes.
fn listen(hub: &Hub, local: &Rc<Local>, buffer: usize) -> Listener {
    let joined = join_stream(local);
    begin(hub, &joined, &["a"], None);
    Listener::of(joined, buffer)
}

impl Listener {
    fn of(joined: Joined, buffer: usize) -> Self {
        let (socket, ours) = duplex(buffer);
        let head = Bytes::from_static(b"head\n");
        Self {
            id: joined.id(),
            socket,
            task: spawn_local(serve_stream(joined, ours, head)),
        }
    }

    /// What comes up to there.
    async fn reads(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            text.push(self.socket.read_u8().await.expect("more"));
        }
        String::from_utf8(text).expect("text")
    }

    /// What comes until the hub has said all.
    async fn rest(&mut self) -> String {
        let mut text = String::new();
        let read = self.socket.read_to_string(&mut text).await;
        read.expect("an end");
        text
    }

    /// It goes. How the hub saw that.
    async fn goes(self, told: &Told) -> Closed {
        drop(self.socket);
        self.task.await.expect("no panic");
        only_end(told).1
    }

    /// It stays, and yet the hub ends it. How it saw that.
    async fn ends(self, told: &Told) -> Closed {
        self.task.await.expect("no panic");
        only_end(told).1
    }
}

#[test]
fn begins_with_its_head_and_ends_with_its_client() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 1000);
        hub.send(listener.id, text("early")).expect("room");
        local.turn();
        let text = listener.reads("data: early\n\n").await;
        assert!(
            text.starts_with("head\nid: 1-0\ndata: {\"type\":\"__subscribed\",\"id\":0,"),
            "{text}"
        );
        // what it says is heard by nobody
        let said = listener.socket.write_all(b"GET / HTTP/1.1\r\n").await;
        said.expect("taken");
        settle().await;
        assert_eq!((hub.open(), told.messages.lock().len()), (1, 0));
        assert_eq!(listener.goes(&told).await, closed(1005, "", true));
        assert_eq!((hub.open(), hub.topics()), (0, 0));
    });
}

#[test]
fn is_told_why_it_ends() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 1000);
        local.turn();
        hub.disconnect(listener.id, Goodbye::new(CloseCode::RESTART, "again"));
        publish(&hub, "a", event(1));
        local.turn();
        let text = listener.rest().await;
        let last = "data: {\"type\":\"__close\",\"code\":1012,\"reason\":\"again\"}\n\n";
        assert!(text.ends_with(last), "{text}");
        assert_eq!(hub.open(), 1, "its client has yet to go");
        assert_eq!(listener.goes(&told).await, closed(1012, "again", true));
    });
}

#[test]
fn one_that_a_hook_ends_before_it_begins_is_told_so_and_nothing_else() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let joined = join_stream(&local);
        hub.disconnect(joined.id(), Goodbye::new(CloseCode::POLICY, "no"));
        local.turn();
        begin(&hub, &joined, &["a"], None);
        publish(&hub, "a", event(1));
        local.turn();
        let mut listener = Listener::of(joined, 1000);
        let close = "data: {\"type\":\"__close\",\"code\":1008,\"reason\":\"no\"}\n\n";
        assert_eq!(listener.rest().await, format!("head\n{close}"));
        assert_eq!(listener.goes(&told).await, closed(1008, "no", true));
    });
}

#[test]
fn a_slow_one_may_be_closed_and_what_was_begun_stays_whole() {
    run(async {
        let (hub, local, told) = one_thread(Limits {
            queued_bytes: 200,
            overflow: Overflow::Close,
            ..Limits::default()
        });
        let mut listener = listen(&hub, &local, 20);
        local.turn();
        settle().await;
        for n in 0..10 {
            publish(&hub, "a", event(n));
            local.turn();
            settle().await;
        }
        let text = listener.rest().await;
        let whole = text.strip_prefix("head\n").expect("its head");
        let mut events: Vec<_> = whole.split_terminator("\n\n").collect();
        let last = events.pop().expect("a last one");
        assert!(
            last.starts_with("data: {\"type\":\"__close\",\"code\":1013,"),
            "{last}"
        );
        for event in events {
            assert!(
                event.starts_with("id: 1-") && event.ends_with('}'),
                "{event}"
            );
        }
        assert_eq!(listener.goes(&told).await.code, 1013);
    });
}

#[test]
fn one_that_does_not_go_is_cut_off() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let listener = listen(&hub, &local, 10);
        local.turn();
        settle().await;
        hub.disconnect(listener.id, Goodbye::new(CloseCode::NORMAL, ""));
        local.turn();
        settle().await;
        local.sweep(Instant::now() + Duration::from_secs(6));
        assert_eq!(listener.ends(&told).await, closed(1000, "", false));
    });
}

#[test]
fn one_that_takes_nothing_is_given_up() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 10);
        local.turn();
        settle().await;
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        local.sweep(after(31));
        settle().await;
        // it takes a little of what waits: so it lives
        let mut some = [0; 10];
        listener.socket.read_exact(&mut some).await.expect("bytes");
        settle().await;
        for seconds in [60, 61, 89] {
            local.sweep(after(seconds));
            settle().await;
            assert_eq!(hub.open(), 1, "{seconds}");
        }
        local.sweep(after(92));
        assert_eq!(listener.ends(&told).await, closed(1006, "", false));
    });
}

#[test]
fn a_client_that_sends_and_sends_is_cut_off() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut listener = listen(&hub, &local, 64 * 1024);
        local.turn();
        let sent = listener.socket.write_all(&vec![b'x'; 256 * 1024]).await;
        assert!(sent.is_err());
        assert_eq!(listener.ends(&told).await, closed(1006, "", false));
    });
}
