//! The children of a node by the name of their segment. Names are compared as numbers:
//! their first and last eight bytes tell apart all but the longest.

use super::tree::Node;
use super::words::{first_word, segment_len};

/// A segment's name, and the numbers it is compared by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    text: &'a [u8],
    head: u64,
    tail: u64,
}

/// Children by name. Built once, then only read.
#[derive(Debug, Default)]
pub(super) struct Statics {
    /// Open addressing: a power of two of places, at most half of them taken.
    places: Box<[Option<Child>]>,
    taken: usize,
}

#[derive(Debug)]
struct Child {
    head: u64,
    tail: u64,
    name: Box<str>,
    node: Node,
}

impl<'a> Name<'a> {
    /// Takes the first segment off a path that begins with a slash, if it does: its name, and
    /// what follows.
    #[inline(always)]
    pub fn split(path: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let [b'/', path @ ..] = path else {
            return None;
        };
        let first = first_word(path);
        let (text, rest) = path.split_at_checked(segment_len(path, first))?;
        Some((Name::new(text, first), rest))
    }

    /// A name that is not part of a path.
    pub fn of(name: &'a str) -> Self {
        Name::new(name.as_bytes(), first_word(name.as_bytes()))
    }

    #[inline(always)]
    fn new(text: &'a [u8], first: u64) -> Self {
        let (head, tail) = match text.last_chunk() {
            Some(last) => (first, u64::from_le_bytes(*last)),
            // shorter than eight bytes: the head is all of it
            None => (first & !(u64::MAX << (8 * text.len())), 0),
        };
        Name { text, head, tail }
    }

    /// Whether two slashes stood side by side, or one at the end.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// How many bytes the name has.
    #[inline]
    pub fn len(self) -> usize {
        self.text.len()
    }

    #[inline]
    fn hash(&self) -> usize {
        let mixed = (self.head ^ self.tail.rotate_left(29)).wrapping_add(self.text.len() as u64);
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
    }

    #[inline]
    fn is(&self, child: &Child) -> bool {
        child.head == self.head
            && child.tail == self.tail
            && child.name.len() == self.text.len()
            && (self.text.len() <= 16 || child.name.as_bytes() == self.text)
    }
}

impl Statics {
    pub fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// The child of that name.
    #[inline(always)]
    pub fn find(&self, name: Name<'_>) -> Option<&Node> {
        if self.is_empty() {
            return None;
        }
        let place = &self.places[self.seek(name)];
        place.as_ref().map(|child| &child.node)
    }

    /// The child of that name, made if there is none.
    pub fn find_or_make(&mut self, name: &str) -> &mut Node {
        if (self.taken + 1) * 2 > self.places.len() {
            self.grow();
        }
        let key = Name::of(name);
        let at = self.seek(key);
        let taken = &mut self.taken;
        let child = self.places[at].get_or_insert_with(|| {
            *taken += 1;
            Child {
                head: key.head,
                tail: key.tail,
                name: name.into(),
                node: Node::new(),
            }
        });
        &mut child.node
    }

    /// The children with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        let children = self.places.iter().flatten();
        children.map(|child| (&*child.name, &child.node))
    }

    #[inline(always)]
    fn seek(&self, name: Name<'_>) -> usize {
        let last = self.places.len() - 1;
        let mut at = name.hash() & last;
        while let Some(child) = &self.places[at] {
            if name.is(child) {
                break;
            }
            at = (at + 1) & last;
        }
        at
    }

    fn grow(&mut self) {
        let wanted = (self.places.len() * 2).max(2);
        let empty = std::iter::repeat_with(|| None).take(wanted).collect();
        let places = std::mem::replace(&mut self.places, empty);
        for child in places.into_iter().flatten() {
            let at = self.seek(Name::of(&child.name));
            self.places[at] = Some(child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn finds_the_names_it_holds(
            names in proptest::collection::hash_set("[ab]{0,20}", 0..40),
            others in proptest::collection::vec("[ab]{0,20}", 0..40),
        ) {
            let mut statics = Statics::default();
            for name in &names {
                statics.find_or_make(name);
                statics.find_or_make(name);
            }
            let held: HashSet<_> = statics.iter().map(|(name, _)| name.to_owned()).collect();
            prop_assert_eq!(held.len(), names.len());
            for name in names.iter().chain(&others) {
                // in the middle of a path, as the search meets it
                let path = format!("/{name}/b");
                let (key, rest) = Name::split(path.as_bytes()).expect("a segment");
                prop_assert_eq!((key.len(), rest), (name.len(), b"/b".as_slice()));
                prop_assert_eq!(statics.find(key).is_some(), names.contains(name));
            }
        }
    }
}
