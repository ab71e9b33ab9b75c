//! Tells the operator that a bound refuses handshakes, and which setting moves it: seldom, for
//! whoever is refused comes again. How many were is counted elsewhere (`telemetry/counters.rs`).

use std::time::{Duration, Instant};

use http::header::{FORWARDED, HeaderMap};
use parking_lot::Mutex;

use super::address::FORWARDED_FOR;
use crate::config::{ClientAddress, WebSocket};
use crate::telemetry::log;

/// Between two lines about the same bound.
const PAUSE: Duration = Duration::from_secs(60);

/// What is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The handshakes of an address in a time.
    Rate,
    /// The peers of an address.
    Address,
    /// All peers.
    Full,
}

/// What has been said.
#[derive(Debug)]
pub(super) struct Warnings {
    /// By bound, the name of its variable and when it was spoken of.
    bounds: Mutex<[(String, Option<Instant>); 3]>,
    /// The variable that names the header with the client's address, if nobody has set it and
    /// it has not been spoken of.
    header: Mutex<Option<String>>,
}

/// A line of the log.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    message: &'static str,
    setting: String,
    /// What gave rise to it.
    header: Option<&'static str>,
}

impl Warnings {
    pub fn new(rules: &WebSocket, address: &ClientAddress) -> Self {
        let header = (address.header.is_none()).then(|| address.header_variable.clone());
        let variables = [
            &rules.upgrade_rate_variable,
            &rules.peers_per_address_variable,
            &rules.peers_variable,
        ];
        Self {
            bounds: Mutex::new(variables.map(|variable| (variable.clone(), None))),
            header: Mutex::new(header),
        }
    }

    /// A handshake was refused. `headers` are its own, where they are still there.
    pub fn refused(&self, bound: Bound, headers: Option<&HeaderMap>) {
        let now = Instant::now();
        let lines = [self.line(bound, now), self.hint(bound, headers)];
        for line in lines.into_iter().flatten() {
            match line.header {
                Some(header) => log::warn(
                    line.message,
                    &[("setting", &line.setting), ("header", &header)],
                ),
                None => log::warn(line.message, &[("setting", &line.setting)]),
            }
        }
    }

    fn line(&self, bound: Bound, now: Instant) -> Option<Line> {
        let (at, message) = match bound {
            Bound::Rate => (0, "handshakes refused: an address begins too many"),
            Bound::Address => (1, "handshakes refused: an address has too many peers"),
            Bound::Full => (2, "handshakes refused: there are too many peers"),
        };
        let (variable, said) = &mut self.bounds.lock()[at];
        if said.is_some_and(|said| now.saturating_duration_since(said) < PAUSE) {
            return None;
        }
        *said = Some(now);
        Some(Line {
            message,
            setting: variable.clone(),
            header: None,
        })
    }

    /// Behind a proxy of which nothing is known, all clients have its address.
    fn hint(&self, bound: Bound, headers: Option<&HeaderMap>) -> Option<Line> {
        let headers = headers.filter(|_| bound == Bound::Rate)?;
        let names = [FORWARDED_FOR, FORWARDED.as_str()];
        let header = names.into_iter().find(|name| headers.contains_key(*name))?;
        Some(Line {
            message: "all clients of a proxy count as one: a setting is likely missing",
            setting: self.header.lock().take()?,
            header: Some(header),
        })
    }
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn warnings(header: Option<&str>) -> Warnings {
        let bounds = ["RATE", "PER_ADDRESS", "PEERS"];
        Warnings {
            bounds: Mutex::new(bounds.map(|variable| (variable.to_owned(), None))),
            header: Mutex::new(header.map(str::to_owned)),
        }
    }

    #[test]
    fn speaks_of_each_bound_once_a_minute() {
        let warnings = warnings(None);
        let start = Instant::now();
        let said = |bound, seconds| {
            let line = warnings.line(bound, start + Duration::from_secs(seconds));
            line.map(|line| line.setting)
        };
        assert_eq!(said(Bound::Rate, 0).as_deref(), Some("RATE"));
        assert_eq!(said(Bound::Rate, 1), None);
        assert_eq!(said(Bound::Address, 1).as_deref(), Some("PER_ADDRESS"));
        assert_eq!(said(Bound::Full, 2).as_deref(), Some("PEERS"));
        assert_eq!(said(Bound::Rate, 59), None);
        assert_eq!(said(Bound::Rate, 60).as_deref(), Some("RATE"));
        assert_eq!(said(Bound::Address, 60), None);
        assert_eq!(said(Bound::Rate, 119), None);
    }

    #[test]
    fn speaks_of_a_missing_header_once() {
        let mut headers = HeaderMap::new();
        let hinted = |warnings: &Warnings, bound, headers: &HeaderMap| {
            let line = warnings.hint(bound, Some(headers));
            line.map(|line| (line.setting, line.header))
        };
        let missing = warnings(Some("MY_ADDRESS_HEADER"));
        assert_eq!(hinted(&missing, Bound::Rate, &headers), None);
        headers.insert(FORWARDED, HeaderValue::from_static("for=192.0.2.1"));
        assert_eq!(hinted(&warnings(None), Bound::Rate, &headers), None);
        assert_eq!(hinted(&missing, Bound::Full, &headers), None);
        assert_eq!(missing.hint(Bound::Rate, None), None);
        assert_eq!(
            hinted(&missing, Bound::Rate, &headers),
            Some(("MY_ADDRESS_HEADER".to_owned(), Some("forwarded")))
        );
        assert_eq!(hinted(&missing, Bound::Rate, &headers), None);
        let other = warnings(Some("ADDRESS_HEADER"));
        headers.insert(FORWARDED_FOR, HeaderValue::from_static("192.0.2.1"));
        assert_eq!(
            hinted(&other, Bound::Rate, &headers),
            Some(("ADDRESS_HEADER".to_owned(), Some("x-forwarded-for")))
        );
    }
}
