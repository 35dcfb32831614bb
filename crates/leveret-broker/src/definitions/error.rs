//! Why definitions are not taken.

use std::{io, path::PathBuf};

use crate::registry::AdminError;

/// What is wrong with definitions; nothing of them was applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionsError {
    /// The file cannot be read.
    #[error("cannot read definitions from {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no JSON object.
    #[error("failed_to_parse_json: {0}")]
    NotJson(String),
    /// Something in it makes no sense.
    #[error("{place}: {problem}")]
    Invalid {
        /// Where it stands, such as `queues[3]`.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// They are fine, and cannot be kept.
    #[error(transparent)]
    Admin(#[from] AdminError),
}

impl DefinitionsError {
    pub(super) fn invalid(place: &str, problem: impl Into<String>) -> Self {
        Self::Invalid { place: place.to_owned(), problem: problem.into() }
    }
}
