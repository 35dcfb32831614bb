//! What the environment and flags say, as values on top of the file's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use leveret::ConfigText;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problems::Problems;
use crate::values::{Lists, overlay};

/// What variables of the environment begin with that are settings.
const PREFIX: &str = "LEVERET__";

/// Lays `LEVERET__HANDLERS__CHECK__CONCURRENCY=4` and the like over the file. An empty one counts
/// as not set.
pub(super) fn overlay_environment<'a>(
    text: &'a ConfigText,
    environment: &BTreeMap<String, String>,
    table: &mut DeTable<'a>,
) {
    for (name, value) in environment {
        let Some(path) = name.strip_prefix(PREFIX).filter(|_| !value.is_empty()) else { continue };
        let steps: Vec<&str> = path.split("__").collect();
        let steps = as_written(table, &steps);
        let origin = format!("environment variable {name}");
        let (value, start) = text.add(origin, value.as_str());
        overlay(table, nested(&steps, value, start), Lists::Replace);
    }
}

/// Lays `--set handlers.check.concurrency=4` and the like over everything.
pub(super) fn overlay_flags<'a>(
    text: &'a ConfigText,
    flags: &[String],
    table: &mut DeTable<'a>,
    problems: &mut Problems,
) {
    for flag in flags {
        let path = flag.split_once('=').map(|(path, value)| (steps(path.trim()), value));
        let Some((Some(steps), value)) = path else {
            let (_, start) = text.add("--set", ConfigText::without_passwords(flag));
            let message = "a setting has the form `key.key=value`";
            problems.add(text, start..start + flag.len(), message, None);
            continue;
        };
        let (value, start) = text.add(format!("--set {}", steps.join(".")), value);
        overlay(table, nested(&steps, value, start), Lists::Replace);
    }
}

/// The keys of a path; those with dots are in quotes.
pub(crate) fn steps(path: &str) -> Option<Vec<String>> {
    let line = format!("{path} = 0");
    let mut table = DeTable::parse(&line).ok()?.into_inner();
    let mut steps = Vec::new();
    loop {
        let (key, value) = table.into_iter().next()?;
        steps.push(key.into_inner().into_owned());
        match value.into_inner() {
            DeValue::Table(inner) => table = inner,
            DeValue::Integer(_) => return Some(steps),
            DeValue::String(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => return None,
        }
    }
}

/// Variables know neither small letters nor hyphens: a name that is in the file already is meant,
/// else the one with both.
fn as_written(table: &DeTable<'_>, steps: &[&str]) -> Vec<String> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let mut known = Some(table);
    let mut names = Vec::new();
    for step in steps {
        let found = known
            .and_then(|table| table.iter().find(|(key, _)| plain(key.get_ref()) == plain(step)));
        names.push(match found {
            Some((key, _)) => key.get_ref().clone().into_owned(),
            None => plain(step).replace('_', "-"),
        });
        known = found.and_then(|(_, value)| value.get_ref().as_table());
    }
    names
}

/// Tables in tables, with the value innermost.
fn nested<'a>(steps: &[String], value: &'a str, start: usize) -> DeTable<'a> {
    let span = start..start + value.len();
    let mut inner = Spanned::new(span.clone(), DeValue::String(Cow::Borrowed(value)));
    for (number, step) in steps.iter().enumerate().rev() {
        let mut table = DeTable::new();
        table.insert(Spanned::new(span.clone(), Cow::Owned(step.clone())), inner);
        if number == 0 {
            return table;
        }
        inner = Spanned::new(span.clone(), DeValue::Table(table));
    }
    DeTable::new()
}
