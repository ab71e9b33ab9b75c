//! A render: the request crosses to the worker once, and its reply comes back once;
//! only streams cross again. Also decides what a client gets when the worker does not answer
//! or answers what HTTP cannot carry. How the request's body travels is `inbound`'s.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE,
};
use http::request::Parts;
use http::{Method, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;

use super::App;
use super::address;
use super::body::Body;
use super::build::Site;
use super::connection::Connection;
use super::exchange::{plain, unread};
use super::inbound::{self, Inbound};
use super::opening::{Opening, Unopened};
use super::request_text::{self, RequestText};
use super::sticky::Choice;
use crate::dispatch::{
    Busy, Exchange, ExchangeId, Opens, Reply, ReplyBody, ReplyError, RequestEvent,
};
use crate::router::RouteId;
use crate::telemetry::{counters, log};

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) async fn render(
    app: &Arc<App>,
    connection: &Rc<Connection>,
    site: &Site,
    head: Parts,
    body: Incoming,
    route: Option<RouteId>,
) -> Response<Body> {
    let seat = app.sticky.as_ref().and_then(|sticky| {
        let address = address::client(&app.config.address, &head.headers, &connection.peer.address);
        sticky.choose(
            &head.headers,
            &address::host(&address),
            &app.dispatcher.seats(),
            |seat| app.dispatcher.starts_on(seat),
        )
    });
    let text = match request_text::write(app, connection, &head) {
        Ok(text) => text,
        Err(reason) => {
            log::error("could not determine request origin", &[("reason", &reason)]);
            unread(app, connection, body);
            return plain(StatusCode::BAD_REQUEST);
        }
    };
    let opening = match Opening::check(app, connection, &head, &text) {
        Ok(opening) => opening,
        Err(refusal) => {
            unread(app, connection, body);
            return refusal.response();
        }
    };
    let opens = opening.as_ref().map(Opening::told);
    let secure = text.is_secure();
    let content_length = inbound::content_length(&head);
    let inbound = match Inbound::take(app, connection, site, &head, body).await {
        Ok(inbound) => inbound,
        Err(error) => return broken_body(connection, &error),
    };
    let name = route
        .and_then(|route| site.router.route_id(route))
        .unwrap_or("");
    let ask = |text: RequestText, inbound: &Inbound| {
        app.dispatcher
            .dispatch(seat.map(|choice| choice.seat), |id| {
                let facts = Facts {
                    id,
                    route: route.map(RouteId::index),
                    port: connection.peer.port,
                    http10: head.version == Version::HTTP_10,
                    opens,
                    content_length,
                };
                event(text, &facts, inbound)
            })
    };
    let exchange = match ask(text, &inbound) {
        Ok(exchange) => exchange,
        Err(Busy) => {
            counters().queue_refused.increment();
            inbound.leave(app, connection);
            return busy();
        }
    };
    // Nothing but its head: another worker can be asked the same.
    let repeatable = matches!(inbound, Inbound::None)
        && (head.method == Method::GET || head.method == Method::HEAD);
    let invites = matches!(inbound, Inbound::Stream(..)) && head.headers.contains_key(EXPECT);
    let untouched = inbound.follow(app, connection, &exchange);
    let mut outcome = await_reply(connection, exchange).await;
    if invites {
        // The body's reader was woken when a worker took the request. It runs first, so that the
        // client sees 100 Continue before an answer however quick that is, as from Node.
        tokio::task::yield_now().await;
    }
    if let Outcome::Reply(Err(ReplyError::Lost(lost))) = &outcome
        && repeatable
        && !lost.suspected
        && let Ok(text) = request_text::write(app, connection, &head)
    {
        outcome = match ask(text, &Inbound::None) {
            Ok(exchange) => {
                counters().given_on.increment();
                // how long the first worker had it is not its fault
                connection.enqueue();
                await_reply(connection, exchange).await
            }
            Err(Busy) => Outcome::Refused,
        };
    }
    let mut response = match outcome {
        Outcome::Reply(Ok(reply)) if reply.status == StatusCode::SWITCHING_PROTOCOLS => {
            switch(app, connection, &head, opening, reply, name).await
        }
        Outcome::Reply(Ok(reply)) => {
            if let Some(Opening::Socket(_)) = opening {
                counters().ws_declined.increment();
            }
            respond(reply, &head.method)
        }
        Outcome::Reply(Err(ReplyError::Lost(_))) => lost(name),
        Outcome::Reply(Err(ReplyError::Forsaken)) => {
            counters().queue_refused.increment();
            if connection.body_pending() {
                connection.close_after_reply();
            }
            busy()
        }
        Outcome::Reply(Err(error)) => unwritable(&error, name),
        Outcome::Overdue => overdue(connection, name),
        Outcome::WaitedLong => {
            counters().queue_expired.increment();
            if connection.body_pending() {
                connection.close_after_reply();
            }
            busy()
        }
        Outcome::Refused => {
            counters().queue_refused.increment();
            busy()
        }
        Outcome::BodyFailed => plain(StatusCode::BAD_REQUEST),
    };
    drop(untouched);
    if let (Some(sticky), Some(Choice { seat, new: true })) = (&app.sticky, seat)
        && let Some(cookie) = sticky.cookie(seat, secure, response.headers())
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// What a request is beside its text and its body.
struct Facts {
    id: ExchangeId,
    route: Option<u32>,
    port: u16,
    http10: bool,
    opens: Option<Opens>,
    content_length: Option<u64>,
}

fn event(text: RequestText, facts: &Facts, inbound: &Inbound) -> RequestEvent {
    let RequestText {
        text,
        method_len,
        origin_len,
        target_len,
        address_len,
        canonical,
    } = text;
    let &Facts {
        id,
        route,
        port,
        http10,
        opens,
        content_length,
    } = facts;
    RequestEvent {
        id,
        route,
        text,
        method_len,
        origin_len,
        target_len,
        address_len,
        port,
        canonical,
        http10,
        opens,
        content_length,
        body: inbound.told(),
    }
}

enum Outcome {
    Reply(Result<Reply, ReplyError>),
    Overdue,
    WaitedLong,
    /// It was to be given on, and the line was full.
    Refused,
    BodyFailed,
}

async fn await_reply(connection: &Connection, exchange: Exchange) -> Outcome {
    let mut told = false;
    let outcome = poll_fn(|cx| {
        // Before the reply: a route that was told of it may have answered meanwhile, but a
        // message that is none gets 400.
        if connection.body_failed() {
            return Poll::Ready(Some(Outcome::BodyFailed));
        }
        if exchange.poll_ready(cx).is_ready() {
            return Poll::Ready(None);
        }
        // The connection's task is woken when one of these turns true.
        if connection.overdue() {
            return Poll::Ready(Some(Outcome::Overdue));
        }
        if connection.waited_long() && exchange.is_waiting() {
            return Poll::Ready(Some(Outcome::WaitedLong));
        }
        if connection.half_closed() && !told {
            told = true;
            exchange.hang_up();
        }
        Poll::Pending
    })
    .await;
    match outcome {
        Some(outcome) => outcome,
        None => Outcome::Reply(exchange.reply().await),
    }
}

fn respond(reply: Reply, method: &Method) -> Response<Body> {
    let mut headers = reply.headers;
    let body = match reply.body {
        ReplyBody::Null => {
            // A HEAD answer may state the length of what GET would have carried, a 304 too.
            if method != Method::HEAD && reply.status != StatusCode::NOT_MODIFIED {
                headers.remove(CONTENT_LENGTH);
            }
            Body::empty()
        }
        ReplyBody::Whole(bytes) => {
            // The length is known here; a wrong one from the route would desynchronise the client.
            headers.remove(CONTENT_LENGTH);
            Body::full(bytes)
        }
        ReplyBody::Stream(stream) => Body::stream(stream),
    };
    // nginx buffers event streams unless told not to (kit issue 15790).
    if headers
        .get(CONTENT_TYPE)
        .is_some_and(|v| v == "text/event-stream")
    {
        headers
            .entry(X_ACCEL_BUFFERING)
            .or_insert(HeaderValue::from_static("no"));
    }
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = headers;
    if reply.status.canonical_reason().is_none() {
        // What Node says; hyper would write `<none>`.
        let unknown = ReasonPhrase::from_static(b"unknown");
        response.extensions_mut().insert(unknown);
    }
    response
}

/// The worker accepts what was to be opened, or says that it does where there was nothing.
async fn switch(
    app: &App,
    connection: &Connection,
    head: &Parts,
    opening: Option<Opening>,
    reply: Reply,
    route: &str,
) -> Response<Body> {
    let Some(opening) = opening else {
        return unwritable(&ReplyError::Status(reply.status.as_u16()), route);
    };
    match opening.answer(app, connection, head, reply).await {
        Ok(response) => response,
        Err(Unopened::Misuse(misuse)) => unwritable(&misuse, route),
        Err(Unopened::Overdue) => overdue(connection, route),
    }
}

fn unwritable(error: &impl ToString, route: &str) -> Response<Body> {
    let message = error.to_string();
    log::error(
        "response refused",
        &[("route", &route), ("reason", &message)],
    );
    let mut response = plain(StatusCode::INTERNAL_SERVER_ERROR);
    *response.body_mut() = Body::full(Bytes::from(message));
    response
}

/// No worker could take the request: it has not been begun, and may be asked again soon.
fn busy() -> Response<Body> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
    let retry_after = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, retry_after);
    response
}

/// The worker died over it, and whether it has had an effect nobody knows.
fn lost(route: &str) -> Response<Body> {
    log::error("request lost with its worker", &[("route", &route)]);
    plain(StatusCode::BAD_GATEWAY)
}

fn overdue(connection: &Connection, route: &str) -> Response<Body> {
    connection.close_after_reply();
    // Whose fault it was decides the status: a request still on its way is the client's.
    let status = if connection.body_pending() {
        StatusCode::REQUEST_TIMEOUT
    } else {
        StatusCode::GATEWAY_TIMEOUT
    };
    log::error(
        "request timed out",
        &[("route", &route), ("status", &status.as_str())],
    );
    plain(status)
}

fn broken_body(connection: &Connection, error: &hyper::Error) -> Response<Body> {
    connection.close_after_reply();
    log::debug("request body broken", &[("reason", &error.to_string())]);
    plain(StatusCode::BAD_REQUEST)
}
