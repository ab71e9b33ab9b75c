//! The table of everything the build serves by itself: which path is which file or
//! redirect, resolved as adapter-node resolves it. Made once at start, never changed.

use std::collections::HashMap;
use std::path::Path;

use http::header::HeaderValue;
use rustc_hash::FxBuildHasher;

use super::head::Heads;
use super::pages::Pages;
use super::store::{MissingFile, MissingReason, Stored, Wanted, find};
use crate::config::AssetLimits;
use crate::config::handoff::{AssetEntry, Handoff};
use crate::http::encoding::{Available, Encoding};
use crate::http::id::{AssetId, RedirectId, Target};
use crate::http::path::push_encoded;

/// All assets and redirects of one build.
#[derive(Debug)]
pub struct Table {
    assets: Vec<Asset>,
    redirects: Vec<Redirect>,
    paths: Vec<(Box<str>, Target)>,
    pages: Option<Pages>,
}

/// One file with its variants.
#[derive(Debug)]
pub(super) struct Asset {
    pub available: Available,
    pub identity: Variant,
    pub brotli: Option<Variant>,
    pub zstd: Option<Variant>,
    pub gzip: Option<Variant>,
}

/// One form of a file.
#[derive(Debug)]
pub(super) struct Variant {
    pub heads: Heads,
    pub size: u64,
    pub body: Stored,
}

/// A 308 to the canonical trailing-slash form of a prerendered path.
#[derive(Debug)]
pub(super) struct Redirect {
    pub location: HeaderValue,
    /// What SvelteKit 2's server never did: repeat a `?` that nothing follows.
    pub keeps_empty_query: bool,
}

impl Table {
    /// Makes the table of a build that lies in `root`, and names the files that are not
    /// as the build left them. Every path the table knows can be answered.
    pub fn load(root: &Path, handoff: &Handoff, limits: AssetLimits) -> (Table, Vec<MissingFile>) {
        let entries: Vec<&(String, AssetEntry)> =
            handoff.assets.iter().chain(&handoff.prerendered).collect();
        let wanted: Vec<Wanted> = entries
            .iter()
            .flat_map(|(_, entry)| forms_of(entry).map(|(_, wanted)| wanted))
            .collect();
        let mut found = find(root, &wanted, limits);
        let pages = Pages::hold(found.iter_mut().flatten());
        let mut found = found.into_iter();

        let mut builder = Builder::default();
        for (at, (path, entry)) in entries.into_iter().enumerate() {
            let forms = forms_of(entry).zip(found.by_ref());
            let asset = builder.asset(entry, forms);
            if at < handoff.assets.len() {
                builder.client(path, asset);
            } else {
                builder.prerendered(path, asset);
            }
        }
        for (alias, path) in &handoff.aliases {
            builder.alias(alias, path);
        }
        builder.finish(handoff.kit, pages)
    }

    /// Where the large bodies stand.
    pub fn pages(&self) -> Option<&Pages> {
        self.pages.as_ref()
    }

    /// Every path the table knows, for the router.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = (&str, Target)> {
        self.paths.iter().map(|(path, target)| (&**path, *target))
    }

    pub(super) fn asset(&self, id: AssetId) -> &Asset {
        &self.assets[id.0 as usize]
    }

    pub(super) fn redirect_of(&self, id: RedirectId) -> &Redirect {
        &self.redirects[id.0 as usize]
    }
}

impl<'a> IntoIterator for &'a Table {
    type Item = (&'a str, Target);
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.paths())
    }
}

/// The forms of an entry and their files: the identity, then the variants.
fn forms_of(entry: &AssetEntry) -> impl Iterator<Item = (Option<Encoding>, Wanted)> {
    let identity = Wanted {
        file: entry.file.clone(),
        size: entry.size,
    };
    let variants = Encoding::ALL.into_iter().filter_map(|encoding| {
        let size = size_of(entry, encoding)?;
        let file = format!("{}.{}", entry.file, encoding.extension());
        Some((Some(encoding), Wanted { file, size }))
    });
    std::iter::once((None, identity)).chain(variants)
}

/// The size of a variant, unless it is no smaller than the identity and so of no use.
fn size_of(entry: &AssetEntry, encoding: Encoding) -> Option<u64> {
    let size = match encoding {
        Encoding::Brotli => entry.br,
        Encoding::Zstd => entry.zst,
        Encoding::Gzip => entry.gz,
    };
    size.filter(|size| *size < entry.size)
}

#[derive(Default)]
struct Builder {
    assets: Vec<Asset>,
    client: HashMap<Box<str>, AssetId, FxBuildHasher>,
    prerendered: Vec<(Box<str>, AssetId)>,
    missing: Vec<MissingFile>,
}

impl Builder {
    /// Adds a file from what was found of its forms; `None` when it cannot be served.
    fn asset(
        &mut self,
        entry: &AssetEntry,
        forms: impl Iterator<Item = ((Option<Encoding>, Wanted), Result<Stored, MissingReason>)>,
    ) -> Option<AssetId> {
        let mut bodies: Vec<(Option<Encoding>, u64, Stored)> = Vec::with_capacity(4);
        for ((encoding, wanted), found) in forms {
            match found {
                Ok(body) => bodies.push((encoding, wanted.size, body)),
                Err(reason) => self.missing.push(MissingFile {
                    file: wanted.file,
                    reason,
                }),
            }
        }
        // the identity is what every client can read
        bodies.iter().find(|(encoding, ..)| encoding.is_none())?;

        let has = |encoding| bodies.iter().any(|(body, ..)| *body == Some(encoding));
        let available = Available {
            brotli: has(Encoding::Brotli),
            zstd: has(Encoding::Zstd),
            gzip: has(Encoding::Gzip),
        };
        let mut variants = [None, None, None, None];
        for (encoding, size, body) in bodies {
            let Ok(heads) = Heads::new(entry, encoding, size, available.any()) else {
                let (file, reason) = (entry.file.clone(), MissingReason::Head);
                self.missing.push(MissingFile { file, reason });
                return None;
            };
            let place = encoding.map_or(0, |encoding| 1 + encoding as usize);
            variants[place] = Some(Variant { heads, size, body });
        }
        let [identity, brotli, zstd, gzip] = variants;
        let id = AssetId(u32::try_from(self.assets.len()).ok()?);
        self.assets.push(Asset {
            available,
            identity: identity?,
            brotli,
            zstd,
            gzip,
        });
        Some(id)
    }

    fn client(&mut self, path: &str, asset: Option<AssetId>) {
        if let Some(asset) = asset {
            self.client.insert(path.into(), asset);
        }
    }

    fn prerendered(&mut self, path: &str, asset: Option<AssetId>) {
        if let Some(asset) = asset {
            self.prerendered.push((path.into(), asset));
        }
    }

    fn alias(&mut self, alias: &str, path: &str) {
        if let Some(asset) = self.client.get(path) {
            self.client.insert(alias.into(), *asset);
        }
    }

    /// Client files win over prerendered ones, and both over redirects.
    fn finish(self, kit: u32, pages: Option<Pages>) -> (Table, Vec<MissingFile>) {
        let asset = |(path, id)| (path, Target::Asset(id));
        let mut paths: HashMap<Box<str>, Target, FxBuildHasher> =
            self.client.into_iter().map(asset).collect();
        for (path, id) in &self.prerendered {
            paths.entry(path.clone()).or_insert(Target::Asset(*id));
        }

        let mut redirects = Vec::new();
        for (path, _) in &self.prerendered {
            let from: Box<str> = match path.strip_suffix('/') {
                Some("") => continue,
                Some(bare) => bare.into(),
                None => format!("{path}/").into(),
            };
            if paths.contains_key(&from) {
                continue;
            }
            let Some(redirect) = Redirect::new(&from, path, kit) else {
                continue;
            };
            if let Ok(at) = u32::try_from(redirects.len()) {
                redirects.push(redirect);
                paths.insert(from, Target::Redirect(RedirectId(at)));
            }
        }

        let paths = paths.into_iter().collect();
        (
            Table {
                assets: self.assets,
                redirects,
                paths,
                pages,
            },
            self.missing,
        )
    }
}

impl Redirect {
    /// From one trailing-slash form of a path to the other. SvelteKit 3 answers with a
    /// relative reference, so that a prefix a proxy took off the path is kept; SvelteKit 2
    /// with the path itself.
    fn new(from: &str, to: &str, kit: u32) -> Option<Redirect> {
        let mut location = String::with_capacity(to.len() + 4);
        if kit == 2 {
            push_encoded(&mut location, to);
        } else {
            let bare = to.strip_suffix('/').unwrap_or(to);
            let segment = bare.rsplit('/').next().unwrap_or(bare);
            // `./` and `../` also keep a colon in the segment from looking like a scheme
            let up = from.ends_with('/');
            location.push_str(if up { "../" } else { "./" });
            push_encoded(&mut location, segment);
            if !up {
                location.push('/');
            }
        }
        let location = HeaderValue::try_from(location).ok()?;
        Some(Redirect {
            location,
            keeps_empty_query: kit != 2,
        })
    }
}

#[cfg(test)]
mod tests;
