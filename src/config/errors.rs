//! Mistakes in the settings, collected so that one start tells of all of them.

use std::fmt;

use serde_json::Value;

/// One mistake: which setting, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The variable with its prefix, or `option <name>`.
    pub name: String,
    /// What it got and what it takes.
    pub text: String,
}

impl Mistake {
    pub(super) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Mistake {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The usual mistake: a value that its setting does not take.
    pub(super) fn value(name: &str, got: &str, takes: &str) -> Self {
        Mistake::new(name, format!("got {got}, takes {takes}"))
    }
}

/// Every mistake in the settings; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    mistakes: Vec<Mistake>,
}

impl ConfigErrors {
    /// `None` where there is no mistake.
    pub(super) fn collected(mistakes: Vec<Mistake>) -> Option<Self> {
        (!mistakes.is_empty()).then_some(ConfigErrors { mistakes })
    }

    /// The mistakes, in the order of the settings.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.len() {
            1 => write!(f, "The configuration has a mistake:")?,
            n => write!(f, "The configuration has {n} mistakes:")?,
        }
        for mistake in &self.mistakes {
            write!(f, "\n  {}: {}", mistake.name, mistake.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Longest part of a value that a message repeats.
const QUOTED: usize = 80;

/// A value as a message shows it: quoted, so that blanks and line ends are seen, and cut,
/// so that a file pasted into a variable does not bury the message.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

/// An option's value as a message shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_mistake() {
        let errors = ConfigErrors::collected(vec![
            Mistake::value("PORT", "\"x\"", "a port"),
            Mistake::new("option y", "no such option"),
        ])
        .expect("two mistakes");
        assert_eq!(
            errors.to_string(),
            "The configuration has 2 mistakes:\n  PORT: got \"x\", takes a port\n  option y: no such option"
        );
        assert!(ConfigErrors::collected(Vec::new()).is_none());
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let shown = quoted(&"é".repeat(200));
        assert_eq!(shown.chars().filter(|c| *c == 'é').count(), QUOTED);
        assert!(shown.ends_with("\"…"));
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
    }
}
