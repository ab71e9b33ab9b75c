//! From a worker's acceptance to a peer of the hub, whether it comes with a handshake or asks for a
//! stream of events: what the worker admits, read from the body of its 101, and how the peer joins.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use http::request::Parts;
use serde::de::IgnoredAny;

use super::App;
use super::address;
use super::connection::Connection;
use super::gate::Refusal;
use super::refused::Bound;
use super::sockets::CARD_BYTES;
use crate::dispatch::{ReplyBody, Worker};
use crate::http::handshake::Fault;
use crate::ws::{Admission, JoinError, Joined, Transport, User};

/// Says that there is no user or no info.
const NONE: u32 = u32::MAX;

/// Bytes before the parts of an admission.
const ADMISSION_HEAD: usize = 12;

/// A peer whose 101 is on its way.
#[derive(Debug)]
pub(super) struct Admitted {
    pub joined: Joined,
    /// The worker that accepted it.
    pub home: Option<Arc<Worker>>,
    /// Of a stream, what stands in front of its events.
    pub stream: Option<Bytes>,
}

/// A 101 that cannot be sent; the runtime's fault, not the app's.
#[derive(Debug, thiserror::Error)]
pub(super) enum Misuse {
    #[error("a faulty handshake was accepted: {0}")]
    Fault(Fault),
    #[error("a handshake was accepted without an admission")]
    Admission,
    #[error("this thread takes no peers")]
    Thread,
}

/// The address against which the client's peers are counted.
pub(super) fn address_of(app: &App, connection: &Connection, head: &Parts) -> Option<Arc<str>> {
    let client = address::client(&app.config.address, &head.headers, &connection.peer.address);
    address::counted(&client).map(Arc::from)
}

/// Whom the worker admits.
pub(super) fn admission_of(
    body: ReplyBody,
    address: Option<Arc<str>>,
    transport: Transport,
) -> Result<Admission, Misuse> {
    let ReplyBody::Whole(bytes) = body else {
        return Err(Misuse::Admission);
    };
    let admission = parse(bytes, address).ok_or(Misuse::Admission)?;
    Ok(Admission {
        transport,
        ..admission
    })
}

/// The peer joins the hub on the thread of its connection.
pub(super) fn join(
    app: &App,
    connection: &Connection,
    admission: Admission,
) -> Result<Result<Joined, Refusal>, Misuse> {
    let peers = connection.peers().ok_or(Misuse::Thread)?;
    let error = match peers.join(admission) {
        Ok(joined) => return Ok(Ok(joined)),
        Err(error) => error,
    };
    let (bound, refusal) = match error {
        JoinError::Full => (Bound::Full, Refusal::Full),
        JoinError::Address => (Bound::Address, Refusal::Address),
    };
    if let Some(gate) = &app.gate {
        gate.refused(bound, None);
    }
    Ok(Err(refusal))
}

/// `u32 user length`, `u32 info length`, `u32 card length` (little-endian; all ones: there is
/// none), then the three: the user's id, what others see of him as a JSON text, and what only
/// JS understands.
fn parse(mut bytes: Bytes, address: Option<Arc<str>>) -> Option<Admission> {
    let mut head = bytes.get(..ADMISSION_HEAD)?;
    let lens = [head.get_u32_le(), head.get_u32_le(), head.get_u32_le()];
    bytes.advance(ADMISSION_HEAD);
    let mut part = |len: u32| {
        let len = if len == NONE { 0 } else { len as usize };
        (len <= bytes.len()).then(|| bytes.split_to(len))
    };
    let [user, info, context] = [part(lens[0])?, part(lens[1])?, part(lens[2])?];
    if !bytes.is_empty() || context.len() > CARD_BYTES {
        return None;
    }
    let text = |bytes: &Bytes| std::str::from_utf8(bytes).ok().map(Arc::<str>::from);
    let info = match &info {
        none if none.is_empty() => None,
        // it becomes part of a larger text
        info => Some(text(info).filter(|it| serde_json::from_str::<IgnoredAny>(it).is_ok())?),
    };
    let user = match lens[0] {
        NONE => None,
        _ => Some(User {
            id: text(&user)?,
            info,
        }),
    };
    Some(Admission {
        address,
        user,
        // not a part of the larger buffer, which would live as long
        context: Bytes::copy_from_slice(&context),
        transport: Transport::Socket,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(user: Option<&str>, info: &str, card: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for len in [
            user.map_or(NONE, |user| user.len() as u32),
            info.len() as u32,
            card.len() as u32,
        ] {
            bytes.extend(len.to_le_bytes());
        }
        bytes.extend(user.unwrap_or("").as_bytes());
        bytes.extend(info.as_bytes());
        bytes.extend(card);
        bytes
    }

    fn read(bytes: Vec<u8>) -> Option<Admission> {
        parse(bytes.into(), Some("192.0.2.1".into()))
    }

    #[test]
    fn an_admission_has_three_parts() {
        let parsed = read(admission(Some("anna"), r#"{"a":1}"#, b"\x00card")).expect("whole");
        let user = parsed.user.expect("a user");
        assert_eq!(
            (&*user.id, user.info.as_deref()),
            ("anna", Some(r#"{"a":1}"#))
        );
        assert_eq!(parsed.context, &b"\x00card"[..]);
        assert_eq!(parsed.address.as_deref(), Some("192.0.2.1"));

        let parsed = read(admission(None, "", b"")).expect("whole");
        assert!(parsed.user.is_none() && parsed.context.is_empty());
        let parsed = read(admission(Some(""), "", b"")).expect("whole");
        assert_eq!(parsed.user.map(|user| user.info), Some(None));
    }

    #[test]
    fn one_that_is_cut_or_lies_is_none() {
        let whole = admission(Some("anna"), "1", b"card");
        for len in 0..whole.len() {
            assert!(read(whole[..len].to_vec()).is_none(), "{len}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(read(longer).is_none());
        assert!(read(admission(Some("a"), "{", b"")).is_none());
        let mut not_text = whole;
        not_text[ADMISSION_HEAD] = 0xff;
        assert!(read(not_text).is_none());
    }
}
