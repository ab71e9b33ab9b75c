//! A hub that is joined with others: what it tells the relay, and what it is told.

use std::sync::Arc;

use parking_lot::Mutex;

use super::*;
use crate::ws::{Change, FarPeer, Relay};

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<String>>);

impl Relay for Heard {
    fn published(&self, topic: &str, message: &Message, except: Option<FarPeer>) {
        let text = String::from_utf8_lossy(message.data()).into_owned();
        let except = except
            .map(|it| format!(" but {}", it.epoch))
            .unwrap_or_default();
        self.0.lock().push(format!("{topic}: {text}{except}"));
    }

    fn broadcast(&self, message: &Message, _except: Option<FarPeer>) {
        let text = String::from_utf8_lossy(message.data()).into_owned();
        self.0.lock().push(format!("all: {text}"));
    }

    fn changed(&self, topic: &Arc<str>, user: Option<&Arc<str>>) {
        let user = user.map(|it| format!(" {it}")).unwrap_or_default();
        self.0.lock().push(format!("changed {topic}{user}"));
    }

    fn wake(&self) {}
}

fn joined() -> (Arc<Hub>, Rc<Local>, Arc<Heard>) {
    let (hub, local, _) = one_thread(Limits::default());
    let heard = Arc::new(Heard::default());
    hub.join_relay(heard.clone());
    (hub, local, heard)
}

fn join_as(local: &Rc<Local>, name: &str) -> Joined {
    let admission = Admission {
        user: Some(User::of(name, None)),
        ..Admission::default()
    };
    local.join(admission).expect("room for a peer")
}

fn elsewhere(hub: &Hub, name: &str, there: bool) {
    let (topic, user) = ("a".into(), User::of(name, None));
    hub.take_note([if there {
        Change::Join { topic, user }
    } else {
        Change::Leave { topic, user }
    }]);
}

fn names(hub: &Hub) -> Vec<String> {
    let users = hub.presence(&topic("a")).users.into_iter();
    let mut names: Vec<String> = users.map(|user| user.id.to_string()).collect();
    names.sort();
    names
}

#[test]
fn what_happens_here_is_told_and_what_comes_from_there_is_not() {
    let (hub, local, heard) = joined();
    let peer = join_as(&local, "ann");
    subscribe(&hub, &peer, "a");
    hub.publish(&topic("a"), text("one"), None).expect("room");
    let far = FarPeer {
        epoch: 7,
        peer: peer.id(),
    };
    hub.publish_but(&topic("a"), text("two"), far)
        .expect("room");
    hub.broadcast(text("three"), None).expect("room");
    hub.deliver(&topic("a"), text("four"), None).expect("room");
    hub.deliver(&topic("a"), text("not here"), Some(peer.id()))
        .expect("room");
    hub.deliver_all(&text("five"), None).expect("room");
    local.turn();
    assert_eq!(taken(&peer), ["one", "two", "three", "four", "five"]);
    hub.unsubscribe(peer.id(), &topic("a"));
    let told = std::mem::take(&mut *heard.0.lock());
    assert_eq!(
        told,
        [
            "changed a ann",
            "a: one",
            "a: two but 7",
            "all: three",
            "changed a ann"
        ]
    );
    // of the hub's own topics others have their own
    watch(&hub, &peer, "a");
    assert!(heard.0.lock().is_empty());
}

#[test]
fn counts_and_recipients_are_of_all() {
    let (hub, local, _) = joined();
    let peer = join(&local);
    subscribe(&hub, &peer, "a");
    hub.take_note([
        Change::Open {
            before: 0,
            after: 9,
        },
        Change::Count {
            topic: "a".into(),
            before: 0,
            after: 4,
        },
        Change::Count {
            topic: "a".into(),
            before: 0,
            after: 2,
        },
    ]);
    assert_eq!(
        (hub.open(), hub.open_here(), hub.count(&topic("a"))),
        (10, 1, 7)
    );
    let published = hub.publish(&topic("a"), text("x"), None).expect("room");
    assert_eq!(published.recipients, 7);
    assert_eq!(hub.broadcast(text("x"), None), Ok(10));
    hub.take_note([
        Change::Open {
            before: 9,
            after: 0,
        },
        Change::Count {
            topic: "a".into(),
            before: 4,
            after: 0,
        },
        Change::Count {
            topic: "a".into(),
            before: 2,
            after: 1,
        },
    ]);
    assert_eq!((hub.open(), hub.count(&topic("a"))), (1, 2));
}

#[test]
fn a_user_is_there_once_wherever_he_is() {
    let (hub, local, _) = joined();
    let watcher = join(&local);
    watch(&hub, &watcher, "a");
    let news = || {
        local.turn();
        let texts = taken(&watcher).into_iter();
        let kinds = texts.map(|text| {
            let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            format!("{} {}", json["type"], json["data"]["id"]).replace('"', "")
        });
        kinds.collect::<Vec<_>>()
    };
    elsewhere(&hub, "ann", true);
    assert_eq!(news(), ["join ann"]);
    elsewhere(&hub, "ann", true);
    let ann = join_as(&local, "ann");
    subscribe(&hub, &ann, "a");
    assert_eq!(news(), [] as [&str; 0]);
    assert_eq!(names(&hub), ["ann"]);
    elsewhere(&hub, "ann", false);
    hub.unsubscribe(ann.id(), &topic("a"));
    assert_eq!(news(), [] as [&str; 0]);
    elsewhere(&hub, "ann", false);
    assert_eq!(news(), ["leave ann"]);
    assert_eq!(names(&hub), [] as [&str; 0]);

    subscribe(&hub, &ann, "a");
    elsewhere(&hub, "ann", true);
    hub.unsubscribe(ann.id(), &topic("a"));
    assert_eq!(news(), ["join ann"]);
    elsewhere(&hub, "ann", false);
    assert_eq!(news(), ["leave ann"]);
}

#[test]
fn streams_are_told_of_as_sockets_are() {
    let (hub, local, heard) = joined();
    let watcher = join(&local);
    watch(&hub, &watcher, "a");
    elsewhere(&hub, "ann", true);
    local.turn();
    taken(&watcher);
    heard.0.lock().clear();
    let admission = Admission {
        transport: Transport::Stream,
        user: Some(User::of("ann", None)),
        ..Admission::default()
    };
    let ann = local.join(admission).expect("room for a peer");
    // named twice, it has the topic once
    hub.stream(ann.id(), &[topic("a"), topic("a")], None)
        .expect("room");
    assert_eq!(*heard.0.lock(), ["changed a ann"]);
    local.turn();
    assert_eq!(taken(&watcher), [] as [&str; 0], "she is in it elsewhere");
    heard.0.lock().clear();
    drop(ann);
    assert_eq!(*heard.0.lock(), ["changed a ann"]);
}
