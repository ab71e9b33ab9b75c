//! Messages as server-sent events (WHATWG HTML, "Server-sent events"). What a topic's messages
//! become is the same for all streams, since the `id` says how far a stream has seen *all* topics:
//! a run is encoded once for all streams of an I/O thread.
//!
//! ```text
//! id: 1f3a-42                               up to where everything has been seen
//! data: {"topic":"chat","seq":7,…}          what a socket would get; a line for each of its lines
//!                                           an empty line ends the event
//! ```
//!
//! Bytes, which the format cannot carry, are an event of the type `binary` in base64.

use bytes::{BufMut, BytesMut};

use super::code::Goodbye;
use super::message::{Digits, Head, Message, put_json};
use crate::http::base64::base64;

/// Nothing but a sign of life (9.2.7 recommends a comment every 15 s or so).
pub(super) const COMMENT: &[u8] = b":\n\n";

/// The bytes around a message.
const OVERHEAD: usize = 64;

/// Where ids are made: they begin with the process's epoch.
#[derive(Debug)]
pub(super) struct Ids(Box<[u8]>);

impl Ids {
    pub fn new(epoch: u64) -> Self {
        Self(format!("id: {epoch:x}-").into_bytes().into())
    }

    /// Appends the line of that moment.
    fn put(&self, moment: u64, out: &mut BytesMut) {
        out.put_slice(&self.0);
        out.put_slice(Digits::default().write(moment));
        out.put_u8(b'\n');
    }

    /// An event without data: it is not told to anybody, but its id is kept.
    pub fn alone(&self, moment: u64) -> BytesMut {
        let mut out = BytesMut::with_capacity(OVERHEAD);
        self.put(moment, &mut out);
        out.put_u8(b'\n');
        out
    }
}

/// Appends a message; `from` is its topic and number, `seen` the moment up to which everything has
/// been seen with it.
pub(super) fn encode(
    message: &Message,
    from: Option<(&Head, u64)>,
    seen: Option<(&Ids, u64)>,
    out: &mut BytesMut,
) {
    out.reserve(message.len() + OVERHEAD);
    if let Some((ids, moment)) = seen {
        ids.put(moment, out);
    }
    if message.is_binary() {
        out.put_slice(b"event: binary\ndata: ");
        out.put_slice(base64(message.data()).as_bytes());
    } else {
        out.put_slice(b"data: ");
        let mut digits = Digits::default();
        let (front, start) = message.front(from, &mut digits);
        for piece in front {
            out.put_slice(piece);
        }
        put_lines(&message.data()[start..], out);
    }
    out.put_slice(b"\n\n");
}

/// Bytes that a message of that topic takes at most.
pub(super) fn bound(message: &Message, head: &Head) -> usize {
    // an id and a number have their longest form, and there is more room than for the rest
    let around = 128 + head.len();
    if message.is_binary() {
        return around + message.len().div_ceil(3) * 4;
    }
    let lines = memchr::memchr2_iter(b'\n', b'\r', message.data()).count();
    around + message.len() + lines * b"\ndata: ".len()
}

/// Each line of the text has a line of its own: a line ends with LF, CR or both, and they are all
/// the same to whoever reads it.
fn put_lines(mut text: &[u8], out: &mut BytesMut) {
    while let Some(end) = memchr::memchr2(b'\n', b'\r', text) {
        let both = text[end..].starts_with(b"\r\n");
        out.put_slice(&text[..end]);
        out.put_slice(b"\ndata: ");
        text = &text[end + 1 + usize::from(both)..];
    }
    out.put_slice(text);
}

/// The last thing a stream says: why it ends, for a client to know whether to come again.
pub(super) fn goodbye(goodbye: &Goodbye) -> BytesMut {
    let mut json = format!(
        "{{\"type\":\"__close\",\"code\":{},\"reason\":",
        goodbye.code.value()
    );
    put_json(&mut json, goodbye.reason.as_str());
    json.push('}');
    let mut out = BytesMut::new();
    encode(&Message::text(json), None, None, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::ws::code::CloseCode;

    fn text_of(text: &str) -> String {
        let mut out = BytesMut::new();
        encode(&Message::text(text.to_owned()), None, None, &mut out);
        String::from_utf8(out.to_vec()).expect("text")
    }

    /// The data of all events, by the standard's rules for reading a stream (9.2.6).
    fn read(stream: &str) -> Vec<String> {
        let (mut events, mut data) = (Vec::new(), String::new());
        for line in stream.split('\n') {
            if line.is_empty() {
                if let Some(whole) = data.strip_suffix('\n') {
                    events.push(whole.to_owned());
                }
                data.clear();
            } else if let Some(value) = line.strip_prefix("data:") {
                data.push_str(value.strip_prefix(' ').unwrap_or(value));
                data.push('\n');
            }
        }
        events
    }

    #[test]
    fn an_event_has_its_id_its_topic_and_its_number() {
        let event = Message::event("{\"type\":\"x\"}".into()).expect("an object");
        let (head, ids) = (Head::new("chat"), Ids::new(0x1f));
        let mut out = BytesMut::new();
        encode(&event, Some((&head, 7)), Some((&ids, 42)), &mut out);
        let expected = "id: 1f-42\ndata: {\"topic\":\"chat\",\"seq\":7,\"type\":\"x\"}\n\n";
        assert_eq!(out, expected);
        assert_eq!(&ids.alone(43)[..], b"id: 1f-43\n\n");
    }

    #[test]
    fn lines_end_in_any_way() {
        for (text, stream) in [
            ("", "data: \n\n"),
            ("a", "data: a\n\n"),
            (" a", "data:  a\n\n"),
            ("a\nb", "data: a\ndata: b\n\n"),
            ("a\rb", "data: a\ndata: b\n\n"),
            ("a\r\nb", "data: a\ndata: b\n\n"),
            ("a\n\rb", "data: a\ndata: \ndata: b\n\n"),
            ("a\r\r\nb", "data: a\ndata: \ndata: b\n\n"),
            ("\n", "data: \ndata: \n\n"),
            ("a\n", "data: a\ndata: \n\n"),
            ("data: x\n\nid: 1", "data: data: x\ndata: \ndata: id: 1\n\n"),
            ("\u{85}\u{2028}é\0", "data: \u{85}\u{2028}é\0\n\n"),
        ] {
            assert_eq!(text_of(text), stream, "{text:?}");
        }
    }

    #[test]
    fn an_event_may_be_large() {
        let line = "x".repeat(1 << 20);
        let text = [&*line; 3].join("\n");
        assert_eq!(read(&text_of(&text)), [text]);
    }

    #[test]
    fn bytes_are_an_event_of_their_own() {
        let mut out = BytesMut::new();
        let message = Message::binary(Bytes::from_static(&[0, 10, 13, 255]));
        encode(&message, Some((&Head::new("a"), 1)), None, &mut out);
        assert_eq!(out, "event: binary\ndata: AAoN/w==\n\n");
    }

    #[test]
    fn says_why_it_ends() {
        let why = Goodbye::new(CloseCode::POLICY, "no \"more\"\n");
        let expected =
            "data: {\"type\":\"__close\",\"code\":1008,\"reason\":\"no \\\"more\\\"\\u000a\"}\n\n";
        assert_eq!(goodbye(&why), expected);
    }

    proptest! {
        #[test]
        fn none_is_longer_than_its_bound(
            text in "[ab:é \n\r]{0,40}", name in "[a\"é]{1,40}", binary: bool, event: bool
        ) {
            let message = match (binary, event) {
                (true, _) => Message::binary(text.into_bytes().into()),
                (_, true) => Message::event(format!("{{\"x\":\n1{text:?}}}")).expect("an object"),
                _ => Message::text(text),
            };
            let (head, ids) = (Head::new(&name), Ids::new(u64::MAX));
            let mut out = BytesMut::new();
            let (from, seen) = (Some((&head, u64::MAX)), Some((&ids, u64::MAX)));
            encode(&message, from, seen, &mut out);
            prop_assert!(out.len() <= bound(&message, &head));
        }

        #[test]
        fn what_is_read_is_what_was_sent_but_for_the_ends_of_lines(
            texts in prop::collection::vec("[ab:é \n\r]{0,12}", 0..5)
        ) {
            let stream: String = texts.iter().map(|text| text_of(text)).collect();
            let plain = |text: &String| text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(read(&stream), texts.iter().map(plain).collect::<Vec<_>>());
        }
    }
}
