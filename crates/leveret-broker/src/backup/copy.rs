//! The files of a backup, copied and made durable.
//!
//! Keeps true: as long as the copy is not whole, its file `format` says what no broker starts with.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use super::{
    error::{BackupError, io_error},
    pace::Pace,
};
use crate::{
    directory::{Roster, read_if_there, replace},
    log::Segment,
    registry::Ledger,
};

/// Bytes copied before the broker's end is noticed, and a rest is taken.
const CHUNK_BYTES: u64 = 1 << 20;

/// Bytes between two lines of progress in the log.
const PROGRESS_BYTES: u64 = 1 << 30;

/// The file that makes a directory one of data.
const FORMAT: &str = "format";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// Where it is.
    pub path: PathBuf,
    /// Segments of the log in it.
    pub segments: usize,
    /// Pages of queues in it.
    pub pages: usize,
    /// Bytes of all its files.
    pub bytes: u64,
}

/// A copy being made.
#[derive(Debug)]
pub(super) struct Copy {
    source: PathBuf,
    target: PathBuf,
    stopped: Arc<AtomicBool>,
    pace: Pace,
    began: Instant,
    bytes: u64,
}

impl Copy {
    pub(super) fn new(source: PathBuf, target: PathBuf, pace: Pace) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        Self { source, target, stopped, pace, began: Instant::now(), bytes: 0 }
    }

    /// What ends the copy early, once it is set.
    pub(super) fn stopped(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stopped)
    }

    /// Copies all; the directory is whole and durable when this comes back without an error.
    pub(super) fn make(
        mut self,
        segments: &[Segment],
        pages: &[String],
    ) -> Result<Backup, BackupError> {
        self.prepare()?;
        let target = self.target.clone();
        replace_text(&target, FORMAT, "a backup that is not finished\n")?;
        // After the log was cut, so that every stream of it is on the roster.
        for name in [Roster::FILE, Ledger::FILE] {
            let path = self.source.join(name);
            if let Some(text) = read_if_there(&path).map_err(|error| other(&path, &error))? {
                replace_text(&target, name, &text)?;
                self.bytes += text.len() as u64;
            }
        }
        for Segment { file, bytes } in segments {
            self.file("journal", file, Some(*bytes))?;
        }
        for file in pages {
            self.file("pages", file, None)?;
        }
        for folder in [target.join("journal"), target.join("pages"), target.clone()] {
            sync(&folder)?;
        }
        let format = self.source.join(FORMAT);
        let text = read_if_there(&format).map_err(|error| other(&format, &error))?;
        replace_text(&target, FORMAT, &text.unwrap_or_default())?;
        if let Some(parent) = target.parent() {
            sync(parent)?;
        }
        let (segments, pages, bytes) = (segments.len(), pages.len(), self.bytes);
        tracing::info!(path = %target.display(), segments, pages, bytes, "made a backup");
        Ok(Backup { path: target, segments, pages, bytes })
    }

    /// Makes the directory, or takes one that is empty, outside what is copied.
    fn prepare(&mut self) -> Result<(), BackupError> {
        let unfit = |path: &Path, problem| BackupError::Unfit { path: path.to_owned(), problem };
        if !self.target.is_absolute() {
            return Err(unfit(&self.target, "is no absolute path"));
        }
        // Nothing is made before it is clear that it is not made in what is copied.
        let (source, parent) = (real(&self.source)?, self.target.parent());
        if real(parent.unwrap_or(&self.target))?.starts_with(&source) {
            return Err(unfit(&self.target, "is within the data directory"));
        }
        let made = DirBuilder::new().mode(0o700).create(&self.target);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(io_error(&self.target))?,
        }
        // It may be a link.
        let target = real(&self.target)?;
        if target.starts_with(&source) {
            return Err(unfit(&self.target, "is within the data directory"));
        }
        if fs::read_dir(&target).map_err(io_error(&target))?.next().is_some() {
            return Err(unfit(&self.target, "is not empty"));
        }
        for folder in ["journal", "pages"] {
            let folder = target.join(folder);
            DirBuilder::new().mode(0o700).create(&folder).map_err(io_error(&folder))?;
        }
        self.target = target;
        Ok(())
    }

    /// Copies a file, or the beginning of it, and makes it durable.
    fn file(&mut self, folder: &str, name: &str, bytes: Option<u64>) -> Result<(), BackupError> {
        let path = self.source.join(folder).join(name);
        let from = File::open(&path).map_err(io_error(&path))?;
        let length = || from.metadata().map(|found| found.len());
        let bytes = bytes.map_or_else(length, Ok).map_err(io_error(&path))?;
        let copy = self.target.join(folder).join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut to = options.open(&copy).map_err(io_error(&copy))?;
        let mut left = bytes;
        while left > 0 {
            if self.stopped.load(Ordering::Relaxed) {
                return Err(BackupError::Stopping);
            }
            let chunk = left.min(CHUNK_BYTES);
            let copied = io::copy(&mut (&from).take(chunk), &mut to).map_err(io_error(&copy))?;
            if copied < chunk {
                return Err(other(&path, &"it is shorter than it was"));
            }
            left -= chunk;
            let before = self.bytes / PROGRESS_BYTES;
            self.bytes += copied;
            if self.bytes / PROGRESS_BYTES > before {
                tracing::info!(bytes = self.bytes, "making a backup");
            }
            thread::sleep(self.pace.rest(self.bytes, self.began.elapsed()));
        }
        to.sync_all().map_err(io_error(&copy))
    }
}

fn real(path: &Path) -> Result<PathBuf, BackupError> {
    fs::canonicalize(path).map_err(io_error(path))
}

fn sync(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error(folder))
}

fn replace_text(folder: &Path, name: &str, text: &str) -> Result<(), BackupError> {
    replace(folder, name, text).map_err(|error| other(&folder.join(name), &error))
}

fn other(path: &Path, error: &dyn std::fmt::Display) -> BackupError {
    io_error(path)(io::Error::other(error.to_string()))
}
