//! A build as it is served: its routes, its files, and the builds before it, whose immutable
//! files the tabs still ask for that were opened then. A deploy puts another in its place
//! while requests go on.

use std::path::Path;
use std::sync::Arc;

use crate::assets::{MissingFile, Table};
use crate::config::Config;
use crate::config::handoff::Handoff;
use crate::http::id::AssetId;
use crate::router::{Route, Router};

/// What one output of `vite build` serves.
#[derive(Debug)]
pub struct Site {
    /// Names the route of a request.
    pub router: Router,
    /// Its files.
    pub assets: Table,
    /// SvelteKit's major version.
    pub kit: u32,
    /// Below this path files are named after their content.
    immutable: String,
}

impl Site {
    /// Reads the files of the build in `dir` under the settings of `config`, and names those that
    /// cannot be served.
    pub fn load(config: &Config, dir: &Path, handoff: &Handoff) -> (Self, Vec<MissingFile>) {
        let (assets, missing) = Table::load(dir, handoff, config.assets);
        let site = Self {
            router: Router::new(handoff, assets.paths(), config.health.as_ref()),
            assets,
            kit: handoff.kit,
            immutable: format!("/{}/immutable/", handoff.app_path),
        };
        (site, missing)
    }
}

/// The current build, and those before it.
#[derive(Debug)]
pub struct Build {
    /// What is served now.
    pub site: Arc<Site>,
    earlier: Vec<Arc<Site>>,
}

impl Build {
    /// The first build of the process.
    pub fn first(site: Site) -> Self {
        Self {
            site: Arc::new(site),
            earlier: Vec::new(),
        }
    }

    /// The build after `self`, which remembers `keep` earlier ones.
    pub fn followed_by(&self, site: Arc<Site>, keep: usize) -> Self {
        let earlier = std::iter::once(&self.site).chain(&self.earlier);
        Self {
            site,
            earlier: earlier.take(keep).cloned().collect(),
        }
    }

    /// The immutable file of an earlier build that a request means, and that build.
    pub fn earlier_file(&self, method: &http::Method, path: &str) -> Option<(&Site, AssetId)> {
        let candidates = self
            .earlier
            .iter()
            .filter(|site| path.starts_with(&site.immutable));
        candidates
            .filter_map(|site| match site.router.route(method, path) {
                Route::Asset(asset) => Some((&**site, asset)),
                _ => None,
            })
            .next()
    }
}
