//! Whether a peer is still there: a ping after silence, death after one that found no answer,
//! an end for those that are only there (RFC 6455 5.5.2). A peer is silent only while it is
//! listened to, and what it takes is as good a sign of life as what it says. Time comes from outside and is as
//! coarse as whoever brings it: the sweep of the I/O thread.

use std::time::{Duration, Instant};

use super::limits::Limits;

/// Shorter than the pauses of someone who has nothing to say, longer than those of one who has.
const QUIET: Duration = Duration::from_secs(1);

/// What a peer has been doing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    /// The last sign of life.
    heard: Instant,
    /// The last message from it.
    active: Instant,
    /// A ping that nothing has come after.
    pinged: Option<Instant>,
    /// When it was bidden goodbye.
    closing: Option<Instant>,
    /// It is not read, as the app is busy with what it has said.
    paused: bool,
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
            paused: false,
        }
    }

    /// It lives: bytes came, a pong among them or not, or it took some of those that waited.
    pub fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// A message came.
    pub fn act(&mut self, now: Instant) {
        self.active = now;
    }

    /// Whether it has been silent for a while. That is no fault, but what only a conversation
    /// needs is worth giving back.
    pub fn is_quiet(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) >= QUIET
    }

    /// Whether it is kept from being read by what it has said before. While it is, it is pinged, for
    /// what stands between us drops connections that are silent, but no answer is expected, as it
    /// would not be seen: the time does not count.
    pub fn pause(&mut self, paused: bool, now: Instant) {
        if self.paused && !paused {
            self.hear(now);
            self.act(now);
        }
        self.paused = paused;
    }

    /// What was given to [`Heartbeat::pause`].
    pub fn is_paused(&self) -> bool {
        self.paused
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
        if self.paused {
            let last = self.pinged.map_or(self.heard, |it| it.max(self.heard));
            if !past(last, limits.heartbeat) {
                return Beat::Nothing;
            }
            self.pinged = Some(now);
            return Beat::Ping;
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
    fn expects_nothing_of_whom_it_does_not_listen_to() {
        let start = Instant::now();
        let limits = Limits {
            idle: Some(Duration::from_secs(50)),
            ..Limits::default()
        };
        let mut heart = Heartbeat::new(start);
        assert_eq!(heart.beat(at(start, 30), &limits), Beat::Ping);
        heart.pause(true, at(start, 31));
        heart.pause(true, at(start, 32));
        for (seconds, beat) in [
            (59, Beat::Nothing),
            (60, Beat::Ping),
            (89, Beat::Nothing),
            (90, Beat::Ping),
            (480, Beat::Ping),
            (500, Beat::Nothing),
        ] {
            assert_eq!(heart.beat(at(start, seconds), &limits), beat, "{seconds}");
        }
        heart.pause(false, at(start, 500));
        heart.pause(false, at(start, 510));
        assert_eq!(heart.beat(at(start, 529), &limits), Beat::Nothing);
        assert_eq!(heart.beat(at(start, 530), &limits), Beat::Ping);
        assert_eq!(heart.beat(at(start, 550), &limits), Beat::Idle);
        heart.pause(true, at(start, 551));
        heart.close(at(start, 551));
        assert_eq!(heart.beat(at(start, 556), &limits), Beat::Dead);
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
