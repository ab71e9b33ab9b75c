//! Topics that a peer may have without a hook being asked.

use std::collections::HashSet;

/// Names, and beginnings of names.
#[derive(Debug, Default)]
pub(super) struct PublicTopics {
    names: HashSet<String>,
    prefixes: Vec<String>,
}

impl PublicTopics {
    pub fn new(topics: &[String]) -> Self {
        let mut public = Self::default();
        for topic in topics {
            match topic.strip_suffix('*') {
                Some(prefix) => public.prefixes.push(prefix.to_owned()),
                None => {
                    public.names.insert(topic.clone());
                }
            }
        }
        public
    }

    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_stands_for_any_rest() {
        let public = PublicTopics::new(&["news".to_owned(), "rooms/*".to_owned()]);
        for (name, expected) in [
            ("news", true),
            ("newsflash", false),
            ("rooms/1", true),
            ("rooms/", true),
            ("rooms", false),
            ("xrooms/1", false),
        ] {
            assert_eq!(public.contains(name), expected, "{name}");
        }
        assert!(!PublicTopics::new(&[]).contains("news"));
        assert!(PublicTopics::new(&["*".to_owned()]).contains("anything"));
    }
}
