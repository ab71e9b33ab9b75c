//! From a request's path to its [`Route`], without I/O, locks or allocation (but for
//! decoding a path that holds escapes). One hash lookup of the path as it came knows all
//! that can be known in advance: what the build serves by itself, and the routes without
//! parameters. Only a miss walks the app's other routes, so that the exchange carries its
//! SvelteKit route id.
//!
//! ```text
//! paths      the paths known in advance
//! pathname   request path -> the path SvelteKit matches: suffixes, base, dot segments
//! pattern    the regular expression of a route -> its segments
//! tree       all routes in one tree; finds the first one that matches, or says it cannot
//! statics    the children of a node in that tree, by name
//! words      paths read eight bytes at a time
//! ```
//!
//! A route id is only named where SvelteKit is bound to choose the same: parameters with a
//! matcher run JavaScript, so a path that needs one stays open (`Render(None)`), and so does
//! every path this room reads differently from SvelteKit's `new URL`. One thing is not
//! seen here: an app's `reroute` hook may lead to another route than the path does.

mod pathname;
mod paths;
mod pattern;
mod statics;
mod tree;
mod words;

use http::Method;

use crate::config::HealthPaths;
use crate::config::handoff::Handoff;
use crate::http::id::{AssetId, RedirectId, Target};
use crate::http::path::try_decode;
use pathname::Rules;
use paths::{Known, Paths};
use tree::Tree;
use words::is_plain;

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
    known: Paths,
    rules: Rules,
    tree: Tree,
    ids: Vec<Box<str>>,
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
        let ids = handoff.routes.iter().map(|route| route.id.as_str().into());
        let mut router = Router {
            known: Paths::default(),
            rules: Rules::new(handoff),
            tree: Tree::new(&handoff.routes),
            ids: ids.collect(),
        };
        for (path, target) in paths {
            router.known.insert(path, Known::File(target));
        }
        if let Some(paths) = health {
            router.insert_endpoint(&paths.liveness, Endpoint::Health);
            router.insert_endpoint(&paths.readiness, Endpoint::Readiness);
        }
        router.insert_pages();
        router
    }

    fn insert_endpoint(&mut self, path: &str, endpoint: Endpoint) {
        let below = self.rules.below_base(path);
        if !below.is_some_and(|path| self.tree.spells(path)) {
            self.known.insert(path, Known::Endpoint(endpoint));
        }
    }

    /// Writes down what the tree says about the paths that routes spell out, so that they
    /// need no search.
    fn insert_pages(&mut self) {
        for path in self.tree.spelled() {
            for path in self.rules.forms(&path) {
                if let Route::Render(Some(route)) = self.search(&Method::GET, &path) {
                    self.known.insert(&path, Known::Page(route));
                }
            }
        }
    }

    /// Names the route of a request with this path: raw, still encoded, without a query.
    pub fn route(&self, method: &Method, path: &str) -> Route {
        match self.known.raw(path) {
            Some(Known::Page(route)) => Route::Render(Some(route)),
            Some(Known::File(target)) => target.into(),
            Some(Known::Endpoint(endpoint)) if is_read(method) => Route::Endpoint(endpoint),
            Some(Known::Endpoint(_)) => self.search(method, path),
            // nothing to decode, so the lookup has seen all there is to see
            None if is_plain(path.as_bytes()) => {
                Route::Render(self.find(self.rules.matched_plain(path)))
            }
            None => self.search(method, path),
        }
    }

    /// [`Router::route`] by the rules alone, without what is known of a raw path.
    fn search(&self, method: &Method, path: &str) -> Route {
        // A path that cannot be decoded names nothing; SvelteKit answers 400. One with bytes
        // beyond ASCII is no URL, and JavaScript would read the bytes as Latin-1.
        if !path.is_ascii() {
            return Route::Render(None);
        }
        let Some(decoded) = try_decode(path) else {
            // A file may be named so all the same; only the app's routes cannot.
            return match self.known.decoded(path) {
                Some(Known::File(target)) => target.into(),
                _ => Route::Render(None),
            };
        };
        match self.known.decoded(&decoded) {
            Some(Known::File(target)) => target.into(),
            Some(Known::Endpoint(endpoint)) if is_read(method) => Route::Endpoint(endpoint),
            _ => Route::Render(self.find(self.rules.matched(path, &decoded))),
        }
    }

    fn find(&self, path: Option<&str>) -> Option<RouteId> {
        self.tree.find(path?).map(RouteId)
    }

    /// The id of a route, as `event.route.id` shows it.
    pub fn route_id(&self, route: RouteId) -> Option<&str> {
        self.ids.get(route.0 as usize).map(|id| &**id)
    }

    /// All routes of the app, those included that are never rendered at run time.
    pub fn routes(&self) -> impl Iterator<Item = (RouteId, &str)> {
        (0..).map(RouteId).zip(self.ids.iter().map(|id| &**id))
    }
}

impl From<Target> for Route {
    fn from(target: Target) -> Self {
        match target {
            Target::Asset(id) => Route::Asset(id),
            Target::Redirect(id) => Route::Redirect(id),
        }
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests;
