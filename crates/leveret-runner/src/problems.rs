//! All that is wrong with a run file, in the order of its lines.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use leveret::{ConfigError, ConfigText};

/// The most that is told at once.
const PROBLEMS_MAX: usize = 100;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<(usize, ConfigError)>);

impl Problems {
    pub(crate) fn add(
        &mut self,
        text: &ConfigText,
        span: Range<usize>,
        message: impl Display,
        hint: Option<String>,
    ) {
        let start = span.start;
        self.push(start, text.error(span, message).suggest(hint));
    }

    pub(crate) fn push(&mut self, start: usize, error: ConfigError) {
        if self.0.len() < PROBLEMS_MAX && self.0.iter().all(|(_, known)| *known != error) {
            self.0.push((start, error));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// An error if there are some.
    pub(crate) fn finish(mut self) -> Result<(), RunFileError> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_by_key(|(start, _)| *start);
        Err(RunFileError::Wrong(self.0.into_iter().map(|(_, error)| error).collect()))
    }
}

/// A run file cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunFileError {
    /// It cannot be read at all.
    Unreadable {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What it says is wrong: everything that is, in the order of its lines.
    Wrong(Vec<ConfigError>),
}

impl Display for RunFileError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, source } => {
                write!(f, "cannot read `{}`: {source}", path.display())
            }
            Self::Wrong(errors) => {
                for (number, error) in errors.iter().enumerate() {
                    write!(f, "{}{error}", if number == 0 { "" } else { "\n" })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for RunFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Wrong(_) => None,
        }
    }
}
