//! All routes of an app in one tree of segments. A search finds the route that SvelteKit's
//! own search, which tries one expression after the other, would find first; or it says
//! that it cannot know.

use super::pattern::{Part, Pattern, Segment};
use super::statics::{Name, Statics};
use crate::config::handoff::RouteEntry;

/// Steps a search may take. Ordinary ones take a few; some with several rest parameters
/// could be made to take millions by a long path, and stop here, undecided.
const MOST_STEPS: u32 = 2_000;

#[derive(Debug)]
pub(super) struct Tree {
    root: Node,
    /// The first route about which nothing is known.
    first_opaque: u32,
}

#[derive(Debug)]
pub(super) struct Node {
    /// The route that ends here. Of several, the first wins always.
    end: Option<u32>,
    /// The first route at or below this node.
    first: u32,
    statics: Statics,
    others: Vec<Other>,
    /// What is matched as one text from here to the end.
    tails: Vec<Tail>,
}

#[derive(Debug)]
struct Other {
    segment: Segment,
    /// A matcher decides too whether the segment matches.
    matcher: bool,
    node: Node,
}

#[derive(Debug)]
struct Tail {
    parts: Vec<Part>,
    matcher: bool,
    route: u32,
}

impl Node {
    pub fn new() -> Self {
        Node {
            end: None,
            first: u32::MAX,
            statics: Statics::default(),
            others: Vec::new(),
            tails: Vec::new(),
        }
    }

    fn is_leaf(&self) -> bool {
        self.statics.is_empty() && self.ends_here()
    }

    /// Whether nothing but the node itself can match where the path has ended.
    fn ends_here(&self) -> bool {
        self.others.is_empty() && self.tails.is_empty()
    }

    fn child(&mut self, segment: Segment, matcher: bool) -> &mut Node {
        if let Segment::Static(name) = segment {
            return self.statics.find_or_make(&name);
        }
        let same = |other: &Other| other.segment == segment && other.matcher == matcher;
        let at = self.others.iter().position(same).unwrap_or_else(|| {
            self.others.push(Other {
                segment,
                matcher,
                node: Node::new(),
            });
            self.others.len() - 1
        });
        &mut self.others[at].node
    }
}

impl Tree {
    /// Makes the tree of the routes that SvelteKit knows at run time: not of those that are
    /// wholly prerendered, nor of folders that hold layouts only.
    pub fn new(routes: &[RouteEntry]) -> Self {
        let mut tree = Tree {
            root: Node::new(),
            first_opaque: u32::MAX,
        };
        for (order, route) in (0..).zip(routes) {
            if route.prerender || !(route.page || route.api) {
                continue;
            }
            match Pattern::parse(&route.id, &route.pattern) {
                Some(pattern) => tree.insert(pattern, order),
                None => tree.first_opaque = tree.first_opaque.min(order),
            }
        }
        tree
    }

    /// Routes come in order, so what is already there is tried before.
    fn insert(&mut self, pattern: Pattern, route: u32) {
        let mut node = &mut self.root;
        node.first = node.first.min(route);
        for (segment, matcher) in pattern.segments {
            node = node.child(segment, matcher);
            node.first = node.first.min(route);
        }
        match pattern.tail {
            Some((parts, matcher)) => node.tails.push(Tail {
                parts,
                matcher,
                route,
            }),
            None => node.end = node.end.or(Some(route)),
        }
    }

    /// The route that SvelteKit will choose for a decoded path without base; `None` when it
    /// chooses none, or when that takes a matcher or too long to find out.
    pub fn find(&self, path: &str) -> Option<u32> {
        let (mut node, mut rest, mut matcher) = (&self.root, path.as_bytes(), false);
        // At most nodes there is one way to go, if any. The first one that leaves a choice is
        // searched.
        while let Some((name, after)) = Name::split(rest)
            && !name.is_empty()
            && node.tails.is_empty()
        {
            node = match (node.statics.find(name), node.others.as_slice()) {
                (Some(child), []) => child,
                (None, []) => return None,
                (None, [only]) if matches!(only.segment, Segment::Param) => {
                    matcher |= only.matcher;
                    &only.node
                }
                _ => break,
            };
            rest = after;
        }
        let (route, certain) = if rest.is_empty() && node.ends_here() {
            (node.end?, !matcher)
        } else {
            let mut search = Search::new(path);
            search.node(node, rest, matcher)?;
            (search.best, search.certain)
        };
        (certain && route < self.first_opaque).then_some(route)
    }

    /// Whether a route spells the path out, without any parameter taking part.
    pub fn spells(&self, path: &str) -> bool {
        fn spells(node: &Node, rest: &[u8]) -> bool {
            if is_end(rest) && node.end.is_some() {
                return true;
            }
            let skips = |other: &Other| {
                matches!(other.segment, Segment::Optional | Segment::Rest)
                    && spells(&other.node, rest)
            };
            let enters = || {
                let (name, rest) = Name::split(rest)?;
                Some(spells(node.statics.find(name)?, rest))
            };
            enters() == Some(true) || node.others.iter().any(skips)
        }
        spells(&self.root, path.as_bytes())
    }

    /// The paths below the base that routes without parameters spell out.
    pub fn spelled(&self) -> Vec<String> {
        fn collect(node: &Node, path: &str, found: &mut Vec<String>) {
            if node.end.is_some() {
                found.push(path.to_owned());
            }
            for (name, child) in node.statics.iter() {
                collect(child, &format!("{path}/{name}"), found);
            }
        }
        let mut found = Vec::new();
        collect(&self.root, "", &mut found);
        found
    }
}

/// Looks for the first route that matches. The result so far, and how long it took.
struct Search<'a> {
    path: &'a str,
    best: u32,
    /// No matcher has to agree.
    certain: bool,
    steps: u32,
}

impl<'a> Search<'a> {
    fn new(path: &'a str) -> Self {
        Search {
            path,
            best: u32::MAX,
            certain: false,
            steps: 0,
        }
    }

    /// Counts a step; `None` ends the search.
    fn step(&mut self) -> Option<()> {
        self.steps += 1;
        (self.steps <= MOST_STEPS).then_some(())
    }

    /// A route matches; `matcher` says whether one has to agree. The ways in which one route
    /// can match are tried in the order of its expression, so only the first one counts.
    fn found(&mut self, route: u32, matcher: bool) {
        if self.matters(route) {
            self.best = route;
            self.certain = !matcher;
        }
    }

    /// Whether routes from this one on could still change the result.
    fn matters(&self, first: u32) -> bool {
        first < self.best
    }

    /// The text of what is left of the path, but for its first bytes: a slash or none.
    fn text_of(&self, rest: &[u8], but: usize) -> &'a str {
        &self.path[self.path.len() - rest.len() + but..]
    }

    /// Searches below a node for what is left of the path: empty, or starting with `/`.
    fn node(&mut self, node: &Node, rest: &[u8], matcher: bool) -> Option<()> {
        if !self.matters(node.first) {
            return Some(());
        }
        self.step()?;

        if let Some(route) = node.end
            && is_end(rest)
        {
            self.found(route, matcher);
        }
        if node.is_leaf() {
            return Some(());
        }
        let segment = Name::split(rest);
        if let Some((name, after)) = segment
            && let Some(child) = node.statics.find(name)
        {
            self.node(child, after, matcher)?;
        }
        for other in &node.others {
            if self.matters(other.node.first) {
                self.other(other, rest, segment, matcher)?;
            }
        }
        for tail in &node.tails {
            if self.matters(tail.route) && self.text(&tail.parts, self.text_of(rest, 0), true)? {
                self.found(tail.route, matcher || tail.matcher);
            }
        }
        Some(())
    }

    /// Enters a child that is not static; `segment` is what is left of the path, split.
    fn other(
        &mut self,
        other: &Other,
        rest: &[u8],
        segment: Option<(Name<'_>, &[u8])>,
        before: bool,
    ) -> Option<()> {
        let matcher = before || other.matcher;
        match &other.segment {
            Segment::Param => {
                if let Some((name, after)) = segment
                    && !name.is_empty()
                {
                    self.node(&other.node, after, matcher)?;
                }
            }
            Segment::Mixed(parts) => {
                if let Some((name, after)) = segment {
                    let text = &self.text_of(rest, 1)[..name.len()];
                    if self.text(parts, text, false)? {
                        self.node(&other.node, after, matcher)?;
                    }
                }
            }
            Segment::Optional => {
                if let Some((name, after)) = segment
                    && !name.is_empty()
                {
                    self.node(&other.node, after, matcher)?;
                }
                // a matcher does not see a parameter that is left out
                self.node(&other.node, rest, before)?;
            }
            Segment::Rest => {
                // the usual case: the rest parameter ends the route and takes all there is
                if let (true, Some(route)) = (other.node.is_leaf(), other.node.end) {
                    self.found(route, matcher);
                    return Some(());
                }
                // the longest first, as the expression is greedy
                let mut end = rest.len();
                self.node(&other.node, &[], matcher)?;
                while let Some(at) = memchr::memrchr(b'/', &rest[..end]) {
                    if !self.matters(other.node.first) {
                        break;
                    }
                    self.step()?;
                    self.node(&other.node, &rest[at..], matcher)?;
                    end = at;
                }
            }
            Segment::Static(_) => {}
        }
        Some(())
    }

    /// Whether the parts match the whole text; with `path_end`, but for one slash that may
    /// end it. Every way to cut the text is tried, within the steps of the search.
    fn text(&mut self, parts: &[Part], text: &str, path_end: bool) -> Option<bool> {
        self.step()?;
        let Some((part, parts)) = parts.split_first() else {
            return Some(text.is_empty() || (path_end && text == "/"));
        };
        let done = parts.is_empty() && !path_end;
        match part {
            Part::Text(wanted) => match text.strip_prefix(wanted.as_str()) {
                Some(text) => self.text(parts, text, path_end),
                None => Some(false),
            },
            Part::HexF => match text.strip_prefix(['F', 'f']) {
                Some(text) => self.text(parts, text, path_end),
                None => Some(false),
            },
            // A segment holds no slash, so what is left of it is matched to its end.
            Part::Some if done => Some(!text.is_empty()),
            Part::Any if done => Some(true),
            Part::Some => self.cut(parts, text, 1, |c| c != '/', path_end),
            Part::Any => self.cut(parts, text, 0, |c| c != '/', path_end),
            Part::Across if parts.is_empty() => Some(true),
            Part::Across => self.cut(parts, text, 0, |_| true, path_end),
            Part::Optional => {
                if self.text(parts, text, path_end)? {
                    return Some(true);
                }
                match text.strip_prefix('/') {
                    Some(text) => self.cut(parts, text, 1, |c| c != '/', path_end),
                    None => Some(false),
                }
            }
            Part::Rest => {
                if self.text(parts, text, path_end)? {
                    return Some(true);
                }
                match text.strip_prefix('/') {
                    Some(_) if parts.is_empty() => Some(true),
                    Some(text) => self.cut(parts, text, 0, |_| true, path_end),
                    None => Some(false),
                }
            }
        }
    }

    /// Tries the other parts after every run of at least `least` characters.
    fn cut(
        &mut self,
        parts: &[Part],
        text: &str,
        least: usize,
        takes: fn(char) -> bool,
        path_end: bool,
    ) -> Option<bool> {
        let mut rest = text.chars();
        let mut run = 0;
        loop {
            if run >= least && self.text(parts, rest.as_str(), path_end)? {
                return Some(true);
            }
            if !rest.next().is_some_and(takes) {
                return Some(false);
            }
            run += 1;
        }
    }
}

/// Whether a route that ends here matches: one slash may be left.
fn is_end(rest: &[u8]) -> bool {
    matches!(rest, [] | [b'/'])
}

#[cfg(test)]
mod tests;
