//! Names of topics: what a client or the app may call one. A name that has been parsed is
//! good everywhere below.

use std::borrow::Cow;

use thiserror::Error;

/// Bytes of a name at most.
pub const NAME_BYTES: usize = 256;

/// The hub's own topics begin with this.
const RESERVED: &str = "__";

/// The topic on which joins to and leaves from another are told.
const PRESENCE: &str = "__presence:";

/// Why a text is no name of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// It is empty.
    #[error("a topic's name must not be empty")]
    Empty,
    /// It is longer than [`NAME_BYTES`].
    #[error("a topic's name takes at most {NAME_BYTES} bytes of UTF-8")]
    TooLong,
    /// It begins with `__`.
    #[error("names of topics that begin with __ are reserved")]
    Reserved,
    /// It has a `*`: there are no wildcards, and nobody shall believe that there are.
    #[error("a topic's name must not contain *: there are no wildcards")]
    Wildcard,
    /// It has a control character, which would forge lines in logs.
    #[error("a topic's name must not contain control characters")]
    Control,
}

/// The name of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TopicName<'a>(Cow<'a, str>);

impl<'a> TopicName<'a> {
    /// Takes a name as clients and the app give it.
    pub fn parse(text: &'a str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > NAME_BYTES {
            return Err(NameError::TooLong);
        }
        if text.starts_with(RESERVED) {
            return Err(NameError::Reserved);
        }
        if text.contains('*') {
            return Err(NameError::Wildcard);
        }
        if text.chars().any(char::is_control) {
            return Err(NameError::Control);
        }
        Ok(Self(Cow::Borrowed(text)))
    }

    /// The topic that tells who joins and leaves the topic of this name. Whoever may
    /// subscribe to the one may subscribe to the other. Presence has no presence: that of a
    /// presence topic is itself.
    pub fn presence(&self) -> TopicName<'static> {
        if self.0.starts_with(PRESENCE) {
            return TopicName(Cow::Owned(self.0.to_string()));
        }
        TopicName(Cow::Owned(presence_of(&self.0)))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of the topic that tells of presence in `name`.
pub(super) fn presence_of(name: &str) -> String {
    [PRESENCE, name].concat()
}

/// Whether this is one of the hub's own.
pub(super) fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_up_to_the_bound() {
        for name in [
            "chat",
            "rooms/42",
            "#général",
            "a_b",
            "_a",
            &"x".repeat(256),
        ] {
            assert_eq!(
                TopicName::parse(name).map(|n| n.as_str().to_owned()),
                Ok(name.to_owned())
            );
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        for (name, error) in [
            ("", NameError::Empty),
            (&*"x".repeat(257), NameError::TooLong),
            (&*"é".repeat(129), NameError::TooLong),
            ("__presence:chat", NameError::Reserved),
            ("rooms/*", NameError::Wildcard),
            ("a\nb", NameError::Control),
            ("a\u{85}b", NameError::Control),
        ] {
            assert_eq!(TopicName::parse(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn presence_is_reserved_and_stops_there() {
        let chat = TopicName::parse("chat").expect("a good name");
        assert_eq!(chat.presence().as_str(), "__presence:chat");
        assert_eq!(chat.presence().presence(), chat.presence());
        assert!(is_reserved(chat.presence().as_str()));
    }
}
