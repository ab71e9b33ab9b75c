//! Who may open a WebSocket or a stream of events, as far as that is known before a worker hears of
//! it: pages by their origin, and clients by how often their address has tried. And how one that may
//! not is answered.

use std::time::{Duration, Instant};

use http::header::{HeaderMap, HeaderValue, ORIGIN, RETRY_AFTER};
use http::{Response, StatusCode};
use parking_lot::Mutex;

use super::address;
use super::body::Body;
use super::exchange::plain;
use super::refused::{Bound, Warnings};
use crate::config::{Config, WebSocket};
use crate::http::header::joined;
use crate::http::origin::is_same;
use crate::limit::Limiter;
use crate::telemetry::counters;

/// Who may begin a handshake.
#[derive(Debug)]
pub(super) struct Gate {
    rules: WebSocket,
    /// The scheme that clients come with is known, not guessed.
    scheme_known: bool,
    limiter: Option<Mutex<Limiter>>,
    warnings: Warnings,
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

    pub fn allows_rate(&self, address: Option<&str>) -> Result<(), Duration> {
        match (&self.limiter, address) {
            (Some(limiter), Some(address)) => limiter.lock().take(address, Instant::now()),
            _ => Ok(()),
        }
    }

    /// A client of that address asks for a stream, where it may have one: whether it may try, or
    /// how long it has to wait. That it has to is counted.
    pub fn allows_stream(&self, address: &str) -> Result<(), Duration> {
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
    pub fn allows_origin(&self, headers: &HeaderMap, own: &str) -> bool {
        let Some(origin) = joined(headers, &ORIGIN) else {
            return !self.rules.require_origin;
        };
        let Ok(origin) = std::str::from_utf8(&origin) else {
            return false;
        };
        self.is_same(origin, own) || self.names(origin) || self.names("*")
    }

    pub fn is_same(&self, origin: &str, own: &str) -> bool {
        is_same(origin, own, self.scheme_known)
    }

    /// Whether that stands among the allowed origins.
    pub fn names(&self, origin: &str) -> bool {
        let mut allowed = self.rules.allowed_origins.iter();
        allowed.any(|it| it.eq_ignore_ascii_case(origin))
    }

    /// Topics of one peer at most.
    pub fn subscriptions(&self) -> usize {
        self.rules.limits.subscriptions
    }

    pub fn requires_origin(&self) -> bool {
        self.rules.require_origin
    }

    /// A handshake is refused at that bound.
    pub fn refused(&self, bound: Bound, headers: Option<&HeaderMap>) {
        self.warnings.refused(bound, headers);
    }
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
