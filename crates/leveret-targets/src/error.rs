//! Why a target cannot be used.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

/// Why a target cannot be used as it is written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// A value does not hold.
    #[error("the target of `{consumer}`: `{field}`: {problem}")]
    Value {
        /// The consumer.
        consumer: String,
        /// Which value, as in `http.url`.
        field: &'static str,
        /// What was found, and what is wanted.
        problem: String,
    },
    /// A file that it names cannot be read.
    #[error("the target of `{consumer}`: `{field}`: `{}` cannot be read", path.display())]
    File {
        /// The consumer.
        consumer: String,
        /// Which value names it.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl TargetError {
    pub(crate) fn value(consumer: &str, field: &'static str, problem: impl Display) -> Self {
        Self::Value { consumer: consumer.to_owned(), field, problem: problem.to_string() }
    }

    /// Which value is wrong, as in `http.url`.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Value { field, .. } | Self::File { field, .. } => field,
        }
    }
}
