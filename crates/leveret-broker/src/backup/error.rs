//! Why there is no backup.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The broker keeps nothing on disk.
    #[error("the broker keeps everything in memory: there is nothing to copy")]
    InMemory,
    /// Another one runs.
    #[error("a backup to `{}` is running", path.display())]
    Busy {
        /// Where that goes.
        path: PathBuf,
    },
    /// The path cannot be one of a backup.
    #[error("`{}` {problem}", path.display())]
    Unfit {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The broker stops, or has failed.
    #[error("the broker is stopping")]
    Stopping,
    /// What the system said.
    #[error("cannot copy `{}`: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Says which path an error is about.
pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Io { path, source }
}
