//! The hub, as JS calls it: numbers and texts go in, a number comes out. A peer is named by
//! its slot and generation, and by its hub's epoch where that is another's; nobody by a slot of
//! 0xffffffff. What fails throws an `Error` whose
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
    CloseCode, FarPeer, Goodbye, Message, PeerId, PublishError, Published, SubscribeError,
    Subscription, TopicName,
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
    Gone,
    Requests,
    OneWay,
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
            Code::Gone => "OXIDE_HUB_GONE",
            Code::Requests => "OXIDE_HUB_REQUESTS",
            Code::OneWay => "OXIDE_HUB_ONE_WAY",
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

pub(super) fn failed(code: Code, error: impl ToString) -> Error<Code> {
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

/// A peer of this process, or of another.
pub(super) enum Whom {
    Here(PeerId),
    Far(FarPeer),
}

/// What JS calls an epoch is 16 hexadecimal digits; what is none is nobody's.
pub(super) fn whom(slot: u32, generation: u32, epoch: Option<String>) -> Whom {
    let peer = peer(slot, generation);
    match epoch {
        None => Whom::Here(peer),
        Some(digits) => Whom::Far(FarPeer {
            epoch: u64::from_str_radix(&digits, 16).unwrap_or_default(),
            peer,
        }),
    }
}

fn except(slot: u32, generation: u32, epoch: Option<String>) -> Option<Whom> {
    (slot != NOBODY).then(|| whom(slot, generation, epoch))
}

fn publish(name: &str, message: Message, except: Option<Whom>, key: Option<String>) -> Result<u32> {
    let message = match key {
        Some(key) => message.keyed(key.into()),
        None => message,
    };
    let (hub, topic) = (&sockets()?.hub, topic(name)?);
    let published = match except {
        None => hub.publish(&topic, message, None),
        Some(Whom::Here(peer)) => hub.publish(&topic, message, Some(peer)),
        Some(Whom::Far(peer)) => hub.publish_but(&topic, message, peer),
    };
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
    epoch: Option<String>,
) -> Result<u32> {
    let message = if event {
        Message::event(text).map_err(|error| failed(Code::BadEvent, error))?
    } else {
        Message::text(text)
    };
    let except = except(except_slot, except_generation, epoch);
    publish(&topic, message, except, key)
}

/// Publishes bytes. Returns how many peers they are for.
#[napi(catch_unwind)]
pub fn hub_publish_binary(
    topic: String,
    bytes: &[u8],
    except_slot: u32,
    except_generation: u32,
    key: Option<String>,
    epoch: Option<String>,
) -> Result<u32> {
    let message = Message::binary(Bytes::copy_from_slice(bytes));
    let except = except(except_slot, except_generation, epoch);
    publish(&topic, message, except, key)
}

/// Sends a text to one peer. Whether it is there, or its process.
#[napi(catch_unwind)]
pub fn hub_send_text(
    slot: u32,
    generation: u32,
    text: String,
    epoch: Option<String>,
) -> Result<bool> {
    send(whom(slot, generation, epoch), Message::text(text))
}

/// Sends bytes to one peer. Whether it is there, or its process.
#[napi(catch_unwind)]
pub fn hub_send_binary(
    slot: u32,
    generation: u32,
    bytes: &[u8],
    epoch: Option<String>,
) -> Result<bool> {
    let message = Message::binary(Bytes::copy_from_slice(bytes));
    send(whom(slot, generation, epoch), message)
}

fn send(to: Whom, message: Message) -> Result<bool> {
    let sockets = sockets()?;
    let sent = match to {
        Whom::Here(peer) => sockets.hub.send(peer, message),
        Whom::Far(peer) => sockets.send_far(peer, &message),
    };
    sent.map_err(unpublished)
}

/// Sends a text to all peers but one. Returns how many those are.
#[napi(catch_unwind)]
pub fn hub_broadcast_text(
    text: String,
    except_slot: u32,
    except_generation: u32,
    epoch: Option<String>,
) -> Result<u32> {
    let except = except(except_slot, except_generation, epoch);
    broadcast(Message::text(text), except)
}

/// Sends bytes to all peers but one. Returns how many those are.
#[napi(catch_unwind)]
pub fn hub_broadcast_binary(
    bytes: &[u8],
    except_slot: u32,
    except_generation: u32,
    epoch: Option<String>,
) -> Result<u32> {
    let message = Message::binary(Bytes::copy_from_slice(bytes));
    broadcast(message, except(except_slot, except_generation, epoch))
}

fn broadcast(message: Message, except: Option<Whom>) -> Result<u32> {
    let hub = &sockets()?.hub;
    let sent = match except {
        None => hub.broadcast(message, None),
        Some(Whom::Here(peer)) => hub.broadcast(message, Some(peer)),
        Some(Whom::Far(peer)) => hub.broadcast_but(message, peer),
    };
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
        Err(error @ (SubscribeError::Topics | SubscribeError::Share)) => {
            Err(failed(Code::Topics, error))
        }
        Err(error @ SubscribeError::Overloaded) => Err(failed(Code::Overloaded, error)),
    }
}

/// Takes a topic from the peer. Whether it had it.
#[napi(catch_unwind)]
pub fn hub_unsubscribe(slot: u32, generation: u32, topic: String) -> Result<bool> {
    let name = self::topic(&topic)?;
    Ok(sockets()?.unsubscribe(peer(slot, generation), &name))
}

/// Closes a peer. Whether it is there, or its process.
#[napi(catch_unwind)]
pub fn hub_disconnect(
    slot: u32,
    generation: u32,
    code: u16,
    reason: String,
    epoch: Option<String>,
) -> Result<bool> {
    let sockets = sockets()?;
    let code = CloseCode::new(code).ok_or_else(|| {
        failed(
            Code::BadClose,
            format!("a server may not close with {code}"),
        )
    })?;
    let goodbye = Goodbye::new(code, &reason);
    Ok(match whom(slot, generation, epoch) {
        Whom::Here(peer) => sockets.hub.disconnect(peer, goodbye),
        Whom::Far(peer) => sockets.disconnect_far(peer, &goodbye),
    })
}

/// All peers of this process: slot, generation, slot, generation and so on.
#[napi(catch_unwind)]
pub fn hub_peers() -> Result<Uint32Array> {
    Ok(pairs(sockets()?.hub.peers()))
}

/// Those of them that have the topic, as `hubPeers`.
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

/// How many peers have the topic, those of other processes included.
#[napi(catch_unwind)]
pub fn hub_count(topic: String) -> Result<u32> {
    Ok(sockets()?.hub.count(&self::topic(&topic)?) as u32)
}

/// Where the topic is at this moment, as JSON: `{"epoch":"…","seq":…,"eventId":"…"}`.
#[napi(catch_unwind)]
pub fn hub_position(topic: String) -> Result<String> {
    Ok(sockets()?.position(&self::topic(&topic)?))
}

/// How many peers there are, those of other processes included.
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

/// A client of that address asks for a stream of events, which it may have if it is let: how many
/// seconds it has to wait before it may try, 0 for none.
#[napi(catch_unwind)]
pub fn stream_begins(address: String) -> Result<u32> {
    let process = process().map_err(|error| Error::new(Code::Off, error.reason.clone()))?;
    Ok(match process.app.allows_stream(&address) {
        Ok(()) => 0,
        // in whole seconds (RFC 9110, 10.2.3)
        Err(wait) => u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1,
    })
}

/// Which process's peers and numbers these are: 16 hexadecimal digits.
#[napi(catch_unwind)]
pub fn hub_epoch() -> Result<String> {
    Ok(format!("{:016x}", sockets()?.hub.epoch()))
}
