//! From a request for a stream of events to a peer. Which paths have streams only JS knows, so what
//! is wrong with a request is only noted until a worker says that the path is one of the hooks'. It
//! says so with the answer that accepts a handshake, 101, which no client sees: the peer joins the
//! hub, hooks are asked for its topics, and the connection leaves HTTP as one with a WebSocket does.

use std::future::{pending, poll_fn};
use std::hash::{BuildHasher, RandomState};
use std::task::Poll;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HeaderMap,
    HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING, VARY,
};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::App;
use super::admission::{Admitted, Misuse, address_of, admission_of, join};
use super::body::Body;
use super::connection::{Connection, Phase};
use super::exchange::plain;
use super::gate::{Gate, Refusal, SOON, come_again};
use super::inbound::content_length;
use super::opening::Unopened;
use super::request_text::RequestText;
use super::sockets::{NoTopic, Sockets};
use crate::dispatch::Reply;
use crate::http::events;
use crate::http::header::joined;
use crate::telemetry::counters;
use crate::ws::{Joined, Moment, TopicName, Transport};

/// What stands behind the path of the hooks.
const SUFFIX: &str = "/sse";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Milliseconds after which a browser comes again: at least so many, and at most twice as many, so
/// that those whom a restart has cut off do not come all at once.
const RETRY: u64 = 2000;

/// A request for a stream, if its path is one of the hooks'.
#[derive(Debug)]
pub(super) struct Asked {
    wanted: Result<Wanted, Fault>,
    /// What lets the page that asks read the answer.
    cors: HeaderMap,
}

/// What is asked for.
#[derive(Debug)]
struct Wanted {
    topics: Vec<String>,
    /// The id of the last event that the client has had.
    last: Option<String>,
}

/// Why it cannot be had, whatever the app would say.
#[derive(Debug)]
enum Fault {
    Refused(Refusal),
    /// The request makes no sense; the text says what would.
    Request(StatusCode, String),
}

impl Asked {
    /// `None`: a request like any other.
    pub fn check(app: &App, head: &Parts, text: &RequestText) -> Option<Self> {
        let gate = app.gate.as_ref()?;
        if head.method != Method::GET || !head.uri.path().ends_with(SUFFIX) {
            return None;
        }
        let own = text.origin();
        Some(match gate.cors(&head.headers, &own) {
            Some(cors) => Self {
                wanted: gate.wanted(app, head),
                cors,
            },
            None => Self {
                wanted: Err(Fault::Refused(Refusal::Origin)),
                cors: HeaderMap::new(),
            },
        })
    }

    /// Whether hooks have to be asked.
    pub fn is_good(&self) -> bool {
        self.wanted.is_ok()
    }

    /// The worker says that the path is one of the hooks', and with its admission that the client
    /// may come. Does not return where the stream begins: the connection takes it from here.
    pub async fn answer(
        self,
        app: &App,
        connection: &Connection,
        head: &Parts,
        reply: Reply,
    ) -> Result<Response<Body>, Unopened> {
        let Self { wanted, cors } = self;
        let refuse = |mut response: Response<Body>| {
            response.headers_mut().extend(cors.clone());
            Ok(response)
        };
        let Wanted { topics, last } = match wanted {
            Ok(wanted) => wanted,
            Err(Fault::Refused(refusal)) => return refuse(refusal.response()),
            Err(Fault::Request(status, text)) => return refuse(said(status, text)),
        };
        let Some(sockets) = &app.sockets else {
            return Err(Misuse::Thread.into());
        };
        let address = address_of(app, connection, head);
        let admission = admission_of(reply.body, address, Transport::Stream)?;
        let joined = match join(app, connection, admission)? {
            Ok(joined) => joined,
            Err(refusal) => return refuse(refusal.response()),
        };
        // After it has joined: a drain that begins from here on finds it among the peers.
        if app.draining() {
            return refuse(Refusal::Drain.response());
        }
        sockets.opened(joined.id(), reply.home);
        let names = topics.iter().map(|name| TopicName::parse(name));
        let names: Vec<_> = names.filter_map(Result::ok).collect();
        let begun = tokio::select! {
            begun = begin(sockets, &joined, &names, last) => begun,
            () = overdue(connection) => return Err(Unopened::Overdue),
        };
        if let Err(refused) = begun {
            joined.refuse(&refused.reason);
            return refuse(not_had(&refused));
        }
        counters().ws_accepted.increment();
        let mut headers = reply.headers;
        headers.extend(cors);
        connection.admit(Admitted {
            joined,
            home: None,
            stream: Some(preface(headers)),
        });
        connection.enter(Phase::Flush);
        pending().await
    }
}

impl Gate {
    /// What lets a page read the answer; `None`: it may not. Browsers send an `Origin` only where
    /// the page is another site's, and then show it nothing without these headers (Fetch, CORS
    /// protocol). A page that wants nothing but to make one with its visitor's cookies, as by an
    /// image, sends none, but says where it stands.
    fn cors(&self, headers: &HeaderMap, own: &str) -> Option<HeaderMap> {
        let mut cors = HeaderMap::new();
        let Some(value) = joined(headers, &ORIGIN) else {
            let site = joined(headers, &SEC_FETCH_SITE);
            let allowed = match site.as_deref() {
                Some(b"same-origin") => true,
                Some(b"none") | None => !self.requires_origin(),
                Some(_) => false,
            };
            return allowed.then_some(cors);
        };
        let origin = std::str::from_utf8(&value).ok()?;
        if self.is_same(origin, own) {
            return Some(cors);
        }
        if self.names(origin) {
            cors.insert(
                ACCESS_CONTROL_ALLOW_ORIGIN,
                HeaderValue::from_str(origin).ok()?,
            );
            let yes = HeaderValue::from_static("true");
            cors.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            cors.insert(VARY, HeaderValue::from_static("origin"));
            return Some(cors);
        }
        // Any page, but without its visitor's cookies.
        self.names("*").then(|| {
            cors.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            cors
        })
    }

    fn wanted(&self, app: &App, head: &Parts) -> Result<Wanted, Fault> {
        if app.draining() {
            return Err(Fault::Refused(Refusal::Drain));
        }
        if !events::accepts(&head.headers) {
            let text = "This is a stream of events: accept text/event-stream";
            return Err(Fault::Request(StatusCode::NOT_ACCEPTABLE, text.to_owned()));
        }
        let bad = |text: String| Fault::Request(StatusCode::BAD_REQUEST, text);
        if head.headers.contains_key(TRANSFER_ENCODING) || content_length(head).unwrap_or(0) > 0 {
            return Err(bad("A stream is asked for without a body".to_owned()));
        }
        let query = events::query(head.uri.query().unwrap_or(""))
            .ok_or_else(|| bad("The query is not UTF-8".to_owned()))?;
        if query.topics.is_empty() {
            return Err(bad(format!(
                "Name the topics in the query, each by itself: {}?topic=news&topic=chat",
                head.uri.path()
            )));
        }
        let most = self.subscriptions();
        if query.topics.len() > most {
            return Err(bad(format!("A stream has at most {most} topics")));
        }
        for topic in &query.topics {
            if let Err(error) = TopicName::parse(topic) {
                return Err(bad(format!("topic={topic}: {error}")));
            }
        }
        let last = events::last_event_id(&head.headers, &query);
        let topics = query.topics;
        Ok(Wanted { topics, last })
    }
}

/// Asks hooks for the topics and gives them to the peer.
async fn begin(
    sockets: &Sockets,
    joined: &Joined,
    topics: &[TopicName<'_>],
    last: Option<String>,
) -> Result<(), NoTopic> {
    sockets.may_have(joined.id(), topics).await?;
    let epoch = sockets.hub.epoch();
    let seen = last.map(|id| {
        // what is no id of ours is as good as one of another process
        let elsewhere = Moment {
            epoch: !epoch,
            at: 0,
        };
        Moment::parse(&id).unwrap_or(elsewhere)
    });
    let streamed = sockets.hub.stream(joined.id(), topics, seen);
    streamed.map_err(NoTopic::from)
}

/// Ready when the request has taken longer than a request may.
async fn overdue(connection: &Connection) {
    poll_fn(|_| {
        // the connection's task is woken when this turns true
        if connection.overdue() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// The head of the answer, and when to come again.
fn preface(headers: HeaderMap) -> Bytes {
    let mut preface = events::head(headers);
    let retry = RETRY + random(RETRY);
    preface.extend_from_slice(format!("retry: {retry}\n\n").as_bytes());
    preface.into()
}

/// A number below `bound` that differs from one client to the next.
fn random(bound: u64) -> u64 {
    RandomState::new().hash_one(()) % bound
}

fn said(status: StatusCode, text: String) -> Response<Body> {
    let mut response = plain(status);
    *response.body_mut() = Body::full(text.into());
    response
}

/// A topic cannot be had, and with it the stream: what it is of no use without is for the client
/// to know.
fn not_had(refused: &NoTopic) -> Response<Body> {
    counters().ws_topics_refused.increment();
    let status = match refused.code {
        _ if refused.of_address => StatusCode::TOO_MANY_REQUESTS,
        "topics" | "too-many" | "lost" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    };
    let mut response = said(status, refused.json());
    if status != StatusCode::FORBIDDEN {
        come_again(&mut response, SOON);
    }
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
