//! Why a peer is closed: the codes of RFC 6455 section 7.4 and the IANA registry of
//! WebSocket close codes, and the reason beside them.

use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Bytes of a reason at most: a control frame carries 125 (RFC 6455 5.5), two are the code.
const REASON_BYTES: usize = 123;

/// A code that an endpoint may put on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The endpoint goes away; here: the peer has been idle for too long.
    pub const AWAY: Self = Self(1001);
    /// A frame that breaks the protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// A text that is no UTF-8.
    pub const INVALID: Self = Self(1007);
    /// The peer broke a rule that no other code names.
    pub const POLICY: Self = Self(1008);
    /// A message or frame beyond the bound.
    pub const TOO_BIG: Self = Self(1009);
    /// Something unexpected failed here.
    pub const INTERNAL: Self = Self(1011);
    /// The server restarts: come again, after a random delay.
    pub const RESTART: Self = Self(1012);
    /// Overloaded, or the peer reads too slowly: come again later.
    pub const LATER: Self = Self(1013);

    /// Takes a code that a server may send. 1004, 1005, 1006 and 1015 never stand on the wire,
    /// 1010 is a client's (7.4.1), below 1000 and from 5000 on there are none, and what IANA
    /// has not assigned is not to be used (7.4.2).
    pub fn new(code: u16) -> Option<Self> {
        let good = matches!(code, 1000..=1003 | 1007..=1009 | 1011..=1014 | 3000..=4999);
        good.then_some(Self(code))
    }

    /// The number.
    pub fn value(self) -> u16 {
        self.0
    }
}

/// How a peer was closed, as its `close` hook is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// What the peer sent, 1005 if that had no code; else what we sent; 1006 if neither did
    /// (7.1.5).
    pub code: u16,
    /// The reason beside it.
    pub reason: String,
    /// Both sides said goodbye.
    pub was_clean: bool,
}

impl Closed {
    /// The socket ended without a word.
    pub(super) fn lost() -> Self {
        Self {
            code: 1006,
            reason: String::new(),
            was_clean: false,
        }
    }
}

/// A wish to close a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye {
    /// Why, in a number.
    pub code: CloseCode,
    /// Why, in words that fit in the frame.
    pub(super) reason: Utf8Bytes,
}

impl Goodbye {
    /// A reason that does not fit is cut between two characters.
    pub fn new(code: CloseCode, reason: &str) -> Self {
        let mut ends = (0..=REASON_BYTES.min(reason.len())).rev();
        let end = ends.find(|&end| reason.is_char_boundary(end));
        Self {
            code,
            reason: Utf8Bytes::from(&reason[..end.unwrap_or(0)]),
        }
    }

    /// Why, in words.
    pub fn reason(&self) -> &str {
        self.reason.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_codes_a_server_may_send() {
        let good: Vec<u16> = (0..=u16::MAX)
            .filter(|&code| CloseCode::new(code).is_some())
            .collect();
        let named = [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014,
        ];
        assert!(good.starts_with(&named));
        assert!(good[named.len()..].iter().copied().eq(3000..=4999));
    }

    #[test]
    fn a_reason_fits_in_a_control_frame() {
        let reason = |text: &str| Goodbye::new(CloseCode::NORMAL, text).reason;
        assert_eq!(reason("bye").as_str(), "bye");
        assert_eq!(reason(&"x".repeat(200)).len(), 123);
        assert_eq!(reason(&"é".repeat(100)).len(), 122);
    }
}
