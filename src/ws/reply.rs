//! What a peer is told about its subscription, and whether it has missed something, then or
//! because it reads too slowly.

use super::message::{Message, put_json};

/// Whether a peer that comes again has got everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// It did not ask.
    Fresh,
    /// What it missed follows: so many messages.
    Whole(usize),
    /// Some of what it missed is gone, or more than may wait for one peer: it has to load anew.
    Gap,
}

/// A peer has a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscribed {
    /// The number of the topic's last message, up to which [`Resume`] speaks.
    pub seq: u64,
    /// Which process's numbers these are.
    pub epoch: u64,
    /// Whether it has missed something.
    pub resume: Resume,
    /// It did not have the topic before.
    pub new: bool,
}

impl Subscribed {
    /// The answer to wish `id`. The epoch is hexadecimal: JavaScript's numbers end at 2^53.
    pub(super) fn answer(&self, id: u64, topic: &str) -> Message {
        let mut json = format!("{{\"type\":\"__subscribed\",\"id\":{id},\"topic\":");
        put_json(&mut json, topic);
        let resumed = match self.resume {
            Resume::Fresh => "null",
            Resume::Whole(_) => "true",
            Resume::Gap => "false",
        };
        let Subscribed { seq, epoch, .. } = self;
        json.push_str(&format!(
            ",\"seq\":{seq},\"epoch\":\"{epoch:x}\",\"resumed\":{resumed}}}"
        ));
        Message::text(json)
    }
}

/// So many messages were left out for a peer that has caught up now.
pub(super) fn skipped(count: usize) -> Message {
    Message::text(format!("{{\"type\":\"__skipped\",\"count\":{count}}}"))
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;

    #[test]
    fn answers_in_json() {
        let subscribed = Subscribed {
            seq: 7,
            epoch: u64::MAX,
            resume: Resume::Gap,
            new: true,
        };
        let mut frame = BytesMut::new();
        assert_eq!(subscribed.answer(3, "a\"b").encode(None, &mut frame), None);
        assert_eq!(
            &frame[2..],
            br#"{"type":"__subscribed","id":3,"topic":"a\"b","seq":7,"epoch":"ffffffffffffffff","resumed":false}"#
        );
    }
}
