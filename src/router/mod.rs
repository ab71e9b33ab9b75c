//! From a request's path to its [`Route`], without I/O, locks or allocation (but for
//! decoding a path that holds escapes). One hash lookup knows everything the build serves
//! by itself; only a miss walks the app's own routes, so that the exchange carries its
//! SvelteKit route id.
//!
//! ```text
//! pathname   request path -> the path SvelteKit matches: suffixes, base, dot segments
//! pattern    the regular expression of a route -> its segments
//! tree       all routes in one tree; finds the first one that matches, or says it cannot
//! ```
//!
//! A route id is only named where SvelteKit is bound to choose the same: parameters with a
//! matcher run JavaScript, so a path that needs one stays open (`Render(None)`), and so does
//! every path this room reads differently from SvelteKit's `new URL`. One thing is not
//! seen here: an app's `reroute` hook may lead to another route than the path does.

mod pathname;
mod pattern;
mod tree;

use std::collections::HashMap;

use http::Method;
use rustc_hash::FxBuildHasher;

use crate::config::HealthPaths;
use crate::config::handoff::Handoff;
use crate::http::id::{AssetId, RedirectId, Target};
use crate::http::path::try_decode;
use pathname::Rules;
use tree::Tree;

/// Where an exchange goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A file of the build.
    Asset(AssetId),
    /// To the canonical trailing-slash form of a prerendered path.
    Redirect(RedirectId),
    /// Answered by the server itself.
    Endpoint(Endpoint),
    /// To SvelteKit; with the route it will choose, where that is certain.
    Render(Option<RouteId>),
}

/// What the server answers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Whether the process lives.
    Health,
    /// Whether it wants requests.
    Readiness,
}

/// A route of the app, by its place in the hand-off's `routes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteId(u32);

impl RouteId {
    /// The place in the hand-off's `routes`.
    pub fn index(self) -> u32 {
        self.0
    }
}

/// Knows all paths of one build.
#[derive(Debug)]
pub struct Router {
    known: HashMap<Box<str>, Known, FxBuildHasher>,
    rules: Rules,
    tree: Tree,
    ids: Vec<Box<str>>,
}

#[derive(Debug, Clone, Copy)]
enum Known {
    File(Target),
    Endpoint(Endpoint),
}

impl Router {
    /// Makes the router of a build: `paths` are those the asset table answers, `health` the
    /// built-in endpoints. An endpoint yields to a file of the same path, and to a route
    /// that spells the path out; a parameter that would take it in does not count.
    pub fn new<'a>(
        handoff: &Handoff,
        paths: impl IntoIterator<Item = (&'a str, Target)>,
        health: Option<&HealthPaths>,
    ) -> Self {
        let rules = Rules::new(handoff);
        let tree = Tree::new(&handoff.routes);
        let mut known: HashMap<_, _, _> = paths
            .into_iter()
            .map(|(path, target)| (path.into(), Known::File(target)))
            .collect();

        let endpoints = health.into_iter().flat_map(|paths| {
            [
                (&paths.liveness, Endpoint::Health),
                (&paths.readiness, Endpoint::Readiness),
            ]
        });
        for (path, endpoint) in endpoints {
            let spelled = rules.below_base(path).is_some_and(|path| tree.spells(path));
            if !spelled {
                known
                    .entry(path.as_str().into())
                    .or_insert(Known::Endpoint(endpoint));
            }
        }

        let ids = handoff
            .routes
            .iter()
            .map(|route| route.id.as_str().into())
            .collect();
        Router {
            known,
            rules,
            tree,
            ids,
        }
    }

    /// Names the route of a request with this path: raw, still encoded, without a query.
    pub fn route(&self, method: &Method, path: &str) -> Route {
        // A path that cannot be decoded names nothing; SvelteKit answers 400. One with bytes
        // beyond ASCII is no URL, and JavaScript would read the bytes as Latin-1.
        if !path.is_ascii() {
            return Route::Render(None);
        }
        let Some(decoded) = try_decode(path) else {
            // A file may be named so all the same; only the app's routes cannot.
            return self.file(path).unwrap_or(Route::Render(None));
        };

        match self.known.get(&*decoded) {
            Some(Known::File(Target::Asset(id))) => Route::Asset(*id),
            Some(Known::File(Target::Redirect(id))) => Route::Redirect(*id),
            Some(Known::Endpoint(endpoint)) if is_read(method) => Route::Endpoint(*endpoint),
            Some(Known::Endpoint(_)) | None => Route::Render(self.app_route(path, &decoded)),
        }
    }

    /// The id of a route, as `event.route.id` shows it.
    pub fn route_id(&self, route: RouteId) -> Option<&str> {
        self.ids.get(route.0 as usize).map(|id| &**id)
    }

    /// All routes of the app, those included that are never rendered at run time.
    pub fn routes(&self) -> impl Iterator<Item = (RouteId, &str)> {
        (0..).map(RouteId).zip(self.ids.iter().map(|id| &**id))
    }

    fn file(&self, path: &str) -> Option<Route> {
        match self.known.get(path)? {
            Known::File(Target::Asset(id)) => Some(Route::Asset(*id)),
            Known::File(Target::Redirect(id)) => Some(Route::Redirect(*id)),
            Known::Endpoint(_) => None,
        }
    }

    fn app_route(&self, raw: &str, decoded: &str) -> Option<RouteId> {
        self.tree
            .find(self.rules.matched(raw, decoded)?)
            .map(RouteId)
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests;
