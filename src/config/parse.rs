//! Text to values. Every function answers `None` for what it does not take; the message
//! comes from the setting's [`Kind`](super::setting::Kind). No text may make one panic.

use std::time::Duration;

use http::HeaderName;

use super::decided::{Balancing, BodyLimit, Rate, Timeout, WebObjects};
use super::origin;
use crate::telemetry::log::Level;
use crate::ws::{NAME_BYTES, Overflow};

/// What a plain number means where a duration is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// adapter-node's unit.
    Seconds,
    /// JavaScript's unit.
    Milliseconds,
}

/// How many workers somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerCount {
    /// One for every core that the process may use.
    Auto,
    /// So many.
    Fixed(usize),
}

/// Nothing waits longer than this. Timers add a duration to the present, which must not
/// overflow; "forever" written as many nines is cut to a year instead of being refused.
pub const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const KIB: u64 = 1024;
const MIB: u64 = KIB * KIB;

/// `30`, `30s`, `500ms`, `2m`, `1h`: whole numbers only.
pub fn duration(text: &str, plain: Unit) -> Option<Duration> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: u64 = match (text[digits.len()..].trim_start(), plain) {
        ("ms", _) | ("", Unit::Milliseconds) => 1,
        ("s", _) | ("", Unit::Seconds) => 1000,
        ("m", _) => 60 * 1000,
        ("h", _) => 60 * 60 * 1000,
        _ => return None,
    };
    // More digits than u64 holds are still a number, only a long one.
    let number: u64 = digits.parse().unwrap_or(u64::MAX);
    Some(Duration::from_millis(number.saturating_mul(millis)).min(LONGEST))
}

/// A duration whose 0 switches the bound off, as it does in Node.
pub fn timeout(text: &str, plain: Unit) -> Option<Timeout> {
    duration(text, plain).map(|duration| (!duration.is_zero()).then_some(duration))
}

/// `Infinity`, or a number of bytes: `524288`, `512K`, `10mb`, `1.5G`. K, M and G are powers
/// of 1024. A plain number is read as JavaScript's `Number` reads it, and so is empty text: 0.
pub fn body_limit(text: &str) -> Option<BodyLimit> {
    let bytes = size(text)?;
    if bytes == f64::INFINITY {
        return Some(BodyLimit::Unlimited);
    }
    // A float cast saturates; half a byte more or less allows the same bodies.
    Some(BodyLimit::Bytes(bytes as u64))
}

/// A bounded number of bytes, written as in [`body_limit`].
pub fn bytes(text: &str, min: u64, max: u64) -> Option<u64> {
    match body_limit(text)? {
        BodyLimit::Bytes(bytes) if (min..=max).contains(&bytes) => Some(bytes),
        _ => None,
    }
}

/// A bounded amount of memory whose 0 switches the bound off. A plain number counts in MB,
/// as people write it who think of a process's memory; with a unit, as in [`body_limit`].
pub fn memory(text: &str, min: u64, max: u64) -> Option<Option<u64>> {
    if text.trim().is_empty() {
        return None;
    }
    let bytes = size_in(MIB, text)?;
    if bytes == 0.0 {
        return Some(None);
    }
    // A float cast saturates, and so is out of bounds.
    let bytes = bytes as u64;
    (min..=max).contains(&bytes).then_some(Some(bytes))
}

/// Not negative, perhaps infinite.
fn size(text: &str) -> Option<f64> {
    size_in(1, text)
}

/// As [`size`], with what a number without a unit counts in.
fn size_in(plain: u64, text: &str) -> Option<f64> {
    let text = text.trim();
    // Before the suffixes: `0x1b` is a number, not one that counts in `b`.
    let bytes = number(text)
        .map(|number| number * plain as f64)
        .or_else(|| {
            let (short, factor) = split_suffix(text)?;
            let short = short.trim_end();
            // `Number('')` is 0, but a suffix alone is a typing mistake.
            (!short.is_empty()).then_some(())?;
            Some(number(short)? * factor as f64)
        })?;
    (bytes >= 0.0).then_some(bytes)
}

fn split_suffix(text: &str) -> Option<(&str, u64)> {
    let without_b = text.strip_suffix(['b', 'B']);
    let rest = without_b.unwrap_or(text);
    for (letters, factor) in [
        (['k', 'K'], KIB),
        (['m', 'M'], MIB),
        (['g', 'G'], KIB * MIB),
    ] {
        if let Some(short) = rest.strip_suffix(letters) {
            return Some((short, factor));
        }
    }
    without_b.map(|short| (short, 1))
}

/// JavaScript's `Number(text)`, `None` for NaN (ECMA-262 §7.1.4.1).
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    if let Some(prefix) = text.get(..2) {
        let radix = match prefix {
            "0x" | "0X" => 16,
            "0o" | "0O" => 8,
            "0b" | "0B" => 2,
            _ => 10,
        };
        if radix != 10 {
            let digits = &text[2..];
            let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return u64::from_str_radix(digits, radix)
                .ok()
                .filter(|_| plain)
                .map(|number| number as f64);
        }
    }
    match text {
        "Infinity" | "+Infinity" => return Some(f64::INFINITY),
        "-Infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    // Rust's own parser also takes `inf` and `nan`, JavaScript's does not.
    let decimal = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
    if text.bytes().all(decimal) {
        text.parse().ok()
    } else {
        None
    }
}

/// JavaScript's `parseInt(text)`: leading digits count, what follows them does not; `None`
/// for NaN (ECMA-262 §19.2.5).
pub fn parse_int(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, text) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(rest) => (16, rest),
        None => (10, text),
    };
    let mut digits = text.chars().map_while(|c| c.to_digit(radix)).peekable();
    digits.peek()?;
    let number = digits.fold(0_i64, |sum, digit| {
        sum.saturating_mul(i64::from(radix))
            .saturating_add(i64::from(digit))
    });
    Some(if negative { -number } else { number })
}

/// A port as Node's `listen` takes it: anything that `Number` reads as 0 to 65535.
pub fn port(text: &str) -> Option<u16> {
    if text.trim().is_empty() {
        return None;
    }
    let port = number(text)?;
    let whole = port.trunc() == port && (0.0..=f64::from(u16::MAX)).contains(&port);
    whole.then_some(port as u16)
}

/// A whole number within bounds.
pub fn count(text: &str, min: usize, max: usize) -> Option<usize> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse()
        .ok()
        .filter(|count| (min..=max).contains(count))
}

/// A whole number of workers within bounds, or `auto`.
pub fn workers(text: &str, max: usize) -> Option<WorkerCount> {
    match text.trim() {
        "auto" => Some(WorkerCount::Auto),
        number => count(number, 1, max).map(WorkerCount::Fixed),
    }
}

/// Which worker gets an exchange.
pub fn balancing(text: &str) -> Option<Balancing> {
    match text.trim() {
        "round-robin" => Some(Balancing::RoundRobin),
        "least-connections" => Some(Balancing::LeastConnections),
        "cpu-based" => Some(Balancing::CpuBased),
        _ => None,
    }
}

/// A header's name, in any case.
pub fn header(text: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(text.as_bytes()).ok()
}

/// On or off.
pub fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Some(true),
        "false" | "0" | "off" | "no" => Some(false),
        _ => None,
    }
}

/// Whose web objects routes see.
pub fn web_objects(text: &str) -> Option<WebObjects> {
    match text.trim() {
        "light" => Some(WebObjects::Light),
        "native" => Some(WebObjects::Native),
        _ => None,
    }
}

/// A log level. The variable is often there for the app's own logger already, so the names
/// of the common ones are understood as the nearest of ours.
pub fn level(text: &str) -> Option<Level> {
    match text.trim().to_ascii_lowercase().as_str() {
        "error" | "fatal" | "silent" => Some(Level::Error),
        "warn" | "warning" => Some(Level::Warn),
        "info" | "notice" | "http" => Some(Level::Info),
        "debug" | "verbose" | "trace" | "silly" => Some(Level::Debug),
        _ => None,
    }
}

/// `20/10s`; nothing less than one in a while, and 0 for any number.
pub fn rate(text: &str) -> Option<Option<Rate>> {
    let Some((number, period)) = text.split_once('/') else {
        return (count(text, 0, 0) == Some(0) && !text.trim().is_empty()).then_some(None);
    };
    let number = count(number, 1, 1_000_000)?;
    let period = duration(period, Unit::Seconds).filter(|period| !period.is_zero())?;
    let rate = Rate {
        count: u32::try_from(number).ok()?,
        period,
    };
    Some(Some(rate))
}

/// A path as it stands in a request line. Escapes are refused because one path would then
/// have several spellings.
pub fn is_url_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && (path.bytes()).all(|byte| byte.is_ascii_graphic() && !b"?#%\\".contains(&byte))
}

/// An origin as browsers write it in `Origin` (RFC 6454, 6.2), or `*`. Apps and extensions have
/// schemes of their own.
pub fn allowed_origin(text: &str) -> Option<String> {
    let text = text.trim();
    if text == "*" {
        return Some(text.to_owned());
    }
    let (scheme, host) = text.split_once("://")?;
    if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") {
        return origin::parse(text).ok();
    }
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && (scheme.bytes()).all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let host_ok = !host.is_empty()
        && (host.bytes()).all(|byte| byte.is_ascii_graphic() && !b"/\\?#@*".contains(&byte));
    (scheme_ok && host_ok).then(|| text.to_ascii_lowercase())
}

/// The name of a topic, or what names begin with and `*`.
pub fn is_topics(text: &str) -> bool {
    let start = text.strip_suffix('*').unwrap_or(text);
    !text.is_empty()
        && text.len() <= NAME_BYTES
        && !start.starts_with("__")
        && !start.contains(|c: char| c == '*' || c.is_control())
}

/// What becomes of messages for a peer that reads too slowly.
pub fn overflow(text: &str) -> Option<Overflow> {
    match text.trim() {
        "skip" => Some(Overflow::Skip),
        "close" => Some(Overflow::Close),
        "coalesce" => Some(Overflow::Coalesce),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
