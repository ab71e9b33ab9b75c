//! The log: one line an event on stderr, as `key=value` pairs, so that both people and
//! log collectors can read it. Values that come from a client are quoted and escaped:
//! one event can never look like two. Whoever ends an exchange or a connection logs it,
//! once.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Someone got a wrong answer, or none.
    Error,
    /// It went on, but someone should look.
    Warn,
    /// What an operator wants to know of a healthy process.
    Info,
    /// What helps to find a fault.
    Debug,
}

impl Level {
    /// The level's name in lines and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }

    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Level> {
        [Level::Error, Level::Warn, Level::Info, Level::Debug]
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);

/// Sets the process's level: lines that matter less are not written.
pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Whether lines of `level` are written: ask before computing costly fields.
pub fn enabled(level: Level) -> bool {
    level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// A named value of a line.
pub type Field<'a> = (&'a str, &'a dyn std::fmt::Display);

/// Logs an error.
pub fn error(message: &str, fields: &[Field<'_>]) {
    write(Level::Error, message, fields);
}

/// Logs a warning.
pub fn warn(message: &str, fields: &[Field<'_>]) {
    write(Level::Warn, message, fields);
}

/// Logs an information.
pub fn info(message: &str, fields: &[Field<'_>]) {
    write(Level::Info, message, fields);
}

/// Logs a detail.
pub fn debug(message: &str, fields: &[Field<'_>]) {
    write(Level::Debug, message, fields);
}

/// Logs a line of that level.
pub fn write(level: Level, message: &str, fields: &[Field<'_>]) {
    if !enabled(level) {
        return;
    }
    let line = format_line(SystemTime::now(), level, message, fields);
    // One write, so that lines of several threads never mix. With stderr gone there is
    // nowhere left to say so, and the server must go on.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn format_line(now: SystemTime, level: Level, message: &str, fields: &[Field<'_>]) -> String {
    let mut line = String::with_capacity(128);
    push_time(&mut line, now);
    line.push_str(" level=");
    line.push_str(level.name());
    line.push_str(" msg=");
    push_value(&mut line, message);
    for (name, value) in fields {
        line.push(' ');
        line.push_str(name);
        line.push('=');
        push_value(&mut line, &value.to_string());
    }
    line.push('\n');
    line
}

/// Writes a value bare where it is one plain word, else quoted with escapes.
fn push_value(line: &mut String, value: &str) {
    let plain = !value.is_empty()
        && value
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'));
    if plain {
        line.push_str(value);
        return;
    }
    line.push('"');
    for character in value.chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            // controls, and the characters that end a line or turn its direction
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                line.extend(c.escape_unicode());
            }
            c => line.push(c),
        }
    }
    line.push('"');
}

/// Writes `2026-01-31T12:00:00.000Z` (RFC 3339, UTC).
fn push_time(line: &mut String, now: SystemTime) {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);

    // Days since 0000-03-01, in which the leap day ends the year; then eras of 400 years.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);

    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let milli = since.subsec_millis();
    // writing to a String cannot fail
    let _ = write!(
        line,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(millis)
    }

    #[test]
    fn one_line_of_pairs() {
        let line = format_line(
            at(1_709_210_096_789),
            Level::Error,
            "exchange failed",
            &[
                ("route", &"/blog/[slug]"),
                ("status", &500),
                ("note", &"a \"b\"\n=c"),
                ("empty", &""),
            ],
        );
        assert_eq!(
            line,
            "2024-02-29T12:34:56.789Z level=error msg=\"exchange failed\" route=/blog/[slug] status=500 \
             note=\"a \\\"b\\\"\\n=c\" empty=\"\"\n"
        );
    }

    #[test]
    fn times() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            let mut line = String::new();
            push_time(&mut line, at(millis));
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn levels() {
        assert!(Level::Error < Level::Debug);
        assert_eq!(Level::from_name("WARN"), Some(Level::Warn));
        assert_eq!(Level::from_name("loud"), None);
        set_level(Level::Warn);
        assert!(enabled(Level::Error) && enabled(Level::Warn) && !enabled(Level::Info));
        set_level(Level::Info);
    }

    proptest! {
        #[test]
        fn no_value_makes_a_second_line(message: String, value: String) {
            let line = format_line(at(0), Level::Info, &message, &[("value", &value)]);
            let body = line.strip_suffix('\n').expect("ends with its newline");
            prop_assert!(!body.chars().any(char::is_control));
        }
    }
}
