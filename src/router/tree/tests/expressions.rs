//! The tree against the scan that SvelteKit makes: one expression after the other, until the
//! first that matches. On the routes of the benches and on the tables' random ones.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use regex::Regex;

use super::*;

/// A route as the scan sees it.
struct Scanned {
    expression: Regex,
    /// For each group: whether a matcher decides about it, and whether even about nothing.
    groups: Vec<(bool, bool)>,
}

impl Scanned {
    fn new(id: &str, pattern: &str) -> Self {
        let source = pattern.replace("[^]", "(?s:.)");
        // `[x+2f]` is a character
        let params = id
            .split('[')
            .filter(|param| param.contains(']') && param.get(1..2) != Some("+"));
        Scanned {
            expression: Regex::new(&source).expect("an expression"),
            groups: params
                .map(|param| (param.contains('='), param.starts_with("...")))
                .collect(),
        }
    }

    /// Whether the route matches, and then whether a matcher has to agree.
    fn matches(&self, path: &str) -> Option<bool> {
        let values = self.expression.captures(path)?;
        assert_eq!(values.len(), self.groups.len() + 1);
        let mut groups = values.iter().skip(1).zip(&self.groups);
        Some(groups.any(|(value, (matcher, rest))| *matcher && (*rest || value.is_some())))
    }
}

struct App {
    tree: Tree,
    scanned: Vec<Scanned>,
    names: Vec<String>,
}

impl App {
    fn new(routes: &[(String, String)]) -> Self {
        let entries: Vec<_> = routes
            .iter()
            .map(|(id, pattern)| entry(id, pattern))
            .collect();
        let mut names: Vec<_> = routes
            .iter()
            .flat_map(|(id, _)| id.split('/'))
            .map(|name| name.replace(['[', ']'], ""))
            .collect();
        names.extend(["", "4711", "a.b", "é", "%2F", "a-much-longer-name"].map(str::to_owned));
        App {
            tree: Tree::new(&entries),
            scanned: routes.iter().map(|(id, p)| Scanned::new(id, p)).collect(),
            names,
        }
    }

    fn scan(&self, path: &str) -> Option<u32> {
        let first = (0..)
            .zip(&self.scanned)
            .find_map(|(order, route)| Some((order, route.matches(path)?)));
        first.and_then(|(order, open)| (!open).then_some(order))
    }
}

fn apps() -> Vec<App> {
    #[derive(Deserialize)]
    struct Bench {
        routes: Vec<(String, String)>,
    }
    let bench: Bench =
        serde_json::from_str(include_str!("../../../../benches/routes.json")).expect("a table");
    let tables: Tables =
        serde_json::from_str(include_str!("../../testdata/kit3.json")).expect("tables");
    // the bench's routes often enough among the many random ones
    let bench = std::iter::repeat_n(bench.routes, 20);
    let random = tables.apps.into_iter().map(|app| app.routes);
    bench
        .chain(random)
        .map(|routes| App::new(&routes))
        .collect()
}

thread_local!(static APPS: Vec<App> = apps());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn finds_what_a_scan_finds(
        app: Index,
        names: Vec<Index>,
        length in 0usize..7,
        end in select(vec!["", "", "/", "//"]),
    ) {
        APPS.with(|apps| {
            let app = app.get(apps);
            let names = names.iter().take(length).map(|name| name.get(&app.names).as_str());
            let path: String = names.flat_map(|name| ["/", name]).chain([end]).collect();
            let path = if path.is_empty() { "/" } else { &path };
            prop_assert_eq!(app.tree.find(path), app.scan(path), "{}", path);
            Ok(())
        })?;
    }

    #[test]
    fn finds_what_a_scan_finds_near_a_route(
        app: Index,
        route: Index,
        values in proptest::collection::vec("[a-z0-9.é-]{0,12}", 12),
        end in select(vec!["", "", "/", "/x"]),
    ) {
        APPS.with(|apps| {
            let app = app.get(apps);
            let order = route.index(app.scanned.len());
            // the expression with its parameters filled in
            let mut values = values.iter();
            let mut path = app.scanned[order].expression.as_str().to_owned();
            for (form, slash) in [
                (r"(?:\/((?s:.)*))?", "/"),
                (r"(?:\/([^/]+))?", "/"),
                ("((?s:.)*?)", ""),
                ("([^/]*)?", ""),
                ("([^/]+?)", ""),
            ] {
                while path.contains(form) {
                    let value = values.next().map_or("v", String::as_str);
                    path = path.replacen(form, &format!("{slash}{value}"), 1);
                }
            }
            let path = path
                .trim_start_matches('^')
                .replace(r"\/?$", "")
                .replace("[Ff]", "f")
                .replace(['\\', '$'], "");
            let path = path + end;
            prop_assert_eq!(app.tree.find(&path), app.scan(&path), "{}", path);
            Ok(())
        })?;
    }
}
