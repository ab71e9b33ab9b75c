//! From a handshake to a peer. A handshake is an exchange like any other, but for two things,
//! which are here: what refuses it before a worker hears of it, and what becomes of the 101 that
//! accepts it. The worker's admission rides in the body of that. Streams of events, which are
//! asked for otherwise and admitted alike, are `streams.rs`.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{Response, StatusCode};
use parking_lot::Mutex;
use serde::de::IgnoredAny;

use super::App;
use super::address;
use super::body::Body;
use super::connection::Connection;
use super::exchange::plain;
use super::refused::{Bound, Warnings};
use super::request_text::RequestText;
use super::sockets::CARD_BYTES;
use crate::config::{Config, WebSocket};
use crate::dispatch::{Reply, ReplyBody, Worker};
use crate::http::handshake::{Fault, handshake};
use crate::http::header::joined;
use crate::http::origin::is_same;
use crate::limit::Limiter;
use crate::telemetry::{counters, log};
use crate::ws::{Admission, JoinError, Joined, Transport, User};

/// Says that there is no user or no info.
const NONE: u32 = u32::MAX;

/// Bytes before the parts of an admission.
const ADMISSION_HEAD: usize = 12;

/// Who may begin a handshake.
#[derive(Debug)]
pub(super) struct Gate {
    rules: WebSocket,
    /// The scheme that clients come with is known, not guessed.
    scheme_known: bool,
    limiter: Option<Mutex<Limiter>>,
    warnings: Warnings,
}

/// A handshake that may go on to a worker.
#[derive(Debug)]
pub(super) struct Handshake {
    /// What proves that it was understood, or why it cannot be accepted.
    accept: Result<HeaderValue, Fault>,
    /// Whom it counts for.
    address: Option<Arc<str>>,
}

/// A peer whose 101 is on its way.
#[derive(Debug)]
pub(super) struct Admitted {
    pub joined: Joined,
    /// The worker that accepted it.
    pub home: Option<Arc<Worker>>,
    /// Of a stream, what stands in front of its events.
    pub stream: Option<Bytes>,
}

impl Gate {
    /// By the rules of the configuration, if there are sockets.
    pub fn new(config: &Config) -> Option<Self> {
        let rules = config.websocket.clone()?;
        let limiter = rules.upgrade_rate.map(|rate| {
            let limiter = Limiter::new(rate.count, rate.period, Instant::now());
            Mutex::new(limiter)
        });
        Some(Self {
            warnings: Warnings::new(&rules, &config.address),
            rules,
            scheme_known: config.origin.is_some() || config.origin_headers.protocol.is_some(),
            limiter,
        })
    }

    fn allows_rate(&self, address: Option<&str>) -> Result<(), Duration> {
        match (&self.limiter, address) {
            (Some(limiter), Some(address)) => limiter.lock().take(address, Instant::now()),
            _ => Ok(()),
        }
    }

    /// A client of that address asks for a stream, where it may have one: whether it may try, or
    /// how long it has to wait. That it has to is counted.
    pub(super) fn allows_stream(&self, address: &str) -> Result<(), Duration> {
        let address = address::counted(address);
        let allowed = self.allows_rate(address.as_deref());
        if allowed.is_err() {
            counters().ws_refused_rate.increment();
            self.refused(Bound::Rate, None);
        }
        allowed
    }

    /// Whether a page of this origin may open sockets, for which browsers ask nobody else: a
    /// foreign page would come with the cookies of its visitor (RFC 6455, 10.2). `own` is the
    /// origin that the request was sent to.
    fn allows_origin(&self, headers: &HeaderMap, own: &str) -> bool {
        let Some(origin) = joined(headers, &ORIGIN) else {
            return !self.rules.require_origin;
        };
        let Ok(origin) = std::str::from_utf8(&origin) else {
            return false;
        };
        self.is_same(origin, own) || self.names(origin) || self.names("*")
    }

    pub(super) fn is_same(&self, origin: &str, own: &str) -> bool {
        is_same(origin, own, self.scheme_known)
    }

    /// Whether that stands among the allowed origins.
    pub(super) fn names(&self, origin: &str) -> bool {
        let mut allowed = self.rules.allowed_origins.iter();
        allowed.any(|it| it.eq_ignore_ascii_case(origin))
    }

    /// Topics of one peer at most.
    pub(super) fn subscriptions(&self) -> usize {
        self.rules.limits.subscriptions
    }

    pub(super) fn requires_origin(&self) -> bool {
        self.rules.require_origin
    }

    /// A handshake is refused at that bound.
    fn refused(&self, bound: Bound, headers: Option<&HeaderMap>) {
        self.warnings.refused(bound, headers);
    }
}

impl Handshake {
    /// `None`: a request like any other.
    pub fn check(
        app: &App,
        connection: &Connection,
        head: &Parts,
        text: &RequestText,
    ) -> Result<Option<Self>, Refusal> {
        let Some(gate) = &app.gate else {
            return Ok(None);
        };
        let Some(accept) = handshake(&head.method, head.version, &head.headers) else {
            return Ok(None);
        };
        if app.draining() {
            return Err(Refusal::Drain);
        }
        if !gate.allows_origin(&head.headers, &text.origin()) {
            let origin = joined(&head.headers, &ORIGIN).unwrap_or(Cow::Borrowed(b"none"));
            log::debug(
                "handshake refused",
                &[("origin", &String::from_utf8_lossy(&origin))],
            );
            return Err(Refusal::Origin);
        }
        // after that, or a foreign page could spend what its visitor may
        let client = address::client(&app.config.address, &head.headers, &connection.peer.address);
        let address = address::counted(&client).map(Arc::<str>::from);
        if let Err(wait) = gate.allows_rate(address.as_deref()) {
            gate.refused(Bound::Rate, Some(&head.headers));
            return Err(Refusal::Rate(wait));
        }
        Ok(Some(Self { accept, address }))
    }

    /// Whether it may be accepted.
    pub fn is_good(&self) -> bool {
        self.accept.is_ok()
    }

    /// Answers with what the worker said. Of a 101 the peer joins here, so that it can still be
    /// refused; it lives once the 101 has gone.
    pub fn answer(
        self,
        app: &App,
        connection: &Connection,
        reply: Reply,
    ) -> Result<Response<Body>, Misuse> {
        let accept = self.accept.map_err(Misuse::Fault)?;
        let ReplyBody::Whole(admission) = reply.body else {
            return Err(Misuse::Admission);
        };
        let admission = admission_of(admission, self.address).ok_or(Misuse::Admission)?;
        let joined = match join(app, connection, admission)? {
            Ok(joined) => joined,
            Err(refusal) => return Ok(refusal.response()),
        };
        // After it has joined: a drain that begins from here on finds it among the peers.
        if app.draining() || connection.is_last() {
            return Ok(Refusal::Drain.response());
        }
        counters().ws_accepted.increment();
        connection.admit(Admitted {
            joined,
            home: reply.home,
            stream: None,
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let mut headers = reply.headers;
        // What the protocol itself says is ours, and no extension is spoken (RFC 6455, 9.1).
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING, SEC_WEBSOCKET_EXTENSIONS] {
            headers.remove(name);
        }
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        *response.headers_mut() = headers;
        Ok(response)
    }
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

/// Why a handshake is refused, whatever the app would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its address has begun too many; it may try again after so long.
    Rate(Duration),
    /// A foreign page.
    Origin,
    /// Its address has too many peers.
    Address,
    /// There are too many.
    Full,
    /// The process ends; another may take it.
    Drain,
}

/// Nobody knows when a peer leaves, and its topics with it.
pub(super) const SOON: Duration = Duration::from_secs(1);

impl Refusal {
    /// The answer; counted once, here.
    pub fn response(self) -> Response<Body> {
        let (counter, status, wait) = match self {
            Self::Rate(wait) => (
                &counters().ws_refused_rate,
                StatusCode::TOO_MANY_REQUESTS,
                Some(wait),
            ),
            Self::Origin => (&counters().ws_refused_origin, StatusCode::FORBIDDEN, None),
            Self::Address => (
                &counters().ws_refused_address,
                StatusCode::TOO_MANY_REQUESTS,
                Some(SOON),
            ),
            Self::Full => (
                &counters().ws_refused_full,
                StatusCode::SERVICE_UNAVAILABLE,
                Some(SOON),
            ),
            Self::Drain => (
                &counters().ws_refused_drain,
                StatusCode::SERVICE_UNAVAILABLE,
                Some(SOON),
            ),
        };
        counter.increment();
        let mut response = plain(status);
        if let Some(wait) = wait {
            come_again(&mut response, wait);
        }
        response
    }
}

/// Says that the client may try again after so long.
pub(super) fn come_again(response: &mut Response<Body>, wait: Duration) {
    // in whole seconds (RFC 9110, 10.2.3)
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
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

/// `u32 user length`, `u32 info length`, `u32 card length` (little-endian; all ones: there is
/// none), then the three: the user's id, what others see of him as a JSON text, and what only
/// JS understands.
pub(super) fn admission_of(mut bytes: Bytes, address: Option<Arc<str>>) -> Option<Admission> {
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

    fn parse(bytes: Vec<u8>) -> Option<Admission> {
        admission_of(bytes.into(), Some("192.0.2.1".into()))
    }

    #[test]
    fn an_admission_has_three_parts() {
        let parsed = parse(admission(Some("anna"), r#"{"a":1}"#, b"\x00card")).expect("whole");
        let user = parsed.user.expect("a user");
        assert_eq!(
            (&*user.id, user.info.as_deref()),
            ("anna", Some(r#"{"a":1}"#))
        );
        assert_eq!(parsed.context, &b"\x00card"[..]);
        assert_eq!(parsed.address.as_deref(), Some("192.0.2.1"));

        let parsed = parse(admission(None, "", b"")).expect("whole");
        assert!(parsed.user.is_none() && parsed.context.is_empty());
        let parsed = parse(admission(Some(""), "", b"")).expect("whole");
        assert_eq!(parsed.user.map(|user| user.info), Some(None));
    }

    #[test]
    fn one_that_is_cut_or_lies_is_none() {
        let whole = admission(Some("anna"), "1", b"card");
        for len in 0..whole.len() {
            assert!(parse(whole[..len].to_vec()).is_none(), "{len}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(parse(longer).is_none());
        assert!(parse(admission(Some("a"), "{", b"")).is_none());
        let mut not_text = whole;
        not_text[ADMISSION_HEAD] = 0xff;
        assert!(parse(not_text).is_none());
    }
}
