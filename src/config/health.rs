//! The paths of the health endpoints: the option `healthCheck` says where, the variable
//! whether. The default steps back behind the app's own paths.

use serde_json::{Map, Value};

use super::decided::HealthPaths;
use super::errors::shown;
use super::handoff::Handoff;
use super::parse::is_url_path;
use super::read;
use super::setting::Kind;
use super::settings::HEALTH_CHECK;
use super::source::{Raw, Source};

const LIVENESS: &str = "/health";
const READINESS: &str = "/readiness";

/// What the option says.
enum Asked {
    Unsaid,
    Off,
    On(HealthPaths),
}

pub(super) fn decide(source: &mut Source<'_>, build: &Handoff) -> Option<HealthPaths> {
    let asked = match source.given_option(&HEALTH_CHECK) {
        Some(raw) => option(source, &raw),
        None => Asked::Unsaid,
    };
    let switch = source.environment(&HEALTH_CHECK);
    let switch = switch.and_then(|raw| source.read(&raw, read::switch));
    let (paths, explicit) = match (switch, asked) {
        (Some(false), _) | (None, Asked::Off) => return None,
        (_, Asked::On(paths)) => (paths, true),
        (switch, _) => (standard(), switch.is_some()),
    };

    let own: Vec<&str> = [paths.liveness.as_str(), paths.readiness.as_str()]
        .into_iter()
        .filter(|path| answers(build, path))
        .collect();
    if own.is_empty() {
        return Some(paths);
    }
    let own = own.join(" and ");
    if explicit {
        source.warn(format!(
            "the app's own {own} cannot be reached: option healthCheck puts a built-in answer there"
        ));
        return Some(paths);
    }
    source.warn(format!(
        "the app answers {own} itself, so the built-in health answers are off; \
         option healthCheck can name other paths, or be false"
    ));
    None
}

fn standard() -> HealthPaths {
    HealthPaths {
        liveness: LIVENESS.to_owned(),
        readiness: READINESS.to_owned(),
    }
}

fn option(source: &mut Source<'_>, raw: &Raw) -> Asked {
    match &raw.value {
        Value::Bool(true) => Asked::On(standard()),
        Value::Bool(false) => Asked::Off,
        Value::Object(given) => Asked::On(paths(source, raw, given)),
        other => {
            source.mistake(&raw.name, &shown(other), &raw.kind.takes());
            Asked::Unsaid
        }
    }
}

fn paths(source: &mut Source<'_>, raw: &Raw, given: &Map<String, Value>) -> HealthPaths {
    let mut paths = standard();
    for (key, value) in given {
        let slot = match key.as_str() {
            "liveness" => &mut paths.liveness,
            "readiness" => &mut paths.readiness,
            _ => {
                let name = format!("{}.{key}", raw.name);
                source.mistake(&name, &shown(value), "nothing: it is not known here");
                continue;
            }
        };
        match value.as_str().filter(|path| is_url_path(path)) {
            Some(path) => path.clone_into(slot),
            None => {
                let name = format!("{}.{key}", raw.name);
                source.mistake(&name, &shown(value), &Kind::UrlPath.takes());
            }
        }
    }
    if paths.liveness == paths.readiness {
        let got = shown(&Value::String(paths.liveness.clone()));
        source.mistake(&raw.name, &format!("{got} twice"), "two different paths");
    }
    paths
}

/// Whether the app itself has something at exactly this path.
fn answers(build: &Handoff, path: &str) -> bool {
    let files = build.assets.iter().chain(&build.prerendered);
    files.map(|(at, _)| at).any(|at| at == path)
        || build.aliases.iter().any(|(at, _)| at == path)
        || build
            .routes
            .iter()
            .any(|route| format!("{}{}", build.base, without_groups(&route.id)) == path)
}

/// `/(app)/health` to `/health`: a group is no part of the path.
fn without_groups(id: &str) -> String {
    id.split('/')
        .filter(|segment| !(segment.starts_with('(') && segment.ends_with(')')))
        .collect::<Vec<_>>()
        .join("/")
}
