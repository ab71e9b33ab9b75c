//! The body of a request that is rendered, on its way to JS: along with the request, in chunks
//! behind it, or not at all.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http_body::Body as _;
use hyper::body::Incoming;

use super::App;
use super::build::Site;
use super::connection::Connection;
use super::exchange::unread;
use crate::dispatch::{BodyBounds, BodyOutcome, Eager, Exchange, RequestBody, eager, pump, wire};

enum Plan {
    None,
    Eager,
    Stream,
    TooLarge,
}

/// How the body reaches JS (KIT-CONTRACT: what counts as a body is SvelteKit's rule).
fn plan(
    app: &App,
    site: &Site,
    head: &Parts,
    body: &Incoming,
    content_length: Option<u64>,
) -> Plan {
    if head.method == Method::GET || head.method == Method::HEAD || body.is_end_stream() {
        return Plan::None;
    }
    // SvelteKit 2 takes a body without a content-type for none.
    if site.kit == 2 && !head.headers.contains_key(CONTENT_TYPE) {
        return Plan::None;
    }
    match content_length {
        Some(len) if !app.config.limits.body.allows(len) => Plan::TooLarge,
        Some(len) if len > wire::INLINE_BODY as u64 => Plan::Stream,
        // A client that waits for 100 Continue sends nothing before JS wants to read.
        _ if head.headers.contains_key(EXPECT) => Plan::Stream,
        _ => Plan::Eager,
    }
}

/// What the client says that there is.
pub(super) fn content_length(head: &Parts) -> Option<u64> {
    head.headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
}

/// What there is of a body before its request crosses.
pub(super) enum Inbound {
    None,
    Whole(Bytes),
    Stream(Bytes, Incoming),
    /// More than there may be: it is not read.
    Untouched(Incoming),
}

impl Inbound {
    /// Reads what may cross along with the request. Fails if the body is none.
    pub async fn take(
        app: &App,
        connection: &Rc<Connection>,
        site: &Site,
        head: &Parts,
        mut body: Incoming,
    ) -> Result<Self, hyper::Error> {
        Ok(match plan(app, site, head, &body, content_length(head)) {
            Plan::None => {
                unread(app, connection, body);
                Self::None
            }
            Plan::TooLarge => Self::Untouched(body),
            Plan::Stream => Self::Stream(Bytes::new(), body),
            Plan::Eager => match eager(&mut body).await {
                Eager::Whole(bytes) if app.config.limits.body.allows(bytes.len() as u64) => {
                    Self::Whole(bytes)
                }
                Eager::Whole(bytes) | Eager::Partial(bytes) => Self::Stream(bytes, body),
                Eager::Failed(error) => return Err(error),
            },
        })
    }

    /// What its request says of it.
    pub fn told(&self) -> RequestBody {
        match self {
            Self::None => RequestBody::None,
            Self::Whole(bytes) => RequestBody::Whole(bytes.clone()),
            Self::Stream(..) => RequestBody::Stream,
            Self::Untouched(_) => RequestBody::TooLarge,
        }
    }

    /// Sends the rest after the request. What comes back is held until there is an answer.
    pub fn follow(
        self,
        app: &Arc<App>,
        connection: &Rc<Connection>,
        exchange: &Exchange,
    ) -> Option<Incoming> {
        match self {
            Self::Stream(first, rest) => {
                start_pump(app, connection, exchange, first, rest);
                None
            }
            Self::Untouched(body) => {
                // Nothing past the limit is read; the connection closes over what is left of it.
                connection.close_after_reply();
                Some(body)
            }
            Self::None | Self::Whole(_) => None,
        }
    }

    /// Nobody will read it.
    pub fn leave(self, app: &App, connection: &Rc<Connection>) {
        match self {
            Self::None | Self::Whole(_) => {}
            Self::Stream(_, body) => unread(app, connection, body),
            Self::Untouched(_) => connection.close_after_reply(),
        }
    }
}

fn start_pump(
    app: &Arc<App>,
    connection: &Rc<Connection>,
    exchange: &Exchange,
    first: Bytes,
    rest: Incoming,
) {
    let bounds = BodyBounds {
        limit: app.config.limits.body.bytes(),
        unread: app.config.limits.unread_body,
    };
    let pumping = pump(app.dispatcher.clone(), exchange.id(), first, rest, bounds);
    let connection = connection.clone();
    let pending = connection.body_begins();
    tokio::task::spawn_local(async move {
        let outcome = pumping.await;
        connection.body_ends(pending);
        match outcome {
            BodyOutcome::Complete => {}
            BodyOutcome::Abandoned => connection.close_after_reply(),
            BodyOutcome::Failed(_) => connection.fail_body(),
        }
    });
}
