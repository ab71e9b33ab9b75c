//! What the hubs of other processes have: how many peers there have a topic, and which users are
//! in it. It is told by whoever joins the hubs and only added to what is here.

use std::collections::HashMap;
use std::sync::Arc;

use super::presence::{Presence, User};

/// The peers and topics of all other processes together.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// Peers.
    pub open: usize,
    topics: HashMap<Arc<str>, Away>,
}

#[derive(Debug, Default)]
struct Away {
    count: usize,
    /// Each process counts as one tab.
    users: Presence,
}

impl Elsewhere {
    /// How many peers have the topic.
    pub fn count(&self, topic: &str) -> usize {
        self.topics.get(topic).map_or(0, |away| away.count)
    }

    /// Who is in the topic.
    pub fn users(&self, topic: &str) -> Option<&Presence> {
        self.topics.get(topic).map(|away| &away.users)
    }

    /// Whether the user is in the topic.
    pub fn has(&self, topic: &str, user: &str) -> bool {
        self.users(topic).is_some_and(|users| users.has(user))
    }

    /// So many peers of a process have the topic now, instead of so many.
    pub fn recount(&mut self, topic: &Arc<str>, before: usize, after: usize) {
        let away = self.topics.entry(topic.clone()).or_default();
        away.count = (away.count + after).saturating_sub(before);
        self.tidy(topic);
    }

    /// A user is in the topic in one more process. Whether he was in none.
    pub fn join(&mut self, topic: &Arc<str>, user: &User) -> bool {
        let away = self.topics.entry(topic.clone()).or_default();
        away.users.join(user)
    }

    /// What others see of him has changed in one of them.
    pub fn restate(&mut self, topic: &str, user: &User) {
        if let Some(away) = self.topics.get_mut(topic) {
            away.users.restate(user);
        }
    }

    /// He is in it in one process less. Whether that was the last.
    pub fn leave(&mut self, topic: &str, user: &User) -> bool {
        let Some(away) = self.topics.get_mut(topic) else {
            return false;
        };
        let last = away.users.leave(user);
        self.tidy(topic);
        last
    }

    fn tidy(&mut self, topic: &str) {
        let away = self.topics.get(topic);
        if away.is_some_and(|away| away.count == 0 && away.users.is_empty()) {
            self.topics.remove(topic);
        }
    }
}
