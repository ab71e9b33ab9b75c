//! How instances' words stand in bytes. What comes from Redis may come from another version, or
//! from somebody else: every length is looked at, and what makes no sense is an error, never a panic.
//!
//! `version u8, kind u8, origin u64`, then what the kind has; numbers are little-endian, texts and bytes
//! have their length in front.

mod reader;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;

use super::words::{Body, Frame, Instance, LANES, Letter, Outcome, Stream, TopicState};
use crate::ws::{FarPeer, Kind, NAME_BYTES, PeerId, User};

/// Of this layout. An instance ignores what has another, so that versions can be rolled out.
pub const VERSION: u8 = 1;

/// Bytes of a frame before its kind's own.
const HEAD: usize = 10;

/// Bytes of what tells users apart, and of what is to be seen of one, at most.
const USER_BYTES: usize = 1 << 20;

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WireError {
    /// Another version wrote it.
    #[error("it is of version {0}")]
    Version(u8),
    /// It is cut, too long or makes no sense.
    #[error("it makes no sense")]
    Malformed,
}

use reader::Reader;

type Result<T> = std::result::Result<T, WireError>;

const BEAT: u8 = 1;
const BYE: u8 = 2;
const NUMBERED: u8 = 3;
const NACK: u8 = 4;
const LOST: u8 = 5;
const WANT: u8 = 6;
const STATE: u8 = 7;

const PUBLISH: u8 = 1;
const BROADCAST: u8 = 2;
const COUNT: u8 = 3;
const PRESENT: u8 = 4;
const ABSENT: u8 = 5;
const RESET: u8 = 6;
const SEND: u8 = 7;
const CLOSE: u8 = 8;
const ASK: u8 = 9;
const FORGET: u8 = 10;
const REPLY: u8 = 11;
const SURVEY: u8 = 12;

/// The frame as `origin` sends it.
pub fn encode(origin: Instance, frame: &Frame) -> Bytes {
    let mut out = BytesMut::with_capacity(64);
    out.put_u8(VERSION);
    match frame {
        Frame::Beat {
            heads,
            open,
            direct,
        } => {
            put_head(&mut out, BEAT, origin);
            heads.iter().for_each(|head| out.put_u64_le(*head));
            out.put_u32_le(*open);
            out.put_u32_le(direct.len() as u32);
            for (to, head) in direct {
                out.put_u64_le(*to);
                out.put_u64_le(*head);
            }
        }
        Frame::Bye => put_head(&mut out, BYE, origin),
        Frame::Numbered(stream, seq, body) => {
            put_head(&mut out, NUMBERED, origin);
            put_stream(&mut out, *stream);
            out.put_u64_le(*seq);
            put_body(&mut out, body);
        }
        Frame::Nack(stream, from) => {
            put_head(&mut out, NACK, origin);
            put_stream(&mut out, *stream);
            out.put_u64_le(*from);
        }
        Frame::Lost(stream, upto) => {
            put_head(&mut out, LOST, origin);
            put_stream(&mut out, *stream);
            out.put_u64_le(*upto);
        }
        Frame::Want(lanes) => {
            put_head(&mut out, WANT, origin);
            out.put_u16_le(*lanes);
        }
        Frame::State {
            lane,
            seq,
            part,
            last,
            topics,
        } => {
            put_head(&mut out, STATE, origin);
            out.put_u8(*lane);
            out.put_u64_le(*seq);
            out.put_u32_le(*part);
            out.put_u8(u8::from(*last));
            out.put_u32_le(topics.len() as u32);
            for (topic, state) in topics {
                put_text(&mut out, topic);
                out.put_u32_le(state.count);
                out.put_u32_le(state.users.len() as u32);
                state.users.iter().for_each(|user| put_user(&mut out, user));
            }
        }
    }
    out.freeze()
}

fn put_head(out: &mut BytesMut, kind: u8, origin: Instance) {
    out.put_u8(kind);
    out.put_u64_le(origin);
}

fn put_stream(out: &mut BytesMut, stream: Stream) {
    match stream {
        Stream::Lane(lane) => {
            out.put_u8(lane);
            out.put_u64_le(0);
        }
        Stream::To(instance) => {
            out.put_u8(u8::MAX);
            out.put_u64_le(instance);
        }
    }
}

fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u32_le(bytes.len() as u32);
    out.put_slice(bytes);
}

fn put_text(out: &mut BytesMut, text: &str) {
    put_bytes(out, text.as_bytes());
}

fn put_optional(out: &mut BytesMut, text: Option<&str>) {
    out.put_u8(u8::from(text.is_some()));
    if let Some(text) = text {
        put_text(out, text);
    }
}

fn put_user(out: &mut BytesMut, user: &User) {
    put_text(out, &user.id);
    put_optional(out, user.info.as_deref());
}

fn put_letter(out: &mut BytesMut, letter: &Letter) {
    out.put_u8(match letter.kind {
        Kind::Text => 0,
        Kind::Binary => 1,
        Kind::Event => 2,
    });
    put_optional(out, letter.key.as_deref());
    out.put_u8(u8::from(letter.except.is_some()));
    if let Some(FarPeer { epoch, peer }) = letter.except {
        out.put_u64_le(epoch);
        out.put_u64_le(peer.to_bits());
    }
    put_bytes(out, &letter.data);
}

fn put_body(out: &mut BytesMut, body: &Body) {
    match body {
        Body::Publish(topic, letter) => {
            out.put_u8(PUBLISH);
            put_text(out, topic);
            put_letter(out, letter);
        }
        Body::Broadcast(letter) => {
            out.put_u8(BROADCAST);
            put_letter(out, letter);
        }
        Body::Count(topic, count) => {
            out.put_u8(COUNT);
            put_text(out, topic);
            out.put_u32_le(*count);
        }
        Body::Present(topic, user) => {
            out.put_u8(PRESENT);
            put_text(out, topic);
            put_user(out, user);
        }
        Body::Absent(topic, user) => {
            out.put_u8(ABSENT);
            put_text(out, topic);
            put_text(out, user);
        }
        Body::Reset => out.put_u8(RESET),
        Body::Send(peer, letter) => {
            out.put_u8(SEND);
            out.put_u64_le(peer.to_bits());
            put_letter(out, letter);
        }
        Body::Close(peer, code, reason) => {
            out.put_u8(CLOSE);
            out.put_u64_le(peer.to_bits());
            out.put_u16_le(*code);
            put_text(out, reason);
        }
        Body::Ask(id, peer, data) => {
            out.put_u8(ASK);
            out.put_u32_le(*id);
            out.put_u64_le(peer.to_bits());
            put_bytes(out, data);
        }
        Body::Forget(id) => {
            out.put_u8(FORGET);
            out.put_u32_le(*id);
        }
        Body::Reply(id, outcome) => {
            out.put_u8(REPLY);
            out.put_u32_le(*id);
            let (kind, data): (u8, &[u8]) = match outcome {
                Outcome::Data(data) => (0, data),
                Outcome::Error(data) => (1, data),
                Outcome::Gone => (2, &[]),
            };
            out.put_u8(kind);
            put_bytes(out, data);
        }
        Body::Survey(id, from) => {
            out.put_u8(SURVEY);
            out.put_u32_le(*id);
            out.put_u32_le(*from);
        }
    }
}

/// Who sent the frame, and what it says.
pub fn decode(bytes: Bytes) -> Result<(Instance, Frame)> {
    let mut reader = Reader(bytes);
    let version = reader.u8()?;
    if version != VERSION {
        return Err(WireError::Version(version));
    }
    if reader.0.len() + 1 < HEAD {
        return Err(WireError::Malformed);
    }
    let kind = reader.u8()?;
    let origin = reader.u64()?;
    let frame = match kind {
        BEAT => {
            let mut heads = [0; LANES];
            for head in &mut heads {
                *head = reader.u64()?;
            }
            let open = reader.u32()?;
            let direct = reader.many(16, |reader| Ok((reader.u64()?, reader.u64()?)))?;
            Frame::Beat {
                heads,
                open,
                direct,
            }
        }
        BYE => Frame::Bye,
        NUMBERED => Frame::Numbered(reader.stream()?, reader.u64()?, reader.body()?),
        NACK => Frame::Nack(reader.stream()?, reader.u64()?),
        LOST => Frame::Lost(reader.stream()?, reader.u64()?),
        WANT => Frame::Want(reader.u16()?),
        STATE => Frame::State {
            lane: reader.lane()?,
            seq: reader.u64()?,
            part: reader.u32()?,
            last: reader.flag()?,
            topics: reader.many(12, Reader::topic_state)?,
        },
        _ => return Err(WireError::Malformed),
    };
    if reader.0.has_remaining() {
        return Err(WireError::Malformed);
    }
    Ok((origin, frame))
}
