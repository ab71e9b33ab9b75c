//! Peers on the wire. The slot and the generation of the head are the peer's; then
//!
//! ```text
//!  9 open       16 u32 token
//! 10 message    16 u32 token      20 u32 length                    24 bytes
//! 11 close      16 u32 token      20 u16 code  22 u16 reason length
//!               24 u32 card length                                 28 reason (UTF-8), card
//! 12 drain      16 u32 token
//! 13 subscribe  16 u32 token      20 u32 length                    24 topic (UTF-8)
//! 14 request    16 u32 token      20 u32 wish  24 u32 length       28 JSON text
//! 15 reply      16 u32 request    20 u32 length                    24 JSON text
//! ```
//!
//! Flags: message 1 is text; message and request 2 is large, nothing rides along; close 1 is
//! clean; reply 1 is an error, 2 is that the peer has gone.

use super::{HEAD, padded, put_u16, put_u32};
use crate::dispatch::peers::{Answer, Farewell, PeerEvent, PeerNews};

const KIND_OPEN: u8 = 9;
const KIND_MESSAGE: u8 = 10;
const KIND_CLOSE: u8 = 11;
const KIND_DRAIN: u8 = 12;
const KIND_SUBSCRIBE: u8 = 13;
const KIND_REQUEST: u8 = 14;
const KIND_REPLY: u8 = 15;

const FLAG_TEXT: u8 = 0b01;
const FLAG_LARGE: u8 = 0b10;
const FLAG_CLEAN: u8 = 0b01;
const FLAG_ERROR: u8 = 0b01;
const FLAG_GONE: u8 = 0b10;

/// Bytes of a message that ride along with its record; longer ones are asked for.
pub const INLINE_MESSAGE: usize = 64 * 1024;

/// Bytes of anything else at most, so that it fits in what JS offers.
pub const LONGEST: usize = 1024 * 1024;

/// Writes one event of a peer. `None` when it does not fit.
pub(super) fn encode(event: &PeerEvent, out: &mut [u8]) -> Option<usize> {
    let mut record = Record {
        out,
        peer: event.peer,
    };
    match &event.news {
        PeerNews::Open { token } => record.write(KIND_OPEN, 0, &[*token], &[]),
        PeerNews::Drain { token } => record.write(KIND_DRAIN, 0, &[*token], &[]),
        PeerNews::Message { token, text, data } => {
            let flags = if *text { FLAG_TEXT } else { 0 } | large(data.is_none());
            let data = data.as_deref().unwrap_or_default();
            record.write(KIND_MESSAGE, flags, &[*token, len(data)], &[data])
        }
        PeerNews::Close { token, farewell } => record.close(*token, farewell),
        PeerNews::Subscribe { token, topic } => {
            let topic = topic.as_bytes();
            record.write(KIND_SUBSCRIBE, 0, &[*token, len(topic)], &[topic])
        }
        PeerNews::Request { token, wish, data } => {
            let flags = large(data.is_none());
            let data = data.as_deref().unwrap_or_default();
            record.write(KIND_REQUEST, flags, &[*token, *wish, len(data)], &[data])
        }
        PeerNews::Reply { request, answer } => {
            let (flags, text): (u8, &[u8]) = match answer {
                Answer::Data(text, _) => (0, text),
                Answer::Error(text) => (FLAG_ERROR, text),
                Answer::Gone => (FLAG_GONE, &[]),
            };
            record.write(KIND_REPLY, flags, &[*request, len(text)], &[text])
        }
    }
}

fn large(large: bool) -> u8 {
    if large { FLAG_LARGE } else { 0 }
}

fn len(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

struct Record<'a> {
    out: &'a mut [u8],
    peer: u64,
}

impl Record<'_> {
    fn write(&mut self, kind: u8, flags: u8, numbers: &[u32], parts: &[&[u8]]) -> Option<usize> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let len = padded(HEAD + numbers.len() * 4 + bytes);
        let out = self.out.get_mut(..len)?;
        put_u32(out, 0, len as u32);
        out[4] = kind;
        out[5] = flags;
        put_u16(out, 6, 0);
        out[8..HEAD].copy_from_slice(&self.peer.to_le_bytes());
        let mut at = HEAD;
        for number in numbers {
            put_u32(out, at, *number);
            at += 4;
        }
        for part in parts {
            out[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        Some(len)
    }

    fn close(&mut self, token: u32, farewell: &Farewell) -> Option<usize> {
        let flags = if farewell.was_clean { FLAG_CLEAN } else { 0 };
        // a control frame carries at most 125 bytes (RFC 6455 5.5)
        let reason = farewell.reason.as_bytes();
        let code = u32::from(farewell.code) | len(reason) << 16;
        let numbers = [token, code, len(&farewell.card)];
        self.write(KIND_CLOSE, flags, &numbers, &[reason, &farewell.card])
    }
}
