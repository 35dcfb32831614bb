//! Where each setting comes from, for whoever wonders why it is so.

use std::{collections::BTreeMap, fmt};

use toml::{Spanned, de::DeTable};

/// The source of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of a file.
    File {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { name, line } => write!(formatter, "{name}:{line}"),
            Self::Variable(name) => write!(formatter, "environment {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// What was said by some sources, and by which.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    pub(super) fn note(&mut self, name: &str, origin: Origin) {
        self.0.insert(name.to_owned(), origin);
    }

    /// Every key of a document, with its line.
    pub(super) fn of_document(name: &str, text: &str, table: &DeTable<'_>) -> Self {
        let mut origins = Self::default();
        origins.walk(name, text, table, "");
        origins
    }

    fn walk(&mut self, file: &str, text: &str, table: &DeTable<'_>, above: &str) {
        for (key, value) in table {
            let name = format!("{above}{}", key.get_ref());
            let before = text.get(..key.span().start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            self.note(&name, Origin::File { name: file.to_owned(), line });
            if let Some(inner) = Spanned::get_ref(value).as_table() {
                self.walk(file, text, inner, &format!("{name}."));
            }
        }
    }

    /// These, with those of a later source on top.
    pub(super) fn overlay(mut self, over: Self) -> Self {
        self.0.extend(over.0);
        self
    }

    pub(crate) fn of(&self, names: &[&str]) -> Origin {
        let found = names.iter().find_map(|name| self.0.get(*name));
        found.cloned().unwrap_or(Origin::Default)
    }
}
