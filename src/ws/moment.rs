//! Up to where a stream has seen all of its topics: the `id` of its events, which browsers send
//! back when they come again (WHATWG HTML, server-sent events, `Last-Event-ID`).

use std::fmt;

/// A place in the order of all messages of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Which process's order it is: [`Hub::epoch`](super::Hub::epoch).
    pub epoch: u64,
    /// How many messages had been published then.
    pub at: u64,
}

impl Moment {
    /// Reads what [`fmt::Display`] has written. `None`: it is no place in any process's order.
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, at) = text.split_once('-')?;
        // neither parser would mind a sign
        let hex = epoch.bytes().all(|byte| byte.is_ascii_hexdigit());
        let decimal = at.bytes().all(|byte| byte.is_ascii_digit());
        let epoch = u64::from_str_radix(epoch, 16).ok().filter(|_| hex)?;
        let at = at.parse().ok().filter(|_| decimal)?;
        Some(Self { epoch, at })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.epoch, self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was_sent() {
        let moment = Moment {
            epoch: u64::MAX - 1,
            at: 42,
        };
        assert_eq!(moment.to_string(), "fffffffffffffffe-42");
        assert_eq!(Moment::parse("fffffffffffffffe-42"), Some(moment));
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "-",
            "1",
            "1-",
            "-1",
            "1--1",
            "+1-1",
            "1-+1",
            "g-1",
            "1-a",
            "1-1 ",
            "1-99999999999999999999",
            "11111111111111111-1",
        ] {
            assert_eq!(Moment::parse(text), None, "{text:?}");
        }
    }
}
