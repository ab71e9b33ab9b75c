//! The paths that are known in advance, each with what it names: one lookup finds it, by
//! the bytes of the request as they came.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::{Endpoint, RouteId};
use crate::http::id::Target;

/// What a known path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// A file of the build.
    File(Target),
    /// Something the server answers by itself.
    Endpoint(Endpoint),
    /// A route of the app that no other path of the table hides.
    Page(RouteId),
}

/// A table of decoded paths. Built once, then only read.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Open addressing: a power of two of places, at most half of them taken.
    places: Box<[Option<Place>]>,
    taken: usize,
}

#[derive(Debug)]
struct Place {
    hash: u64,
    path: Box<str>,
    known: Known,
    as_written: bool,
}

impl Paths {
    /// Puts a path in, unless it is there already.
    pub fn insert(&mut self, path: &str, known: Known) {
        if (self.taken + 1) * 2 > self.places.len() {
            self.grow();
        }
        let hash = hash(path);
        let at = self.seek(hash, path);
        if let place @ None = &mut self.places[at] {
            *place = Some(Place {
                hash,
                path: path.into(),
                known,
                as_written: is_as_written(path),
            });
            self.taken += 1;
        }
    }

    /// What a decoded path names.
    pub fn decoded(&self, path: &str) -> Option<Known> {
        self.find(path).map(|place| place.known)
    }

    /// What the path of a request names, read as it came: `None` if only its decoded form
    /// can tell.
    #[inline]
    pub fn raw(&self, path: &str) -> Option<Known> {
        let place = self.find(path)?;
        place.as_written.then_some(place.known)
    }

    #[inline(always)]
    fn find(&self, path: &str) -> Option<&Place> {
        if self.places.is_empty() {
            return None;
        }
        self.places[self.seek(hash(path), path)].as_ref()
    }

    /// The place of the path, or the empty one where it belongs.
    #[inline(always)]
    fn seek(&self, hash: u64, path: &str) -> usize {
        let last = self.places.len() - 1;
        let mut at = hash as usize & last;
        while let Some(place) = &self.places[at] {
            if place.hash == hash && *place.path == *path {
                break;
            }
            at = (at + 1) & last;
        }
        at
    }

    fn grow(&mut self) {
        let wanted = (self.places.len() * 2).max(16);
        let empty = std::iter::repeat_with(|| None).take(wanted).collect();
        let places = std::mem::replace(&mut self.places, empty);
        for place in places.into_iter().flatten() {
            let at = self.seek(place.hash, &place.path);
            self.places[at] = Some(place);
        }
    }
}

/// Whoever chooses the paths of a request cannot choose those of the table, so collisions
/// are no weapon.
#[inline]
fn hash(path: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(path.as_bytes());
    hasher.finish()
}

/// Whether a request of this very path means it: nothing in it is an escape, or would have
/// to be one in a URL.
fn is_as_written(path: &str) -> bool {
    path.is_ascii() && !path.contains('%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::id::AssetId;

    fn file(n: u32) -> Known {
        Known::File(Target::Asset(AssetId(n)))
    }

    #[test]
    fn finds_what_was_put_in_and_nothing_else() {
        assert_eq!(Paths::default().raw("/"), None);
        let mut paths = Paths::default();
        for n in 0..1_000 {
            paths.insert(&format!("/files/{n}.txt"), file(n));
        }
        for n in 0..1_000 {
            assert_eq!(paths.raw(&format!("/files/{n}.txt")), Some(file(n)));
            assert_eq!(paths.raw(&format!("/files/{n}.tx")), None);
        }
        assert_eq!(paths.raw(""), None);
    }

    #[test]
    fn the_first_of_a_path_stays() {
        let mut paths = Paths::default();
        paths.insert("/a", file(1));
        paths.insert("/a", file(2));
        assert_eq!(paths.raw("/a"), Some(file(1)));
    }

    #[test]
    fn what_a_url_would_escape_is_found_decoded_only() {
        let mut paths = Paths::default();
        for path in ["/é", "/100%", "/a%2Fb"] {
            paths.insert(path, file(1));
            assert_eq!(paths.raw(path), None);
            assert_eq!(paths.decoded(path), Some(file(1)));
        }
    }
}
