//! Where a setting's raw value comes from: environment, else option, else default. Collects
//! mistakes and warnings on the way; decides nothing.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::errors::{ConfigErrors, Mistake, quoted, shown};
use super::setting::{Kind, Setting};
use super::settings::SETTINGS;

/// The environment: the process's, handed over by JavaScript, or a map in a test.
pub trait Env {
    /// One variable.
    fn var(&self, name: &str) -> Option<String>;
    /// The names of all variables.
    fn names(&self) -> Vec<String>;
}

impl Env for BTreeMap<String, String> {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

impl<S: std::hash::BuildHasher> Env for HashMap<String, String, S> {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        // In one order, so that messages are the same at every start.
        let mut names: Vec<String> = self.keys().cloned().collect();
        names.sort();
        names
    }
}

/// A raw value and where it was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raw {
    /// The variable with its prefix, or `option <name>`.
    pub name: String,
    /// The value; an environment's is always a string.
    pub value: Value,
    /// What is taken there.
    pub kind: Kind,
}

impl Raw {
    /// The value as text. Numbers and booleans of an option read as if they were written.
    pub fn text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// A value that somebody set, and where, for messages about more than one setting.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given<T> {
    /// The variable with its prefix, or `option <name>`.
    pub name: String,
    /// The value, read.
    pub value: T,
}

/// The two sources, and what was found wrong in them.
pub(super) struct Source<'a> {
    env: &'a dyn Env,
    prefix: &'a str,
    options: &'a Map<String, Value>,
    mistakes: Vec<Mistake>,
    warnings: Vec<String>,
}

impl<'a> Source<'a> {
    pub fn new(env: &'a dyn Env, prefix: &'a str, options: &'a Map<String, Value>) -> Self {
        Source {
            env,
            prefix,
            options,
            mistakes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Reports variables that carry the prefix, and options, that are no setting. Without a
    /// prefix nothing is known about variables: they belong to everyone.
    pub fn refuse_unknown(&mut self) {
        if !self.prefix.is_empty() {
            let unknown: Vec<String> = (self.env.names().into_iter())
                .filter(|name| {
                    name.strip_prefix(self.prefix)
                        .is_some_and(|bare| !variables().any(|known| known == bare))
                })
                .collect();
            self.unknown(
                unknown,
                format!(
                    "no setting has this name after the envPrefix {}; choose another envPrefix \
                     if it belongs to something else. Known are {}",
                    quoted(self.prefix),
                    list(variables())
                ),
            );
        }
        let mut unknown = Vec::new();
        self.find_unknown("", self.options, &mut unknown);
        self.unknown(
            unknown,
            format!("no such option. Known are {}", list(options())),
        );
    }

    /// Options that stand in other options are known as `outer.inner`.
    fn find_unknown(&mut self, outer: &str, given: &Map<String, Value>, found: &mut Vec<String>) {
        for (key, value) in given {
            let name = format!("{outer}{key}");
            let inside = format!("{name}.");
            let is_known = options().any(|known| known == name);
            let holds_others = options().any(|known| known.starts_with(&inside));
            match value {
                Value::Object(inner) if holds_others => self.find_unknown(&inside, inner, found),
                _ if is_known => {}
                other if holds_others => {
                    self.mistake(&option(&name), &shown(other), "an object of options");
                }
                _ => found.push(option(&name)),
            }
        }
    }

    /// One line for all of them: the list of what is known is long.
    fn unknown(&mut self, names: Vec<String>, text: String) {
        if !names.is_empty() {
            self.mistakes.push(Mistake::new(names.join(", "), text));
        }
    }

    /// A variable's name as the user writes it.
    pub fn variable(&self, env: &str) -> String {
        format!("{}{env}", self.prefix)
    }

    /// A variable that has no prefix.
    pub fn unprefixed(&self, name: &str) -> Option<String> {
        self.env.var(name)
    }

    /// A setting's own variable as it stands, aliases left out.
    pub fn variable_text(&self, setting: &Setting) -> Option<String> {
        self.env.var(&self.variable(setting.env))
    }

    /// The raw value of a setting from the environment.
    pub fn environment(&mut self, setting: &Setting) -> Option<Raw> {
        let mut found: Option<Raw> = None;
        let names = std::iter::once((setting.env, setting.kind))
            .chain(setting.aliases.iter().map(|alias| (alias.name, alias.kind)));
        for (env, kind) in names {
            let name = self.variable(env);
            let Some(text) = self.env.var(&name) else {
                continue;
            };
            if text.is_empty() && kind.empty_is_unset() {
                continue;
            }
            match &found {
                Some(first) => self.warnings.push(format!(
                    "{name} has no effect: {} is the same setting and comes first",
                    first.name
                )),
                None => {
                    found = Some(Raw {
                        name,
                        value: Value::String(text),
                        kind,
                    });
                }
            }
        }
        found
    }

    /// The raw value of a setting from the options.
    pub fn given_option(&self, setting: &Setting) -> Option<Raw> {
        let known = setting.option?;
        let mut steps = known.name.split('.');
        let outermost = self.options.get(steps.next()?)?;
        let value = steps.try_fold(outermost, |outer, step| outer.get(step))?;
        Some(Raw {
            name: option(known.name),
            value: value.clone(),
            kind: known.kind,
        })
    }

    /// What somebody said a setting is, and where. A value that is wrong is reported, also in
    /// an option that the environment overrides: it is still a mistake.
    pub fn given<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str, Kind) -> Option<T>,
    ) -> Option<Given<T>> {
        let option = self.given_option(setting);
        let option = option.and_then(|raw| self.read_given(raw, &parse));
        let env = self.environment(setting);
        let env = env.and_then(|raw| self.read_given(raw, &parse));
        env.or(option)
    }

    fn read_given<T>(
        &mut self,
        raw: Raw,
        parse: impl Fn(&str, Kind) -> Option<T>,
    ) -> Option<Given<T>> {
        let value = self.read(&raw, parse)?;
        Some(Given {
            name: raw.name,
            value,
        })
    }

    /// The value of a setting: what was given, else its default.
    pub fn take<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str, Kind) -> Option<T>,
    ) -> Option<T> {
        let given = self.given(setting, &parse).map(|given| given.value);
        given.or_else(|| default(setting, &parse))
    }

    /// As [`Source::take`], for settings whose table entry has a default.
    pub fn take_or_default<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str, Kind) -> Option<T>,
    ) -> T {
        let given = self.given(setting, &parse).map(|given| given.value);
        given.unwrap_or_else(|| default_of(setting, &parse))
    }

    /// The values of a setting that takes several: a list as an option, with commas between
    /// them as a variable. None where nothing was given.
    pub fn take_list<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str, Kind) -> Option<T>,
    ) -> Vec<T> {
        let option = self.given_option(setting);
        let option = option.and_then(|raw| match &raw.value {
            Value::Array(values) => Some(self.read_all(&raw, values, &parse)),
            other => {
                let takes = format!("a list of {}", raw.kind.takes());
                self.mistake(&raw.name, &shown(other), &takes);
                None
            }
        });
        let env = self.environment(setting);
        let env = env.and_then(|raw| {
            let parts = raw.text()?;
            let parts = parts.split(',').map(str::trim).filter(|it| !it.is_empty());
            let values: Vec<Value> = parts.map(Value::from).collect();
            Some(self.read_all(&raw, &values, &parse))
        });
        env.or(option).unwrap_or_default()
    }

    fn read_all<T>(
        &mut self,
        raw: &Raw,
        values: &[Value],
        parse: impl Fn(&str, Kind) -> Option<T>,
    ) -> Vec<T> {
        let read = values.iter().filter_map(|value| {
            let one = value.as_str().and_then(|text| parse(text, raw.kind));
            if one.is_none() {
                self.mistake(&raw.name, &shown(value), &raw.kind.takes());
            }
            one
        });
        read.collect()
    }

    /// One raw value, read; reported and `None` where it cannot be.
    pub fn read<T>(&mut self, raw: &Raw, parse: impl Fn(&str, Kind) -> Option<T>) -> Option<T> {
        let value = raw.text().and_then(|text| parse(&text, raw.kind));
        if value.is_none() {
            let got = if raw.kind.is_secret() {
                "a value that is not shown".to_owned()
            } else {
                shown(&raw.value)
            };
            self.mistake(&raw.name, &got, &raw.kind.takes());
        }
        value
    }

    /// Reports a value that its setting does not take.
    pub fn mistake(&mut self, name: &str, got: &str, takes: &str) {
        self.mistakes.push(Mistake::value(name, got, takes));
    }

    /// Notes something allowed that is probably not meant.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Warns of a variable that is set in vain, and why it is.
    pub fn no_effect(&mut self, setting: &Setting, reason: &str) {
        let given = self.variable_text(setting);
        if given.is_some_and(|text| !text.is_empty() || !setting.kind.empty_is_unset()) {
            let name = self.variable(setting.env);
            self.warn(format!("{name} has no effect: {reason}"));
        }
    }

    /// The warnings, unless there was a mistake.
    pub fn finish(self) -> Result<Vec<String>, ConfigErrors> {
        match ConfigErrors::collected(self.mistakes) {
            Some(errors) => Err(errors),
            None => Ok(self.warnings),
        }
    }
}

/// The default of a setting whose table entry has one.
pub(super) fn default_of<T>(setting: &Setting, parse: impl Fn(&str, Kind) -> Option<T>) -> T {
    default(setting, parse).expect("a test takes the default of every setting")
}

fn default<T>(setting: &Setting, parse: impl Fn(&str, Kind) -> Option<T>) -> Option<T> {
    (!setting.default.is_empty())
        .then(|| parse(setting.default, setting.kind))
        .flatten()
}

/// How messages name an option.
pub(super) fn option(name: &str) -> String {
    format!("option {name}")
}

fn list(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Every variable, aliases included.
pub fn variables() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().flat_map(|setting| {
        std::iter::once(setting.env).chain(setting.aliases.iter().map(|alias| alias.name))
    })
}

/// Every option that matters at run time.
pub fn options() -> impl Iterator<Item = &'static str> {
    SETTINGS
        .iter()
        .filter_map(|setting| setting.option.map(|option| option.name))
}
