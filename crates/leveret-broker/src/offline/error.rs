//! Why a data directory could not be looked at.

use std::{io, path::PathBuf};

use leveret_journal::OpenError;

use crate::{causes::causes, directory::DirectoryError};

/// Why a data directory could not be looked at, or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineError {
    /// There is none there.
    #[error("`{}` is no data directory of leveret: it has no file `format`", path.display())]
    NotADataDirectory {
        /// What was named.
        path: PathBuf,
    },
    /// Another process has it, or it cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The log is damaged, of a newer version, or cannot be read.
    #[error("{error}{}", causes(error))]
    Log {
        /// What and where.
        error: OpenError,
    },
    /// What was saved would be mixed with something else.
    #[error("`{}` is not empty; name a directory that does not exist yet", path.display())]
    NotEmpty {
        /// What was named.
        path: PathBuf,
    },
    /// A file could not be copied or written.
    #[error("cannot write `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The new log could not be written.
    #[error("cannot write the new log: {0}")]
    Append(String),
}

impl From<OpenError> for OfflineError {
    fn from(error: OpenError) -> Self {
        Self::Log { error }
    }
}
