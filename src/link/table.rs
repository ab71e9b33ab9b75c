//! The topics of one lane: how many peers have each and who is in it. One table is what this
//! instance has told of itself, others are what was told of others.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use super::words::{Body, TopicState};
use crate::ws::{Change, User};

#[derive(Debug, Default, PartialEq, Eq)]
struct Topic {
    count: u32,
    users: HashMap<Arc<str>, Option<Arc<str>>>,
}

impl Topic {
    fn is_empty(&self) -> bool {
        self.count == 0 && self.users.is_empty()
    }
}

/// The topics of one lane at one instance.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table(HashMap<Arc<str>, Topic>);

impl Table {
    /// Takes what is told over. What that changes is put into `changes`.
    pub fn apply(&mut self, body: &Body, changes: &mut Vec<Change>) {
        match body {
            Body::Count(topic, count) => self.count(topic, *count, changes),
            Body::Present(topic, user) => self.present(topic, user, changes),
            Body::Absent(topic, id) => self.absent(topic, id, changes),
            _ => {}
        }
    }

    fn count(&mut self, topic: &Arc<str>, count: u32, changes: &mut Vec<Change>) {
        let entry = self.0.entry(topic.clone()).or_default();
        let before = mem::replace(&mut entry.count, count);
        if before != count {
            changes.push(Change::Count {
                topic: topic.clone(),
                before: before as usize,
                after: count as usize,
            });
        }
        self.tidy(topic);
    }

    fn present(&mut self, topic: &Arc<str>, user: &User, changes: &mut Vec<Change>) {
        let entry = self.0.entry(topic.clone()).or_default();
        let (topic, user) = (topic.clone(), user.clone());
        match entry.users.insert(user.id.clone(), user.info.clone()) {
            None => changes.push(Change::Join { topic, user }),
            Some(info) if info != user.info => changes.push(Change::Restate { topic, user }),
            Some(_) => {}
        }
    }

    fn absent(&mut self, topic: &Arc<str>, id: &Arc<str>, changes: &mut Vec<Change>) {
        if let Some(entry) = self.0.get_mut(topic)
            && let Some(info) = entry.users.remove(id)
        {
            let (topic, id) = (topic.clone(), id.clone());
            let user = User { id, info };
            changes.push(Change::Leave { topic, user });
        }
        self.tidy(topic);
    }

    fn tidy(&mut self, topic: &str) {
        if self.0.get(topic).is_some_and(Topic::is_empty) {
            self.0.remove(topic);
        }
    }

    /// Replaces everything by what it has become.
    pub fn replace(&mut self, topics: Vec<(Arc<str>, TopicState)>, changes: &mut Vec<Change>) {
        let mut before = mem::take(self);
        for (topic, state) in topics {
            let mut old = before.0.remove(&topic).unwrap_or_default();
            let users: Vec<User> = state.users;
            // so that what stayed is no change
            let gone: Vec<Arc<str>> = {
                let still: std::collections::HashSet<&str> =
                    users.iter().map(|user| &*user.id).collect();
                let gone = old.users.keys().filter(|id| !still.contains(&***id));
                gone.cloned().collect()
            };
            let mut one = Table::default();
            mem::swap(one.0.entry(topic.clone()).or_default(), &mut old);
            for id in &gone {
                one.absent(&topic, id, changes);
            }
            for user in &users {
                one.present(&topic, user, changes);
            }
            one.count(&topic, state.count, changes);
            self.0.extend(one.0);
        }
        before.clear(changes);
    }

    /// Forgets everything.
    pub fn clear(&mut self, changes: &mut Vec<Change>) {
        for (topic, state) in self.0.drain() {
            for (id, info) in state.users {
                let user = User { id, info };
                let topic = topic.clone();
                changes.push(Change::Leave { topic, user });
            }
            if state.count > 0 {
                changes.push(Change::Count {
                    topic,
                    before: state.count as usize,
                    after: 0,
                });
            }
        }
    }

    /// All that there is, in parts of about so many bytes; at least one part.
    pub fn parts(&self, bytes: usize) -> Vec<Vec<(Arc<str>, TopicState)>> {
        let mut parts = vec![Vec::new()];
        let mut used = 0;
        for (topic, state) in &self.0 {
            let users = state.users.iter().map(|(id, info)| User {
                id: id.clone(),
                info: info.clone(),
            });
            let users: Vec<User> = users.collect();
            let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
            let weights = users
                .iter()
                .map(|user| 9 + user.id.len() + text(&user.info));
            used += 12 + topic.len() + weights.sum::<usize>();
            let count = state.count;
            if let Some(part) = parts.last_mut() {
                part.push((topic.clone(), TopicState { count, users }));
            }
            if used >= bytes {
                parts.push(Vec::new());
                used = 0;
            }
        }
        if parts.len() > 1 && parts.last().is_some_and(Vec::is_empty) {
            parts.pop();
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(table: &mut Table, bodies: &[Body]) -> Vec<Change> {
        let mut changes = Vec::new();
        for body in bodies {
            table.apply(body, &mut changes);
        }
        changes
    }

    #[test]
    fn only_what_is_different_is_a_change() {
        let topic: Arc<str> = "a".into();
        let mut table = Table::default();
        let ann = User::of("ann", None);
        let bodies = [
            Body::Count(topic.clone(), 2),
            Body::Present(topic.clone(), ann.clone()),
        ];
        assert_eq!(told(&mut table, &bodies).len(), 2);
        assert_eq!(told(&mut table, &bodies), []);
        let other = User::of("ann", Some("1"));
        let restated = told(&mut table, &[Body::Present(topic.clone(), other.clone())]);
        let user = other.clone();
        assert_eq!(
            restated,
            [Change::Restate {
                topic: topic.clone(),
                user
            }]
        );
        let gone = [
            Body::Absent(topic.clone(), ann.id.clone()),
            Body::Absent(topic.clone(), ann.id.clone()),
            Body::Count(topic.clone(), 0),
        ];
        assert_eq!(told(&mut table, &gone).len(), 2);
        assert_eq!(table, Table::default());
    }

    #[test]
    fn a_whole_state_replaces_the_one_before() {
        let topic = |name: &str| -> Arc<str> { name.into() };
        let mut table = Table::default();
        told(
            &mut table,
            &[
                Body::Count(topic("a"), 1),
                Body::Present(topic("a"), User::of("ann", None)),
                Body::Present(topic("a"), User::of("bob", None)),
                Body::Count(topic("b"), 1),
            ],
        );
        let mut other = Table::default();
        told(
            &mut other,
            &[
                Body::Count(topic("a"), 1),
                Body::Present(topic("a"), User::of("ann", None)),
                Body::Count(topic("c"), 3),
            ],
        );
        let mut changes = Vec::new();
        for part in other.parts(1) {
            assert_eq!(part.len(), 1);
        }
        let state: Vec<_> = other.parts(1).into_iter().flatten().collect();
        table.replace(state, &mut changes);
        assert_eq!(table, other);
        let leaves = changes
            .iter()
            .filter(|it| matches!(it, Change::Leave { .. }));
        assert_eq!(leaves.count(), 1, "bob");
        assert_eq!(changes.len(), 3, "and the counts of b and c");
        changes.clear();
        table.clear(&mut changes);
        assert_eq!(changes.len(), 3);
        assert_eq!(table.parts(1), [Vec::new()]);
    }
}
