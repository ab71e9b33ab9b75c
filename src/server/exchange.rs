//! How an exchange flows: the head is checked, the router names the route, an asset, a
//! redirect or an endpoint is answered here, and only a render crosses to JS. This file
//! is that sentence in code; what each step does stands in the room it calls.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use super::App;
use super::body::Body;
use super::connection::{Connection, Phase};
use super::{health, render};
use crate::assets::{AssetBody, AssetReply, AssetRequest};
use crate::dispatch::{BodyOutcome, discard};
use crate::http::path::split_target;
use crate::router::Route;
use crate::telemetry::counters::{Raised, counters};
use crate::telemetry::log;

/// Answers one request; never fails, since a failure is an answer too.
pub async fn serve(
    app: Arc<App>,
    connection: Rc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    connection.begin();
    let http10 = request.version() == Version::HTTP_10;
    let scope = Scope::open(connection.clone());
    let answered = AssertUnwindSafe(answer(&app, &connection, request))
        .catch_unwind()
        .await;
    let mut response = answered.unwrap_or_else(|_| {
        // The panic hook has printed where; the exchange ends, the process does not.
        counters().panics.increment();
        connection.close_after_reply();
        log::error("exchange panicked", &[("peer", &connection.peer.address)]);
        plain(StatusCode::INTERNAL_SERVER_ERROR)
    });
    if http10 && !has_length(&response) {
        // Only its end can end such a response.
        connection.close_after_reply();
    }
    // A 101 ends the exchange but not the connection, and no drain can take it back.
    let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if !upgraded && (connection.is_last() || app.draining()) {
        connection.close_after_reply();
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    connection.enter(Phase::Reply);
    response.body_mut().keep(scope);
    Ok(response)
}

fn has_length(response: &Response<Body>) -> bool {
    response.headers().contains_key(CONTENT_LENGTH)
        || http_body::Body::size_hint(response.body())
            .exact()
            .is_some()
}

async fn answer(
    app: &Arc<App>,
    connection: &Rc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    if let Some(fault) = malformed(&head, connection) {
        return refuse(connection, fault);
    }
    if let Some(authority) = head.uri.authority() {
        // RFC 9112, 3.2.2: an absolute-form target overrides Host.
        match HeaderValue::from_str(authority.as_str()) {
            Ok(host) => head.headers.insert(HOST, host),
            Err(_) => return refuse(connection, "the authority cannot stand in a header"),
        };
    }
    let request = AssetRequest {
        method: &head.method,
        headers: &head.headers,
    };
    let build = app.build();
    let site = &build.site;
    match site.router.route(&head.method, head.uri.path()) {
        Route::Asset(asset) => {
            unread(app, connection, body);
            asset_response(site.assets.reply(asset, &request))
        }
        Route::Redirect(redirect) => {
            unread(app, connection, body);
            let target = head.uri.path_and_query().map_or("", |t| t.as_str());
            let (_, query) = split_target(target);
            asset_response(site.assets.redirect(redirect, &head.method, query))
        }
        Route::Endpoint(endpoint) => {
            unread(app, connection, body);
            asset_response(health::answer(app, endpoint))
        }
        Route::Render(route) => {
            if let Some((earlier, asset)) = build.earlier_file(&head.method, head.uri.path()) {
                unread(app, connection, body);
                return asset_response(earlier.assets.reply(asset, &request));
            }
            let site = site.clone();
            drop(build);
            render::render(app, connection, &site, head, body, route).await
        }
    }
}

fn refuse(connection: &Connection, fault: &'static str) -> Response<Body> {
    connection.close_after_reply();
    counters().refused.increment();
    log::debug("request refused", &[("reason", &fault)]);
    plain(StatusCode::BAD_REQUEST)
}

/// What a proxy in front and this server could read differently is refused before
/// anything else looks at it.
fn malformed(head: &Parts, connection: &Connection) -> Option<&'static str> {
    let hosts = head.headers.get_all(HOST).iter().count();
    // RFC 9112, 3.2: exactly one in HTTP/1.1; HTTP/1.0 may go without.
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return Some("there must be exactly one Host header");
    }
    if head.headers.contains_key(TRANSFER_ENCODING) {
        if connection.framing_conflict() {
            return Some("Content-Length and Transfer-Encoding exclude each other");
        }
        if !is_chunked_once(&head.headers) {
            return Some("Transfer-Encoding must be chunked, once and last");
        }
    }
    // Node's parser refuses them too, and decoders disagree on what such bytes mean.
    if head
        .uri
        .path_and_query()
        .is_some_and(|target| !target.as_str().is_ascii())
    {
        return Some("the request target holds bytes beyond ASCII");
    }
    if head.method == Method::CONNECT || head.uri.path_and_query().is_none() {
        return Some("this server is not a proxy");
    }
    None
}

/// hyper has seen that the last coding is `chunked`; that it is the only such one is left
/// to us (RFC 9112, 6.1).
fn is_chunked_once(headers: &HeaderMap) -> bool {
    let codings = headers
        .get_all(TRANSFER_ENCODING)
        .iter()
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    codings
        .filter(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked"))
        .count()
        == 1
}

fn asset_response(reply: AssetReply) -> Response<Body> {
    let body = match reply.body {
        AssetBody::Empty => Body::empty(),
        AssetBody::Memory(bytes) => Body::full(bytes),
        AssetBody::File { file, start, len } => Body::file(file, start, len),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// A bare answer in plain text, for what never reaches SvelteKit.
pub(super) fn plain(status: StatusCode) -> Response<Body> {
    let text = status.canonical_reason().unwrap_or("Error");
    let mut response = Response::new(Body::full(bytes::Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("text/plain;charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Discards a body nobody will read, so that the connection stays usable.
pub(super) fn unread(app: &App, connection: &Rc<Connection>, body: Incoming) {
    if body.is_end_stream() {
        return;
    }
    let bound = app.config.limits.unread_body;
    let connection = connection.clone();
    let pending = connection.body_begins();
    tokio::task::spawn_local(async move {
        let outcome = discard(body, bound).await;
        connection.body_ends(pending);
        if !matches!(outcome, BodyOutcome::Complete) {
            connection.close_after_reply();
        }
    });
}

/// Logs what hyper could not serve. A client that leaves is no news.
pub(super) fn log_connection_error(connection: &Connection, error: &hyper::Error) {
    if error.is_parse() {
        counters().refused.increment();
    }
    let reason = error.to_string();
    log::debug(
        "connection ended",
        &[("reason", &reason), ("peer", &connection.peer.address)],
    );
}

/// Marks the time from a complete request head to the end of its response.
#[derive(Debug)]
pub(super) struct Scope {
    _open: Raised<'static>,
    connection: Rc<Connection>,
}

impl Scope {
    fn open(connection: Rc<Connection>) -> Self {
        counters().exchanges.increment();
        Self {
            _open: counters().exchanges_open.raise(),
            connection,
        }
    }

    /// Nobody is waiting for more of the response.
    pub fn is_abandoned(&self) -> bool {
        self.connection.half_closed()
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.connection.enter(Phase::Flush);
    }
}
