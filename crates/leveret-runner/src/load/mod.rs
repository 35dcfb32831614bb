//! From files, environment and flags to one table whose values know their places.

mod include;
mod outside;

mod substitution;

use std::collections::BTreeMap;
use std::path::Path;

use leveret::ConfigText;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) use outside::steps;

use crate::problems::{Problems, RunFileError};
use crate::shape::{FILE, check};

/// A run file that was read, with what it includes, the environment and flags on top, and every
/// key known. What it means is another matter: [`Plan`](crate::Plan).
#[derive(Debug)]
pub struct RunFile<'a> {
    pub(crate) text: &'a ConfigText,
    pub(crate) table: DeTable<'a>,
    /// What the application is called if the file does not say.
    pub(crate) name: String,
}

/// What is read besides the file.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The environment: `LEVERET__TABLE__KEY`, and what `${NAME}` stands for.
    pub environment: BTreeMap<String, String>,
    /// Settings of the command line: `table.key=value`.
    pub set: Vec<String>,
}

impl Outside {
    /// The environment of this process; what is not text is left out.
    pub fn of_process(set: Vec<String>) -> Self {
        let texts = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self { environment: texts.collect(), set }
    }
}

impl<'a> RunFile<'a> {
    /// Reads the file. `text` keeps what is read, for the errors to show.
    ///
    /// Everything that is wrong is told at once.
    pub fn read(
        text: &'a ConfigText,
        path: &Path,
        outside: &Outside,
    ) -> Result<Self, RunFileError> {
        let mut problems = Problems::default();
        let Some(mut table) = include::read(text, path, &mut problems)? else {
            problems.finish()?;
            return Err(RunFileError::Wrong(Vec::new()));
        };
        outside::overlay_environment(text, &outside.environment, &mut table);
        outside::overlay_flags(text, &outside.set, &mut table, &mut problems);
        let mut whole = Spanned::new(0..0, DeValue::Table(table));
        substitution::substitute(text, &outside.environment, &mut whole, &mut problems);
        check(text, &FILE, &mut whole, &mut problems);
        problems.finish()?;
        let DeValue::Table(table) = whole.into_inner() else {
            return Err(RunFileError::Wrong(Vec::new()));
        };
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self { text, table, name: stem.unwrap_or_else(|| "leveret".to_owned()) })
    }
}
