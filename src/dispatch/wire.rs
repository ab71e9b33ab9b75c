//! The wire: how events and replies are laid out in the buffers that JS owns.
//! `runtime/wire.js` is the other half; the two change together, and
//! `tests/wire_format.rs` sends random records through both.
//!
//! All integers are little-endian; every record starts on a 4-byte boundary with
//!
//! ```text
//!  0 u32 length of the record, padding included
//!  4 u8  kind      5 u8 flags      6 u16 (request: client port)
//!  8 u32 slot     12 u32 generation
//! ```
//!
//! Request adds: `16 u32 route or u32::MAX`, `20 u32 text length`, `24 u16 method length`,
//! `26 u16 origin length`, `28 u32 target length`, `32 u16 address length`, `34 u16 -`,
//! `36 u32 body length`, `40 f64 content-length or -1`, then at 48 the text (Latin-1:
//! method, origin, target, address, then `name\nvalue\n` for each header) and the body.
//! Chunk adds: `16 u32 length`, then the bytes. BodyFailed carries its cause in `flags`.
//! Ping speaks of no exchange. What is said of peers stands in `wire/peers.rs`.
//!
//! A reply (JS to Rust) is `16 u16 status`, `18 u16 -`, `20 u32 headers length`,
//! `24 u32 body length`, then at 28 the headers (Latin-1, `name\nvalue\n`) and the body.

mod peers;

use bytes::Bytes;

pub use peers::{INLINE_MESSAGE, LONGEST};

use super::event::{Event, RequestBody, RequestEvent};
use super::slots::{ExchangeId, RawBody, RawReply, Slots};

const HEAD: usize = 16;
const REQUEST_HEAD: usize = 48;
const REPLY_HEAD: usize = 28;

const KIND_REQUEST: u8 = 1;
const KIND_ABORT: u8 = 2;
const KIND_DRAIN: u8 = 3;
const KIND_CHUNK: u8 = 4;
const KIND_END: u8 = 5;
const KIND_BODY_FAILED: u8 = 6;
const KIND_HANGUP: u8 = 7;
const KIND_PING: u8 = 8;

const FLAG_BODY_MASK: u8 = 0b0011;
const FLAG_CANONICAL: u8 = 0b0100;
const FLAG_HTTP10: u8 = 0b1000;
const FLAG_UPGRADE: u8 = 0b0001_0000;
const FLAG_BAD_HANDSHAKE: u8 = 0b0010_0000;
const FLAG_STREAM: u8 = 0b0100_0000;

/// Request bodies up to this size ride along with their request when they have already arrived.
pub const INLINE_BODY: usize = 64 * 1024;

/// What JS must offer to `drain`: the largest head plus the largest inline body fit.
pub const BUFFER_SIZE: usize = 2 * 1024 * 1024;

const REPLY_NULL: u8 = 0;
const REPLY_WHOLE: u8 = 1;
const REPLY_STREAM: u8 = 2;

/// Writes one event. `None` when it does not fit.
pub fn encode(event: &Event, out: &mut [u8]) -> Option<usize> {
    match event {
        Event::Request(request) => encode_request(request, out),
        Event::Abort(id) => encode_head(KIND_ABORT, 0, *id, out),
        Event::Hangup(id) => encode_head(KIND_HANGUP, 0, *id, out),
        Event::Drain(id) => encode_head(KIND_DRAIN, 0, *id, out),
        Event::End(id) => encode_head(KIND_END, 0, *id, out),
        Event::Ping => encode_head(KIND_PING, 0, ExchangeId::NONE, out),
        Event::Peer(event) => peers::encode(event, out),
        Event::BodyFailed(id, fault) => encode_head(KIND_BODY_FAILED, *fault as u8, *id, out),
        Event::Chunk(id, bytes) => {
            let len = padded(HEAD + 4 + bytes.len());
            let out = out.get_mut(..len)?;
            head(out, KIND_CHUNK, 0, 0, *id);
            put_u32(out, 16, bytes.len() as u32);
            out[20..20 + bytes.len()].copy_from_slice(bytes);
            Some(len)
        }
    }
}

fn encode_head(kind: u8, flags: u8, id: ExchangeId, out: &mut [u8]) -> Option<usize> {
    head(out.get_mut(..HEAD)?, kind, flags, 0, id);
    Some(HEAD)
}

fn encode_request(request: &RequestEvent, out: &mut [u8]) -> Option<usize> {
    let (mode, body): (u8, &[u8]) = match &request.body {
        RequestBody::None => (0, &[]),
        RequestBody::Whole(bytes) => (1, bytes),
        RequestBody::Stream => (2, &[]),
        RequestBody::TooLarge => (3, &[]),
    };
    let text_end = REQUEST_HEAD + request.text.len();
    let len = padded(text_end + body.len());
    let out = out.get_mut(..len)?;
    let mut flags = mode & FLAG_BODY_MASK;
    if request.canonical {
        flags |= FLAG_CANONICAL;
    }
    if request.http10 {
        flags |= FLAG_HTTP10;
    }
    if let Some(opens) = request.opens {
        flags |= if opens.stream {
            FLAG_STREAM
        } else {
            FLAG_UPGRADE
        };
        if !opens.good {
            flags |= FLAG_BAD_HANDSHAKE;
        }
    }
    head(out, KIND_REQUEST, flags, request.port, request.id);
    put_u32(out, 16, request.route.unwrap_or(u32::MAX));
    put_u32(out, 20, request.text.len() as u32);
    put_u16(out, 24, request.method_len);
    put_u16(out, 26, request.origin_len);
    put_u32(out, 28, request.target_len);
    put_u16(out, 32, request.address_len);
    put_u16(out, 34, 0);
    put_u32(out, 36, body.len() as u32);
    let content_length = request.content_length.map_or(-1.0, |n| n as f64);
    out[40..48].copy_from_slice(&content_length.to_le_bytes());
    out[REQUEST_HEAD..text_end].copy_from_slice(&request.text);
    out[text_end..text_end + body.len()].copy_from_slice(body);
    Some(len)
}

fn padded(len: usize) -> usize {
    (len + 3) & !3
}

fn head(out: &mut [u8], kind: u8, flags: u8, port: u16, id: ExchangeId) {
    let len = out.len() as u32;
    put_u32(out, 0, len);
    out[4] = kind;
    out[5] = flags;
    put_u16(out, 6, port);
    put_u32(out, 8, id.slot);
    put_u32(out, 12, id.generation);
}

fn put_u32(out: &mut [u8], at: usize, value: u32) {
    out[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn put_u16(out: &mut [u8], at: usize, value: u16) {
    out[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

/// Delivers the replies JS has written. Stops at the first record that is not one;
/// the text says where, since that is a bug on the JS side.
pub fn deliver(slots: &Slots, mut bytes: &[u8]) -> Result<(), String> {
    let total = bytes.len();
    while !bytes.is_empty() {
        let (id, reply, len) = decode_reply(bytes)
            .ok_or_else(|| format!("malformed reply at byte {}", total - bytes.len()))?;
        // An exchange that is gone needs no reply: its client already left.
        slots.reply(id, reply);
        bytes = &bytes[len..];
    }
    Ok(())
}

fn decode_reply(bytes: &[u8]) -> Option<(ExchangeId, RawReply, usize)> {
    let len = u32_at(bytes, 0)? as usize;
    let record = bytes.get(..len)?;
    let mode = *record.get(5)?;
    let id = ExchangeId {
        slot: u32_at(record, 8)?,
        generation: u32_at(record, 12)?,
    };
    let status = u16_at(record, 16)?;
    let headers_len = u32_at(record, 20)? as usize;
    let body_len = u32_at(record, 24)? as usize;
    let end = REPLY_HEAD.checked_add(headers_len)?.checked_add(body_len)?;
    // One copy for both; they are taken apart without another.
    let mut payload = Bytes::copy_from_slice(record.get(REPLY_HEAD..end)?);
    let headers = payload.split_to(headers_len);
    let body = match mode {
        REPLY_NULL => RawBody::Null,
        REPLY_WHOLE => RawBody::Whole(payload),
        REPLY_STREAM => RawBody::Stream,
        _ => return None,
    };
    Some((
        id,
        RawReply {
            status,
            headers,
            body,
        },
        len,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Opens;

    fn request(body: RequestBody) -> RequestEvent {
        RequestEvent {
            id: ExchangeId {
                slot: 7,
                generation: 0xdead_beef,
            },
            route: Some(3),
            text: b"GEThttps://a.b/x127.0.0.1accept\n*/*\n".to_vec(),
            method_len: 3,
            origin_len: 11,
            target_len: 2,
            address_len: 9,
            port: 4242,
            canonical: true,
            http10: false,
            opens: None,
            content_length: Some(5),
            body,
        }
    }

    #[test]
    fn a_request_is_laid_out_as_the_header_of_this_file_says() {
        let event = Event::Request(Box::new(request(RequestBody::Whole(Bytes::from_static(
            b"hello",
        )))));
        let mut out = [0xff; 256];
        let len = encode(&event, &mut out).expect("fits");
        assert_eq!(len % 4, 0);
        assert_eq!(u32_at(&out, 0), Some(len as u32));
        assert_eq!((out[4], out[5]), (KIND_REQUEST, 1 | FLAG_CANONICAL));
        assert_eq!(u16_at(&out, 6), Some(4242));
        assert_eq!(u32_at(&out, 12), Some(0xdead_beef));
        let text_len = u32_at(&out, 20).expect("in range") as usize;
        assert_eq!(&out[REQUEST_HEAD + text_len..][..5], b"hello");
    }

    #[test]
    fn what_it_opens_is_flagged_and_so_is_a_bad_one() {
        let flags = |opens: Option<(bool, bool)>| {
            let opens = opens.map(|(stream, good)| Opens { stream, good });
            let request = RequestEvent {
                opens,
                ..request(RequestBody::None)
            };
            let mut out = [0; 256];
            encode(&Event::Request(Box::new(request)), &mut out).expect("fits");
            out[5]
        };
        assert_eq!(flags(None), FLAG_CANONICAL);
        let handshake = FLAG_CANONICAL | FLAG_UPGRADE;
        let stream = FLAG_CANONICAL | FLAG_STREAM;
        for (opens, expected) in [
            ((false, true), handshake),
            ((false, false), handshake | FLAG_BAD_HANDSHAKE),
            ((true, true), stream),
            ((true, false), stream | FLAG_BAD_HANDSHAKE),
        ] {
            assert_eq!(flags(Some(opens)), expected, "{opens:?}");
        }
    }

    #[test]
    fn an_event_that_does_not_fit_is_left_whole() {
        let event = Event::Request(Box::new(request(RequestBody::None)));
        let len = encode(&event, &mut [0; 256]).expect("fits");
        for short in 0..len {
            assert_eq!(encode(&event, &mut vec![0; short]), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_reply_bytes_can_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = deliver(&Slots::new(2), &bytes);
        }

        #[test]
        fn a_lying_length_is_an_error(len in 0u32..16) {
            let mut record = vec![0; 28];
            record[..4].copy_from_slice(&len.to_le_bytes());
            proptest::prop_assert!(deliver(&Slots::new(1), &record).is_err());
        }
    }
}
