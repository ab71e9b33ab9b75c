//! The builds that the pool's workers may be told to run: where each lies, what it calls itself,
//! and the files of one that has been loaded and is not current yet.
//!
//! The process was started from a path, and that is where a new build is looked for. A path
//! through a symbolic link leads elsewhere once the link has been changed, so each build is
//! remembered by the folder that the path led to when it was loaded: the old one's workers find
//! their code for as long as that folder is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::config::handoff::{Handoff, HandoffError};
use crate::pool::BuildId;
use crate::server::build::Site;
use crate::telemetry::log;

const HANDOFF: &str = "oxide.json";

#[derive(Debug)]
struct Build {
    name: String,
    dir: PathBuf,
    /// Its files, until they are current.
    site: Option<Arc<Site>>,
}

/// The builds by the names that the policy gives them.
#[derive(Debug)]
pub(super) struct Builds {
    /// Where builds are put.
    place: PathBuf,
    known: BTreeMap<BuildId, Build>,
    /// The one that was loaded last.
    newest: BuildId,
    /// It was refused; it may be given another try, but not without being asked.
    refused: Option<BuildId>,
}

impl Builds {
    /// With the one that the process was started with. `place` leads to it, now.
    pub fn new(config: &Config, place: PathBuf) -> Self {
        let first = Build {
            name: config.build.build.clone(),
            dir: config.root.clone(),
            site: None,
        };
        Self {
            place,
            known: BTreeMap::from([(BuildId(1), first)]),
            newest: BuildId(1),
            refused: None,
        }
    }

    /// Where a build lies and what it calls itself, if that is still what lies there.
    pub fn find(&self, id: BuildId) -> Result<(&Path, &str), String> {
        let Some(build) = self.known.get(&id) else {
            return Err("the build is not served any more".to_owned());
        };
        match Handoff::load(&build.dir.join(HANDOFF)) {
            Ok(handoff) if handoff.build == build.name => Ok((&build.dir, &build.name)),
            Ok(_) => Err("another build has taken the place of this one".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Loads the build that is in the place now; `None` if that has been done already. One that
    /// was refused is loaded `again`.
    pub fn load(&mut self, config: &Config, again: bool) -> Result<Option<BuildId>, HandoffError> {
        // what cannot be resolved cannot be read either, and reading tells why
        let dir = std::fs::canonicalize(&self.place).unwrap_or_else(|_| self.place.clone());
        let handoff = Handoff::load(&dir.join(HANDOFF))?;
        let newest = self.known.get(&self.newest);
        let known = newest.is_some_and(|build| build.name == handoff.build);
        if known && !(again && self.refused == Some(self.newest)) {
            return Ok(None);
        }
        let (site, missing) = Site::load(config, &dir, &handoff);
        for file in missing {
            log::warn("asset missing", &[("file", &file)]);
        }
        if let Some(refused) = self.refused.take() {
            self.known.remove(&refused);
        }
        self.newest = BuildId(self.newest.0 + 1);
        let build = Build {
            name: handoff.build,
            dir,
            site: Some(Arc::new(site)),
        };
        self.known.insert(self.newest, build);
        Ok(Some(self.newest))
    }

    /// The files of a build that becomes current. No worker of those before it starts any more.
    pub fn take(&mut self, id: BuildId) -> Option<Arc<Site>> {
        self.known = self.known.split_off(&id);
        self.known.get_mut(&id)?.site.take()
    }

    /// Its workers do not start.
    pub fn refuse(&mut self, id: BuildId) {
        self.refused = Some(id);
        if let Some(build) = self.known.get_mut(&id) {
            build.site = None;
        }
    }
}
