//! What is published, and how it stands on the wire: as it was given, or as an event that
//! names its topic and number. A message is encoded once for all peers of an I/O thread.
//!
//! An event is a JSON object `{"type":…,"data":…,"timestamp":…}`; the hub writes the topic
//! and the number in front of its members:
//! `{"topic":"chat","seq":42,"type":…,"data":…,"timestamp":…}`.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

/// The opcodes that we write (RFC 6455 5.2), with FIN set: nothing is sent in fragments.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// An empty ping (5.5.2). A server does not mask (5.1).
pub(super) const PING: &[u8] = &[0x89, 0];

/// Bytes of the longest frame head of a server.
const FRAME_HEAD: usize = 10;

/// Payloads from here on are not copied: their frame goes out in two pieces.
const SHARED_FROM: usize = 16 * 1024;

/// How a message stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text, as it is.
    Text,
    /// Bytes, as they are.
    Binary,
    /// A JSON object, with topic and number in front.
    Event,
}

/// The text is not a JSON object, as far as its first and last byte tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an event must be a JSON object with at least one member")]
pub struct NotAnObject;

/// What a topic's subscribers or one peer are to be sent.
#[derive(Debug, Clone)]
pub struct Message {
    kind: Kind,
    data: Bytes,
    key: Option<Arc<str>>,
}

impl Message {
    /// A text, sent as it is.
    pub fn text(text: String) -> Self {
        Self::of(Kind::Text, text.into())
    }

    /// Bytes, sent as they are.
    pub fn binary(bytes: Bytes) -> Self {
        Self::of(Kind::Binary, bytes)
    }

    /// A JSON object, sent as a text with topic and number in front. Sent to one peer it has
    /// neither and goes as it is.
    pub fn event(json: String) -> Result<Self, NotAnObject> {
        let json = json.trim_ascii().as_bytes();
        match json {
            [b'{', inner @ .., b'}'] if !inner.trim_ascii().is_empty() => {
                Ok(Self::of(Kind::Event, Bytes::copy_from_slice(json)))
            }
            _ => Err(NotAnObject),
        }
    }

    /// Under [`Overflow::Coalesce`](super::Overflow::Coalesce), the latest of its key is enough.
    pub fn keyed(self, key: Arc<str>) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    /// Takes a message as another process had it: what is no UTF-8 is no text, and what is no
    /// object no event.
    pub fn from_parts(kind: Kind, data: Bytes) -> Option<Self> {
        match kind {
            Kind::Binary => {}
            Kind::Text | Kind::Event if str::from_utf8(&data).is_err() => return None,
            Kind::Event if data.len() < 3 || data[0] != b'{' || !data.ends_with(b"}") => {
                return None;
            }
            Kind::Text | Kind::Event => {}
        }
        Some(Self::of(kind, data))
    }

    /// How it stands on the wire.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it says.
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    fn of(kind: Kind, data: Bytes) -> Self {
        Self {
            kind,
            data,
            key: None,
        }
    }

    /// Its length without what the hub adds.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether nothing is to be sent but the frame.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Its payload goes out without being copied.
    pub(super) fn is_shared(&self) -> bool {
        self.data.len() >= SHARED_FROM
    }

    /// Of its key, the latest is enough for a slow peer.
    pub fn key(&self) -> Option<&Arc<str>> {
        self.key.as_ref()
    }

    pub(super) fn is_binary(&self) -> bool {
        self.kind == Kind::Binary
    }

    /// What stands in front of the payload, and where in the data that begins: an event of a
    /// topic says `{"topic":"chat","seq":` `42` `,` and then its members.
    pub(super) fn front<'a>(
        &self,
        from: Option<(&'a Head, u64)>,
        digits: &'a mut Digits,
    ) -> ([&'a [u8]; 3], usize) {
        match from {
            Some((head, seq)) if self.kind == Kind::Event => {
                ([&head.0, digits.write(seq), b","], 1)
            }
            _ => ([&[], &[], &[]], 0),
        }
    }

    /// Appends the frame, or what stands before the payload of one that is long enough to
    /// be shared; that is then returned.
    pub(super) fn encode(&self, from: Option<(&Head, u64)>, out: &mut BytesMut) -> Option<Bytes> {
        let opcode = if self.kind == Kind::Binary {
            BINARY
        } else {
            TEXT
        };
        let mut digits = Digits::default();
        let (front, start) = self.front(from, &mut digits);
        let payload = self.data.slice(start..);
        let len = front.iter().map(|piece| piece.len()).sum::<usize>() + payload.len();
        let copied = !self.is_shared();
        out.reserve(FRAME_HEAD + if copied { len } else { len - payload.len() });
        put_frame_head(out, opcode, len);
        for piece in front {
            out.put_slice(piece);
        }
        if copied {
            out.put_slice(&payload);
            return None;
        }
        Some(payload)
    }
}

/// The head of an unmasked frame: opcode, then the length in 7, 7+16 or 7+64 bits (5.2).
fn put_frame_head(out: &mut BytesMut, opcode: u8, len: usize) {
    out.put_u8(opcode);
    match len {
        0..=125 => out.put_u8(len as u8),
        126..=0xffff => {
            out.put_u8(126);
            out.put_u16(len as u16);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(len as u64);
        }
    }
}

/// The beginning of every event of a topic, made once.
#[derive(Debug)]
pub(super) struct Head(Box<[u8]>);

impl Head {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn new(topic: &str) -> Self {
        let mut text = String::from("{\"topic\":");
        put_json(&mut text, topic);
        text.push_str(",\"seq\":");
        Self(text.into_bytes().into())
    }
}

/// Appends a JSON string (RFC 8259 section 7).
pub(super) fn put_json(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\u{1f}' => {
                // Writing to a String never fails.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// A number in decimal without the formatting machinery: this runs for every publish.
#[derive(Default)]
pub(super) struct Digits([u8; 20]);

impl Digits {
    pub fn write(&mut self, mut n: u64) -> &[u8] {
        let mut at = self.0.len();
        loop {
            at -= 1;
            self.0[at] = b'0' + (n % 10) as u8;
            n /= 10;
            if n == 0 {
                return &self.0[at..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(message: &Message, from: Option<(&Head, u64)>) -> Vec<u8> {
        let mut out = BytesMut::new();
        let rest = message.encode(from, &mut out);
        [&out[..], &rest.unwrap_or_default()].concat()
    }

    #[test]
    fn events_name_topic_and_number() {
        let head = Head::new("a\"b\\\u{1}é");
        let event = Message::event(" {\"type\":\"x\"} ".into()).expect("an object");
        for seq in [0, 9, 10, u64::MAX] {
            let frame = frame(&event, Some((&head, seq)));
            let json: serde_json::Value = serde_json::from_slice(&frame[2..]).expect("JSON");
            assert_eq!(json["topic"], "a\"b\\\u{1}é");
            assert_eq!(json["seq"], seq);
            assert_eq!(json["type"], "x");
        }
        assert_eq!(&frame(&event, None)[2..], b"{\"type\":\"x\"}");
    }

    #[test]
    fn events_are_objects() {
        for text in ["", "{", "}", "{}", "{ }", "[1]", "\"{}\"", "null"] {
            assert_eq!(
                Message::event(text.into()).err(),
                Some(NotAnObject),
                "{text}"
            );
        }
    }

    #[test]
    fn texts_and_bytes_go_as_they_are() {
        let head = Head::new("t");
        let text = Message::text("hé".into());
        assert_eq!(frame(&text, Some((&head, 1))), b"\x81\x03h\xc3\xa9");
        let bytes = Message::binary(Bytes::from_static(&[0, 255]));
        assert_eq!(frame(&bytes, Some((&head, 1))), [0x82, 2, 0, 255]);
    }

    #[test]
    fn lengths_take_their_shortest_form() {
        for (len, head) in [
            (125, &[0x82, 125][..]),
            (126, &[0x82, 126, 0, 126]),
            (65_535, &[0x82, 126, 255, 255]),
            (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = frame(&Message::binary(vec![7; len].into()), None);
            assert_eq!(&frame[..head.len()], head);
            assert_eq!(frame.len(), head.len() + len);
        }
    }
}
