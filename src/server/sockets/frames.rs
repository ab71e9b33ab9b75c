//! The hub's own frames, as clients write them: JSON texts that begin with `{"type":"__`.
//! Anything else is the app's. What a frame has wrong never ends its peer: it is told so.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ws::Position;

const PREFIX: &[u8] = b"{\"type\":\"__";

/// Numbers that JavaScript has exactly.
pub(super) const MAX_SAFE: u64 = (1 << 53) - 1;

/// Whether the text is meant for the hub.
pub(super) fn is_frame(text: &[u8]) -> bool {
    text.starts_with(PREFIX)
}

/// What a client wishes.
#[derive(Debug, PartialEq)]
pub(super) enum Frame<'a> {
    Subscribe {
        id: u64,
        topic: Cow<'a, str>,
        since: Option<Position>,
    },
    Unsubscribe {
        id: u64,
        topic: Cow<'a, str>,
    },
    Presence {
        id: u64,
        topic: Cow<'a, str>,
    },
    Count {
        id: u64,
        topic: Cow<'a, str>,
    },
    Request {
        id: u32,
        /// A JSON text, where there is any.
        data: Option<&'a str>,
    },
    Ping,
    /// To a request of the server's.
    Reply {
        id: u32,
        /// A JSON text either way.
        said: Result<Option<&'a str>, &'a str>,
    },
}

/// A frame that is none, and how it calls itself where that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadFrame {
    pub id: Option<u64>,
    pub reason: &'static str,
}

/// The members that any frame has; what is wrong with one of them does not hide the others.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    since: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Since<'a> {
    #[serde(borrow)]
    epoch: Cow<'a, str>,
    seq: u64,
}

/// Parses a frame. Whether a topic's name is a good one is not looked at.
pub(super) fn parse(text: &str) -> Result<Frame<'_>, BadFrame> {
    let Ok(members) = serde_json::from_str::<Members<'_>>(text) else {
        return Err(BadFrame {
            id: None,
            reason: "not a JSON object, or a member is there twice",
        });
    };
    if members.kind == "__ping" {
        return Ok(Frame::Ping);
    }
    let id = members.number();
    let bad = |reason| BadFrame { id, reason };
    let number = || id.ok_or(bad("id must be a whole number from 0 on"));
    let short = || {
        let number = u32::try_from(number()?);
        number.map_err(|_| bad("id must be below 2^32"))
    };
    let topic = || members.topic().ok_or(bad("topic must be a string"));
    Ok(match &*members.kind {
        "__subscribe" => Frame::Subscribe {
            id: number()?,
            topic: topic()?,
            since: match members.since {
                None => None,
                Some(since) => Some(position(since.get()).ok_or(bad(
                    "since must have an epoch in hexadecimal and a whole number seq",
                ))?),
            },
        },
        "__unsubscribe" => Frame::Unsubscribe {
            id: number()?,
            topic: topic()?,
        },
        "__presence" => Frame::Presence {
            id: number()?,
            topic: topic()?,
        },
        "__count" => Frame::Count {
            id: number()?,
            topic: topic()?,
        },
        "__request" => Frame::Request {
            id: short()?,
            data: members.data.map(RawValue::get),
        },
        "__reply" => Frame::Reply {
            id: short()?,
            said: match members.error.map(RawValue::get) {
                None => Ok(members.data.map(RawValue::get)),
                Some(error) if error.starts_with('"') => Err(error),
                Some(_) => return Err(bad("error must be a string")),
            },
        },
        _ => return Err(bad("no such type")),
    })
}

impl<'a> Members<'a> {
    fn number(&self) -> Option<u64> {
        let id: u64 = serde_json::from_str(self.id?.get()).ok()?;
        (id <= MAX_SAFE).then_some(id)
    }

    fn topic(&self) -> Option<Cow<'a, str>> {
        let raw = self.topic?.get();
        // without an escape it stands there as it is
        match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => serde_json::from_str(raw).ok().map(Cow::Owned),
        }
    }
}

fn position(raw: &str) -> Option<Position> {
    let since: Since<'_> = serde_json::from_str(raw).ok()?;
    // from_str_radix would take a sign
    let digits = since.epoch.bytes().all(|byte| byte.is_ascii_hexdigit());
    let epoch = u64::from_str_radix(&since.epoch, 16).ok();
    Some(Position {
        epoch: epoch.filter(|_| digits)?,
        seq: since.seq,
    })
}
