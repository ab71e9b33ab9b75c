//! Whether a peer is still there: a ping after silence, death after one that found no answer,
//! an end for those that are only there (RFC 6455 5.5.2). Time comes from outside and is as
//! coarse as whoever brings it: the sweep of the I/O thread.

use std::time::Instant;

use super::limits::Limits;

/// What a peer has been doing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    /// The last byte from it.
    heard: Instant,
    /// The last message from it.
    active: Instant,
    /// A ping that nothing has come after.
    pinged: Option<Instant>,
    /// When it was bidden goodbye.
    closing: Option<Instant>,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    Ping,
    /// It says nothing any more: close with 1001.
    Idle,
    /// It answers nothing any more: drop the socket.
    Dead,
}

impl Heartbeat {
    pub fn new(now: Instant) -> Self {
        Self {
            heard: now,
            active: now,
            pinged: None,
            closing: None,
        }
    }

    /// Bytes came, a pong among them or not: it lives.
    pub fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// A message came.
    pub fn act(&mut self, now: Instant) {
        self.active = now;
    }

    /// The closing handshake begins.
    pub fn close(&mut self, now: Instant) {
        self.closing.get_or_insert(now);
    }

    pub fn beat(&mut self, now: Instant, limits: &Limits) -> Beat {
        let past = |since: Instant, time| now.saturating_duration_since(since) >= time;
        if let Some(closing) = self.closing {
            return if past(closing, limits.closing) {
                Beat::Dead
            } else {
                Beat::Nothing
            };
        }
        if limits.idle.is_some_and(|idle| past(self.active, idle)) {
            return Beat::Idle;
        }
        match self.pinged {
            Some(pinged) if past(pinged, limits.heartbeat) => Beat::Dead,
            Some(_) => Beat::Nothing,
            None if past(self.heard, limits.heartbeat) => {
                self.pinged = Some(now);
                Beat::Ping
            }
            None => Beat::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn pings_and_gives_up() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut heart = Heartbeat::new(start);
        assert_eq!(heart.beat(at(start, 29), &limits), Beat::Nothing);
        assert_eq!(heart.beat(at(start, 30), &limits), Beat::Ping);
        assert_eq!(heart.beat(at(start, 59), &limits), Beat::Nothing);
        heart.hear(at(start, 59));
        assert_eq!(heart.beat(at(start, 60), &limits), Beat::Nothing);
        assert_eq!(heart.beat(at(start, 89), &limits), Beat::Ping);
        assert_eq!(heart.beat(at(start, 119), &limits), Beat::Dead);
    }

    #[test]
    fn ends_the_idle_however_well_they_are() {
        let start = Instant::now();
        let limits = Limits {
            idle: Some(Duration::from_secs(100)),
            ..Limits::default()
        };
        let mut heart = Heartbeat::new(start);
        heart.act(at(start, 50));
        heart.hear(at(start, 149));
        assert_eq!(heart.beat(at(start, 149), &limits), Beat::Nothing);
        assert_eq!(heart.beat(at(start, 150), &limits), Beat::Idle);
    }

    #[test]
    fn waits_for_a_goodbye_and_not_for_ever() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut heart = Heartbeat::new(start);
        heart.close(at(start, 28));
        heart.close(at(start, 31));
        assert_eq!(heart.beat(at(start, 32), &limits), Beat::Nothing);
        assert_eq!(heart.beat(at(start, 33), &limits), Beat::Dead);
    }
}
