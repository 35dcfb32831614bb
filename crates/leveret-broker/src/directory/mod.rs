//! The data directory: made if missing, locked while in use.
//!
//! Holds `lock` (the holder's process id), `format` (the layout's number), `virtual-hosts.toml`
//! (which stream of the log is whose), the log's own folder and that of pages. Keeps true: one process at a time.

mod roster;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

pub(crate) use roster::Roster;

/// The layout this version writes.
const FORMAT: u32 = 1;

/// The largest file of names and numbers that is believed.
pub(crate) const FILE_BYTES_MAX: u64 = 16 << 20;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Another process works in it.
    #[error("data directory `{}` is in use by {}", path.display(), holder(*pid))]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The holder's process id, if it could be read.
        pid: Option<u32>,
    },
    /// A newer version of Leveret wrote it.
    #[error(
        "data directory `{}` has format {found}, this version knows up to {known}; use the newer leveret that wrote it",
        path.display()
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format this version knows.
        known: u32,
    },
    /// A file in it does not hold what it should.
    #[error("`{}` {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// It is a file, or lies below one.
    #[error("data directory `{}` is not a directory", path.display())]
    NotADirectory {
        /// What was named.
        path: PathBuf,
    },
    /// The user who runs the broker may not use it.
    #[error("no permission for `{}`", path.display())]
    Denied {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk it is on has no room left.
    #[error("no space left for `{}`", path.display())]
    Full {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else the system said.
    #[error("cannot use `{}`: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DirectoryError {
    /// Sorts what the system said.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the system has many kinds of errors, and may have more"
    )]
    pub(crate) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                Self::NotADirectory { path }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { path, source }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source }
            }
            _ => Self::Io { path, source },
        }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

/// An open data directory; another process gets in once this is dropped.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    // Held for its lock, which the system takes back when the file is closed.
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory if it is missing, locks it, and checks its format.
    pub(crate) fn open(path: &Path) -> Result<Self, DirectoryError> {
        let sorted = |source| DirectoryError::from_io(path, source);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(sorted)?;
        let lock = lock(path)?;
        let directory = Self { path: path.to_owned(), _lock: lock };
        directory.check_format()?;
        for folder in [directory.journal_path(), directory.pages_path()] {
            let sorted = |source| DirectoryError::from_io(&folder, source);
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(sorted)?;
        }
        let sorted = |source| DirectoryError::from_io(path, source);
        File::open(path).and_then(|directory| directory.sync_all()).map_err(sorted)?;
        Ok(directory)
    }

    /// The folder of the log.
    pub(crate) fn journal_path(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// The folder of what queues keep outside the log.
    pub(crate) fn pages_path(&self) -> PathBuf {
        self.path.join("pages")
    }

    /// Which stream of the log belongs to which virtual host, as written so far.
    pub(crate) fn roster(&self) -> Result<Roster, DirectoryError> {
        let path = self.path.join(Roster::FILE);
        let Some(text) = read_if_there(&path)? else { return Ok(Roster::default()) };
        Roster::parse(&text).map_err(|problem| DirectoryError::Damaged { path, problem })
    }

    /// Writes the roster so that it survives a power loss.
    pub(crate) fn write_roster(&self, roster: &Roster) -> Result<(), DirectoryError> {
        replace(&self.path, Roster::FILE, &roster.to_string())
    }

    fn check_format(&self) -> Result<(), DirectoryError> {
        let path = self.path.join("format");
        let Some(text) = read_if_there(&path)? else {
            return replace(&self.path, "format", &format!("leveret-data {FORMAT}\n"));
        };
        let number =
            text.strip_prefix("leveret-data ").and_then(|number| number.trim_end().parse().ok());
        match number {
            Some(found) if found > FORMAT => {
                Err(DirectoryError::Newer { path: self.path.clone(), found, known: FORMAT })
            }
            Some(_) => Ok(()),
            None => {
                let problem =
                    "is no format file of leveret, wanted `leveret-data` and a number".to_owned();
                Err(DirectoryError::Damaged { path, problem })
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Puts a whole new file in place of an old one: never a half of it, whatever happens.
pub(crate) fn replace(directory: &Path, name: &str, text: &str) -> Result<(), DirectoryError> {
    let fresh = directory.join(format!("{name}.new"));
    let sorted = |source| DirectoryError::from_io(&directory.join(name), source);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&fresh).map_err(sorted)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(sorted)?;
    fs::rename(&fresh, directory.join(name)).map_err(sorted)?;
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(sorted)
}

fn lock(directory: &Path) -> Result<File, DirectoryError> {
    let path = directory.join("lock");
    let sorted = |source| DirectoryError::from_io(&path, source);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(sorted)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Whoever holds it may not have written its number yet; then it is just "another process".
            let read = file.take(32).read_to_string(&mut text);
            let pid = read.ok().and_then(|_| text.trim().parse().ok());
            return Err(DirectoryError::Locked { path: directory.to_owned(), pid });
        }
        Err(TryLockError::Error(source)) => return Err(sorted(source)),
    }
    file.set_len(0).map_err(sorted)?;
    writeln!(file, "{}", std::process::id()).map_err(sorted)?;
    Ok(file)
}

/// The text of a file, if it is there.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, DirectoryError> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(Some(text)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DirectoryError::from_io(path, source)),
    }
}

#[cfg(test)]
mod tests;
