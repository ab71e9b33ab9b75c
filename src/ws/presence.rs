//! Who is in a topic: one entry for each user, however many tabs he has open.

use std::collections::HashMap;
use std::sync::Arc;

use super::message::put_json;

/// The person behind a peer, as the app's `upgrade` hook named him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What tells him from others.
    pub id: Arc<str>,
    /// What others see of him: a JSON text.
    pub info: Option<Arc<str>>,
}

#[derive(Debug)]
struct Present {
    info: Option<Arc<str>>,
    peers: usize,
}

/// The users of one topic.
#[derive(Debug, Default)]
pub(super) struct Presence(HashMap<Arc<str>, Present>);

impl Presence {
    /// One more peer of his. Whether he was not there before. The latest tab says what
    /// others see.
    pub fn join(&mut self, user: &User) -> bool {
        let present = self.0.entry(user.id.clone()).or_insert(Present {
            info: None,
            peers: 0,
        });
        present.info.clone_from(&user.info);
        present.peers += 1;
        present.peers == 1
    }

    /// One peer of his less. Whether that was the last.
    pub fn leave(&mut self, user: &User) -> bool {
        let Some(present) = self.0.get_mut(&user.id) else {
            return false;
        };
        present.peers -= 1;
        let last = present.peers == 0;
        if last {
            self.0.remove(&user.id);
        }
        last
    }

    /// Whether he is there.
    pub fn has(&self, user: &str) -> bool {
        self.0.contains_key(user)
    }

    /// What others see of him, if he is there.
    pub fn info(&self, user: &str) -> Option<Option<Arc<str>>> {
        Some(self.0.get(user)?.info.clone())
    }

    /// What others see of him is something else now.
    pub fn restate(&mut self, user: &User) {
        if let Some(present) = self.0.get_mut(&user.id) {
            present.info.clone_from(&user.info);
        }
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everyone, in no order.
    pub fn users(&self) -> Vec<User> {
        let users = self.0.iter().map(|(id, present)| User {
            id: id.clone(),
            info: present.info.clone(),
        });
        users.collect()
    }
}

/// The event that tells of a change: `{"type":"join","data":{"id":…,"info":…}}`.
pub(super) fn change(kind: &str, user: &User) -> String {
    let mut json = String::from("{\"type\":");
    put_json(&mut json, kind);
    json.push_str(",\"data\":{\"id\":");
    put_json(&mut json, &user.id);
    if let Some(info) = &user.info {
        json.push_str(",\"info\":");
        json.push_str(info);
    }
    json.push_str("}}");
    json
}

#[cfg(test)]
impl User {
    /// In few words.
    pub fn of(id: &str, info: Option<&str>) -> Self {
        Self {
            id: id.into(),
            info: info.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_with_two_tabs_is_there_once() {
        let mut presence = Presence::default();
        assert!(presence.join(&User::of("ann", Some("1"))));
        assert!(!presence.join(&User::of("ann", Some("2"))));
        assert_eq!(presence.users(), [User::of("ann", Some("2"))]);
        assert!(!presence.leave(&User::of("ann", None)));
        assert!(presence.leave(&User::of("ann", None)));
        assert!(!presence.leave(&User::of("ann", None)));
        assert_eq!(presence.users(), []);
    }

    #[test]
    fn tells_of_changes() {
        assert_eq!(
            change("join", &User::of("a\"b", Some("{\"x\":1}"))),
            r#"{"type":"join","data":{"id":"a\"b","info":{"x":1}}}"#
        );
        assert_eq!(
            change("leave", &User::of("a", None)),
            r#"{"type":"leave","data":{"id":"a"}}"#
        );
    }
}
