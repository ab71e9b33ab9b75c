//! The hub, as JS calls it: numbers and texts go in, a number comes out. A peer is named by
//! its slot and generation, nobody by a slot of 0xffffffff. What fails throws an `Error` whose
//! `code` says why.

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use napi::Error;
use napi::bindgen_prelude::{Uint8Array, Uint32Array};
use napi_derive::napi;

use super::process::{Opened, process};
use crate::server::sockets::{CARD_BYTES, Sockets};
use crate::ws::{
    CloseCode, Goodbye, Message, PeerId, PublishError, Published, SubscribeError, Subscription,
    TopicName,
};

/// No peer, in place of a slot.
const NOBODY: u32 = u32::MAX;

/// Why a call failed: the `code` of the error.
#[derive(Debug, Clone, Copy)]
pub enum Code {
    Off,
    BadTopic,
    BadEvent,
    BadClose,
    TooLong,
    Overloaded,
    Subscriptions,
    Topics,
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        match self {
            Code::Off => "OXIDE_HUB_OFF",
            Code::BadTopic => "OXIDE_HUB_BAD_TOPIC",
            Code::BadEvent => "OXIDE_HUB_BAD_EVENT",
            Code::BadClose => "OXIDE_HUB_BAD_CODE",
            Code::TooLong => "OXIDE_HUB_TOO_LONG",
            Code::Overloaded => "OXIDE_HUB_OVERLOADED",
            Code::Subscriptions => "OXIDE_HUB_SUBSCRIPTIONS",
            Code::Topics => "OXIDE_HUB_TOPICS",
        }
    }
}

pub(super) type Result<T> = napi::Result<T, Code>;

/// The sockets of what is open.
pub(super) struct Open(Opened);

impl Deref for Open {
    type Target = Arc<Sockets>;

    fn deref(&self) -> &Arc<Sockets> {
        self.0.app.sockets.as_ref().expect("`sockets` has looked")
    }
}

/// The sockets, where there are any.
pub(super) fn sockets() -> Result<Open> {
    let process = process().map_err(|error| Error::new(Code::Off, error.reason.clone()))?;
    if process.app.sockets.is_none() {
        return Err(Error::new(Code::Off, "WebSockets are off".to_owned()));
    }
    Ok(Open(process))
}

fn failed(code: Code, error: impl ToString) -> Error<Code> {
    Error::new(code, error.to_string())
}

pub(super) fn unpublished(error: PublishError) -> Error<Code> {
    let code = match error {
        PublishError::TooLong => Code::TooLong,
        PublishError::Overloaded => Code::Overloaded,
    };
    failed(code, error)
}

fn topic(name: &str) -> Result<TopicName<'_>> {
    TopicName::parse(name).map_err(|error| failed(Code::BadTopic, error))
}

pub(super) fn peer(slot: u32, generation: u32) -> PeerId {
    PeerId::from_bits(u64::from(generation) << 32 | u64::from(slot))
}

fn except(slot: u32, generation: u32) -> Option<PeerId> {
    (slot != NOBODY).then(|| peer(slot, generation))
}

fn publish(
    name: &str,
    message: Message,
    except: Option<PeerId>,
    key: Option<String>,
) -> Result<u32> {
    let message = match key {
        Some(key) => message.keyed(key.into()),
        None => message,
    };
    let published = sockets()?.hub.publish(&topic(name)?, message, except);
    let Published { recipients, .. } = published.map_err(unpublished)?;
    Ok(recipients as u32)
}

/// Publishes a text; an `event` is a JSON object, to which the topic and the number are added.
/// Returns how many peers it is for. `key`: of those waiting for a slow peer, the latest is enough.
#[napi(catch_unwind)]
pub fn hub_publish_text(
    topic: String,
    text: String,
    event: bool,
    except_slot: u32,
    except_generation: u32,
    key: Option<String>,
) -> Result<u32> {
    let message = if event {
        Message::event(text).map_err(|error| failed(Code::BadEvent, error))?
    } else {
        Message::text(text)
    };
    publish(&topic, message, except(except_slot, except_generation), key)
}

/// Publishes bytes. Returns how many peers they are for.
#[napi(catch_unwind)]
pub fn hub_publish_binary(
    topic: String,
    bytes: &[u8],
    except_slot: u32,
    except_generation: u32,
    key: Option<String>,
) -> Result<u32> {
    let message = Message::binary(Bytes::copy_from_slice(bytes));
    publish(&topic, message, except(except_slot, except_generation), key)
}

/// Sends a text to one peer. Whether it is there.
#[napi(catch_unwind)]
pub fn hub_send_text(slot: u32, generation: u32, text: String) -> Result<bool> {
    let message = Message::text(text);
    let sent = sockets()?.hub.send(peer(slot, generation), message);
    sent.map_err(unpublished)
}

/// Sends bytes to one peer. Whether it is there.
#[napi(catch_unwind)]
pub fn hub_send_binary(slot: u32, generation: u32, bytes: &[u8]) -> Result<bool> {
    let message = Message::binary(Bytes::copy_from_slice(bytes));
    let sent = sockets()?.hub.send(peer(slot, generation), message);
    sent.map_err(unpublished)
}

/// Sends a text to all peers but one. Returns how many those are.
#[napi(catch_unwind)]
pub fn hub_broadcast_text(text: String, except_slot: u32, except_generation: u32) -> Result<u32> {
    broadcast(Message::text(text), except(except_slot, except_generation))
}

/// Sends bytes to all peers but one. Returns how many those are.
#[napi(catch_unwind)]
pub fn hub_broadcast_binary(bytes: &[u8], except_slot: u32, except_generation: u32) -> Result<u32> {
    let message = Message::binary(Bytes::copy_from_slice(bytes));
    broadcast(message, except(except_slot, except_generation))
}

fn broadcast(message: Message, except: Option<PeerId>) -> Result<u32> {
    let sent = sockets()?.hub.broadcast(message, except);
    Ok(sent.map_err(unpublished)? as u32)
}

/// Gives the peer a topic. Whether it did not have it and is there.
#[napi(catch_unwind)]
pub fn hub_subscribe(slot: u32, generation: u32, topic: String) -> Result<bool> {
    let sockets = sockets()?;
    let hub = &sockets.hub;
    let name = self::topic(&topic)?;
    match hub.subscribe(peer(slot, generation), &name, &Subscription::default()) {
        Ok(subscribed) => Ok(subscribed.new),
        Err(SubscribeError::Gone) => Ok(false),
        Err(error @ SubscribeError::Subscriptions) => Err(failed(Code::Subscriptions, error)),
        Err(error @ SubscribeError::Topics) => Err(failed(Code::Topics, error)),
        Err(error @ SubscribeError::Overloaded) => Err(failed(Code::Overloaded, error)),
    }
}

/// Takes a topic from the peer. Whether it had it.
#[napi(catch_unwind)]
pub fn hub_unsubscribe(slot: u32, generation: u32, topic: String) -> Result<bool> {
    let name = self::topic(&topic)?;
    Ok(sockets()?.unsubscribe(peer(slot, generation), &name))
}

/// Closes a peer. Whether it is there.
#[napi(catch_unwind)]
pub fn hub_disconnect(slot: u32, generation: u32, code: u16, reason: String) -> Result<bool> {
    let sockets = sockets()?;
    let code = CloseCode::new(code).ok_or_else(|| {
        failed(
            Code::BadClose,
            format!("a server may not close with {code}"),
        )
    })?;
    let goodbye = Goodbye::new(code, &reason);
    Ok(sockets.hub.disconnect(peer(slot, generation), goodbye))
}

/// All peers: slot, generation, slot, generation and so on.
#[napi(catch_unwind)]
pub fn hub_peers() -> Result<Uint32Array> {
    Ok(pairs(sockets()?.hub.peers()))
}

/// The peers that have the topic, as `hubPeers`.
#[napi(catch_unwind)]
pub fn hub_subscribers(topic: String) -> Result<Uint32Array> {
    let name = self::topic(&topic)?;
    Ok(pairs(sockets()?.hub.subscribers(&name)))
}

fn pairs(peers: Vec<PeerId>) -> Uint32Array {
    let bits = peers.into_iter().map(PeerId::to_bits);
    let pairs: Vec<u32> = bits
        .flat_map(|bits| [bits as u32, (bits >> 32) as u32])
        .collect();
    Uint32Array::new(pairs)
}

/// The topics that the peer has; `null` if it has gone.
#[napi(catch_unwind)]
pub fn hub_subscriptions(slot: u32, generation: u32) -> Result<Option<Vec<String>>> {
    let topics = sockets()?.hub.subscriptions(peer(slot, generation));
    Ok(topics.map(|topics| topics.iter().map(|name| name.to_string()).collect()))
}

/// How many peers have the topic.
#[napi(catch_unwind)]
pub fn hub_count(topic: String) -> Result<u32> {
    Ok(sockets()?.hub.count(&self::topic(&topic)?) as u32)
}

/// How many peers there are.
#[napi(catch_unwind)]
pub fn hub_open() -> Result<u32> {
    Ok(sockets()?.hub.open() as u32)
}

/// Who is in the topic, as JSON: `{"seq":…,"users":[{"id":…,"info":…}]}`.
#[napi(catch_unwind)]
pub fn hub_presence(topic: String) -> Result<String> {
    Ok(sockets()?.roll(&self::topic(&topic)?))
}

/// What is kept with the peer; `null` if all of it has been told and it has gone.
#[napi(catch_unwind)]
pub fn hub_card(slot: u32, generation: u32) -> Result<Option<Uint8Array>> {
    let card = sockets()?.card(peer(slot, generation));
    Ok(card.map(|card| Uint8Array::new(card.to_vec())))
}

/// Keeps something else with the peer. Whether anybody will ask for it.
#[napi(catch_unwind)]
pub fn hub_set_card(slot: u32, generation: u32, bytes: &[u8]) -> Result<bool> {
    let sockets = sockets()?;
    if bytes.len() > CARD_BYTES {
        let error = format!("what is kept with a peer takes at most {CARD_BYTES} bytes");
        return Err(failed(Code::TooLong, error));
    }
    let card = Bytes::copy_from_slice(bytes);
    Ok(sockets.set_card(peer(slot, generation), card))
}

/// Which process's peers and numbers these are: 16 hexadecimal digits.
#[napi(catch_unwind)]
pub fn hub_epoch() -> Result<String> {
    Ok(format!("{:016x}", sockets()?.hub.epoch()))
}
