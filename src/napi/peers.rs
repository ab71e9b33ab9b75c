//! What a worker calls about the peers whose hooks it runs: it fetches what was too long to
//! ride along, answers who wants a topic, settles what it has done, and asks peers.

use std::sync::Arc;

use napi::Error;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use super::hub::{Code, Result, Whom, failed, sockets, unpublished, whom};
use super::worker;
use crate::dispatch::Worker;
use crate::server::sockets::AskError;

/// The worker whose thread is calling.
fn own() -> Result<Arc<Worker>> {
    worker::own().map_err(|error| Error::new(Code::Off, error.reason.clone()))
}

/// The bytes of a message or a request that did not ride along; `null` once it is settled.
#[napi(catch_unwind)]
pub fn peer_message(token: u32) -> Result<Option<Uint8Array>> {
    let message = sockets()?.message(&*own()?, token);
    Ok(message.map(|bytes| Uint8Array::new(bytes.to_vec())))
}

/// The peer may have the topic it asked for. False if that has been settled.
#[napi(catch_unwind)]
pub fn peer_allow(token: u32) -> Result<bool> {
    Ok(sockets()?.allow(&*own()?, token))
}

/// The peer may not. False if that has been settled.
#[napi(catch_unwind)]
pub fn peer_refuse(token: u32, reason: String) -> Result<bool> {
    Ok(sockets()?.refuse(&*own()?, token, &reason))
}

/// The answer to a request of the peer's: the frame that it is sent. That settles the token. False
/// if that has been settled. What is too long throws and settles nothing.
#[napi(catch_unwind)]
pub fn peer_reply(token: u32, text: String) -> Result<bool> {
    let replied = sockets()?.reply(&*own()?, token, text);
    replied.map_err(unpublished)
}

/// The worker has done with what the first `count` tokens name. Who asked for a topic and has
/// had no answer is refused.
#[napi(catch_unwind)]
pub fn settle(tokens: &[u32], count: u32) -> Result<()> {
    let tokens = tokens.get(..count as usize).unwrap_or(tokens);
    sockets()?.settle(&*own()?, tokens);
    Ok(())
}

/// Asks a peer something; `data` is a JSON text. Returns the number under which the reply will
/// come to this worker. A stream of events, which cannot reply, is an error.
#[napi(catch_unwind)]
pub fn hub_request(slot: u32, generation: u32, data: String, epoch: Option<String>) -> Result<u32> {
    let (sockets, own) = (sockets()?, own()?);
    let request = match whom(slot, generation, epoch) {
        Whom::Here(peer) => sockets.ask(own, peer, &data),
        Whom::Far(peer) => sockets.ask_far(own, peer, &data),
    };
    request.map_err(unasked)
}

fn unasked(error: AskError) -> Error<Code> {
    match error {
        AskError::Gone => failed(Code::Gone, error),
        AskError::OneWay => failed(Code::OneWay, error),
        AskError::Requests => failed(Code::Requests, error),
        AskError::Unsent(error) => unpublished(error),
    }
}

/// The other processes whose hubs are joined with this one, by their epochs.
#[napi(catch_unwind)]
pub fn hub_others() -> Result<Vec<String>> {
    let hubs = sockets()?.hubs().into_iter();
    Ok(hubs.map(|epoch| format!("{epoch:016x}")).collect())
}

/// Asks another process for what is kept with its peers, from that slot on. Returns as `hubRequest`;
/// the reply is `{"peers":[[slot, generation, "hexadecimal", ["topic"]]],"next":slot or null}`.
#[napi(catch_unwind)]
pub fn hub_survey(epoch: String, slot: u32) -> Result<u32> {
    let hub = u64::from_str_radix(&epoch, 16).unwrap_or_default();
    let request = sockets()?.survey_far(own()?, hub, slot);
    request.map_err(unasked)
}

/// The reply is not waited for any more.
#[napi(catch_unwind)]
pub fn hub_forget(request: u32) -> Result<()> {
    sockets()?.forget(&*own()?, request);
    Ok(())
}
