//! From a handshake to a peer. A handshake is an exchange like any other, but for two things,
//! which are here: what refuses it before a worker hears of it, and what becomes of the 101 that
//! accepts it. The worker's admission rides in the body of that. Streams of events, which are
//! asked for otherwise and admitted alike, are `streams.rs`.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{Response, StatusCode};

use super::App;
use super::admission::{Admitted, Misuse, address_of, admission_of, join};
use super::body::Body;
use super::connection::Connection;
use super::gate::Refusal;
use super::refused::Bound;
use super::request_text::RequestText;
use crate::dispatch::Reply;
use crate::http::handshake::{Fault, handshake};
use crate::http::header::joined;
use crate::telemetry::{counters, log};
use crate::ws::Transport;

/// A handshake that may go on to a worker.
#[derive(Debug)]
pub(super) struct Handshake {
    /// What proves that it was understood, or why it cannot be accepted.
    accept: Result<HeaderValue, Fault>,
    /// Whom it counts for.
    address: Option<Arc<str>>,
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
        let address = address_of(app, connection, head);
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
        let admission = admission_of(reply.body, self.address, Transport::Socket)?;
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
