//! The settings table as Markdown, for docs/configuration.md. A test compares the two, so
//! the page cannot say anything else than the server does.

use super::setting::{Group, Kind, Setting};
use super::settings::SETTINGS;

const GROUPS: [(Group, &str); 8] = [
    (Group::Listener, "Listener"),
    (Group::Origin, "Origin and client address"),
    (Group::Timeouts, "Timeouts"),
    (Group::Limits, "Limits"),
    (Group::Assets, "Static files"),
    (Group::Workers, "Workers"),
    (Group::WebSocket, "WebSockets"),
    (Group::Operation, "Operation"),
];

/// The tables of all settings, one for each group, and one of the further names.
pub fn markdown() -> String {
    let mut page = String::new();
    for (group, title) in GROUPS {
        section(&mut page, group, title);
    }
    synonyms(&mut page);
    page
}

fn section(page: &mut String, group: Group, title: &str) {
    let settings: Vec<&Setting> = SETTINGS.iter().filter(|s| s.group == group).collect();
    let options = settings.iter().any(|setting| setting.option.is_some());
    heading(page, title);
    if options {
        page.push_str("| Variable | Option | Takes | Default | Meaning |\n|---|---|---|---|---|\n");
    } else {
        page.push_str("| Variable | Takes | Default | Meaning |\n|---|---|---|---|\n");
    }
    for setting in settings {
        page.push_str(&format!("| `{}` ", setting.env));
        match (setting.option, options) {
            (Some(option), _) => page.push_str(&format!("| `{}` ", option.name)),
            (None, true) => page.push_str("| "),
            (None, false) => {}
        }
        page.push_str(&format!("| {} ", cell(&takes(setting))));
        match setting.default {
            "" => page.push_str("| "),
            default => page.push_str(&format!("| `{default}` ")),
        }
        page.push_str(&format!("| {} |\n", cell(setting.doc)));
    }
}

/// What a setting takes; what its option takes, where that is something else.
fn takes(setting: &Setting) -> String {
    match setting.option {
        Some(option) if option.kind != setting.kind => {
            format!("{}; option: {}", words(setting.kind), words(option.kind))
        }
        _ => words(setting.kind),
    }
}

fn words(kind: Kind) -> String {
    match kind {
        // The one place where the words are code.
        Kind::HealthCheck => {
            "true, false or `{ liveness?: string, readiness?: string }`".to_owned()
        }
        kind => kind.takes().into_owned(),
    }
}

fn synonyms(page: &mut String) {
    heading(page, "Names that other adapters use");
    page.push_str("| Variable | Same as | Takes |\n|---|---|---|\n");
    for setting in SETTINGS {
        for alias in setting.aliases {
            let takes = cell(&words(alias.kind));
            page.push_str(&format!(
                "| `{}` | `{}` | {takes} |\n",
                alias.name, setting.env
            ));
        }
    }
}

fn heading(page: &mut String, title: &str) {
    if !page.is_empty() {
        page.push('\n');
    }
    page.push_str(&format!("### {title}\n\n"));
}

/// A pipe would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    // Named so that the formatter of Markdown leaves the tables as they are.
    const BEGIN: &str = "<!-- prettier-ignore-start -->\n";
    const END: &str = "<!-- prettier-ignore-end -->\n";

    #[test]
    fn the_page_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
        let page = std::fs::read_to_string(&path).expect("docs/configuration.md");
        let (before, rest) = page.split_once(BEGIN).expect("the begin marker");
        let (_, after) = rest.split_once(END).expect("the end marker");
        let fresh = format!("{before}{BEGIN}\n{}\n{END}{after}", markdown());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &fresh).expect("docs/configuration.md is writable");
            return;
        }
        assert!(
            page == fresh,
            "docs/configuration.md differs from the settings table: run `UPDATE_DOCS=1 cargo test`"
        );
    }

    #[test]
    fn every_setting_is_in_it_once() {
        let page = markdown();
        for setting in SETTINGS {
            let row = format!("\n| `{}` |", setting.env);
            assert_eq!(page.matches(&row).count(), 1, "{}", setting.env);
        }
        let rows = page.lines().filter(|line| line.starts_with("| `")).count();
        let aliases: usize = SETTINGS.iter().map(|setting| setting.aliases.len()).sum();
        assert_eq!(rows, SETTINGS.len() + aliases);
    }
}
