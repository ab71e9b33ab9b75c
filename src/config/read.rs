//! The parsers as the settings table asks for them: a text and the [`Kind`] of the place it
//! stands in, which carries units and bounds.

use std::time::Duration;

use http::HeaderName;

use super::decided::{Balancing, BodyLimit, Rate, Timeout, WebObjects};
use super::parse::{self, WorkerCount};
use super::setting::Kind;
use crate::telemetry::log::Level;
use crate::ws::Overflow;

pub(super) fn duration(text: &str, kind: Kind) -> Option<Duration> {
    match kind {
        Kind::Duration(unit) => parse::duration(text, unit),
        _ => None,
    }
}

pub(super) fn timeout(text: &str, kind: Kind) -> Option<Timeout> {
    match kind {
        Kind::Timeout(unit) => parse::timeout(text, unit),
        _ => None,
    }
}

pub(super) fn interval(text: &str, kind: Kind) -> Option<Duration> {
    match kind {
        Kind::Interval { unit, min, max } => {
            parse::duration(text, unit).filter(|duration| (min..=max).contains(duration))
        }
        _ => None,
    }
}

pub(super) fn bytes(text: &str, kind: Kind) -> Option<u64> {
    match kind {
        Kind::Bytes { min, max } => parse::bytes(text, min, max),
        _ => None,
    }
}

pub(super) fn count(text: &str, kind: Kind) -> Option<usize> {
    match kind {
        Kind::Count { min, max } => parse::count(text, min, max),
        _ => None,
    }
}

/// A count whose 0 means "never".
pub(super) fn count_or_never(text: &str, kind: Kind) -> Option<Option<u64>> {
    let count = count(text, kind)?;
    Some((count > 0).then_some(count as u64))
}

pub(super) fn percent(text: &str, kind: Kind) -> Option<u8> {
    match kind {
        Kind::Percent => parse::count(text, 1, 100).and_then(|percent| percent.try_into().ok()),
        _ => None,
    }
}

pub(super) fn memory(text: &str, kind: Kind) -> Option<Option<u64>> {
    match kind {
        Kind::Memory { min, max } => parse::memory(text, min, max),
        _ => None,
    }
}

pub(super) fn workers(text: &str, kind: Kind) -> Option<WorkerCount> {
    match kind {
        Kind::Workers { max } => parse::workers(text, max),
        _ => None,
    }
}

pub(super) fn balancing(text: &str, _: Kind) -> Option<Balancing> {
    parse::balancing(text)
}

pub(super) fn body_limit(text: &str, _: Kind) -> Option<BodyLimit> {
    parse::body_limit(text)
}

pub(super) fn header(text: &str, _: Kind) -> Option<HeaderName> {
    parse::header(text)
}

pub(super) fn integer(text: &str, _: Kind) -> Option<i64> {
    parse::parse_int(text)
}

pub(super) fn switch(text: &str, _: Kind) -> Option<bool> {
    parse::switch(text)
}

pub(super) fn level(text: &str, _: Kind) -> Option<Level> {
    parse::level(text)
}

pub(super) fn web_objects(text: &str, _: Kind) -> Option<WebObjects> {
    parse::web_objects(text)
}

pub(super) fn url_path(text: &str, _: Kind) -> Option<String> {
    parse::is_url_path(text).then(|| text.to_owned())
}

pub(super) fn allowed_origin(text: &str, _: Kind) -> Option<String> {
    parse::allowed_origin(text)
}

pub(super) fn topics(text: &str, _: Kind) -> Option<String> {
    parse::is_topics(text).then(|| text.to_owned())
}

pub(super) fn rate(text: &str, _: Kind) -> Option<Option<Rate>> {
    parse::rate(text)
}

pub(super) fn overflow(text: &str, _: Kind) -> Option<Overflow> {
    parse::overflow(text)
}

pub(super) fn port(text: &str, _: Kind) -> Option<u16> {
    parse::port(text)
}

/// A URL that the client of Redis understands.
pub(super) fn redis_url(text: &str, _kind: Kind) -> Option<String> {
    let url = text.trim();
    redis::IntoConnectionInfo::into_connection_info(url).ok()?;
    Some(url.to_owned())
}

pub(super) fn channel_prefix(text: &str, _kind: Kind) -> Option<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let fits = (1..=64).contains(&text.len()) && text.chars().all(good);
    fits.then(|| text.to_owned())
}
