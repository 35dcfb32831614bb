//! What can go wrong: at open, at append, at commit.

use std::{fmt, io, sync::Arc};

use thiserror::Error;

/// Why the visitor of an open did not take a record.
pub type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// What was asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Listing the directory.
    List,
    /// Creating a file.
    Create,
    /// Opening a file.
    Open,
    /// Reading a file.
    Read,
    /// Writing a file.
    Write,
    /// Making a file durable.
    Sync,
    /// Renaming a file.
    Rename,
    /// Removing a file.
    Remove,
    /// Making the directory durable.
    SyncDirectory,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "list",
            Self::Create => "create",
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::SyncDirectory => "sync the directory",
        })
    }
}

/// The disk refused something. A journal that met one takes nothing more until it is opened again.
///
/// After a failed sync the system may show bytes that the disk does not hold, so trying again proves nothing.
#[derive(Clone, Debug, Error)]
#[error("cannot {deed} {file}")]
pub struct Failure {
    /// What was asked.
    pub deed: Deed,
    /// Of which file, with its directory.
    pub file: String,
    /// What the system answered.
    #[source]
    pub source: Arc<io::Error>,
}

impl Failure {
    pub(crate) fn new(deed: Deed, file: String, source: io::Error) -> Self {
        Self { deed, file, source: Arc::new(source) }
    }

    /// Whether there was no space left.
    pub fn is_disk_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

/// Why a record was not appended.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The record is longer than the journal takes; nothing was appended, and the journal goes on.
    #[error("the record has {bytes} bytes, the journal takes {bytes_max}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The longest that is taken.
        bytes_max: usize,
    },
    /// The disk failed now or before; see [`Failure`].
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why a commit, a drop or a close did not succeed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The disk failed now or before; see [`Failure`].
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why a journal was not opened. Nothing was lost by trying.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory does not exist.
    #[error("{directory}: no such directory")]
    Missing {
        /// The directory.
        directory: String,
    },
    /// The path names something else.
    #[error("{directory}: not a directory")]
    NotADirectory {
        /// The path.
        directory: String,
    },
    /// The rights do not suffice.
    #[error("{file}: permission denied, the journal must {deed} it")]
    Denied {
        /// What was asked.
        deed: Deed,
        /// The file or directory.
        file: String,
    },
    /// There is no space left.
    #[error("{file}: the disk is full, the journal must {deed} it")]
    DiskFull {
        /// What was asked.
        deed: Deed,
        /// The file.
        file: String,
    },
    /// The disk failed in another way.
    #[error(transparent)]
    Failed(Failure),
    /// A later release wrote the file.
    #[error("{file}: journal format {found}, this release reads up to {supported}")]
    NewerVersion {
        /// The file.
        file: String,
        /// Its format.
        found: u32,
        /// The newest format known here.
        supported: u32,
    },
    /// Something that was durable is no longer as it was written.
    #[error("{file}: damaged at byte {offset}: {flaw}")]
    Damage {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        flaw: Flaw,
    },
    /// The visitor did not take a record.
    #[error("{file}: the record at byte {offset} was refused")]
    Refused {
        /// The file in which the record begins.
        file: String,
        /// Where it begins.
        offset: u64,
        /// The visitor's reason.
        source: Refusal,
    },
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        let Failure { deed, file, source } = failure;
        if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return Self::DiskFull { deed, file };
        }
        if source.kind() == io::ErrorKind::PermissionDenied {
            return Self::Denied { deed, file };
        }
        match (deed, source.kind()) {
            (Deed::List, io::ErrorKind::NotFound) => Self::Missing { directory: file },
            (Deed::List, io::ErrorKind::NotADirectory) => Self::NotADirectory { directory: file },
            _ => Self::Failed(Failure { deed, file, source }),
        }
    }
}

/// What is wrong with a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The name begins like a segment's and goes on otherwise.
    #[error("the name is not a segment's")]
    Name,
    /// A segment between the first and the last is not there.
    #[error("the file is missing")]
    Missing,
    /// The disk does not give the file's bytes.
    #[error("the file cannot be read")]
    Unreadable,
    /// The file is longer than any segment.
    #[error("the file is longer than a segment can be")]
    TooLong,
    /// The first bytes are not those of a segment.
    #[error("not a journal segment")]
    Foreign,
    /// The segment's header fails its checksum.
    #[error("the header fails its checksum")]
    Header,
    /// The segment was written under another number.
    #[error("the header belongs to segment {found}")]
    Number {
        /// The number in the header.
        found: u64,
    },
    /// The segment was written by another journal.
    #[error("the segment belongs to another journal")]
    Journal,
    /// The segment does not begin where the one before ends.
    #[error("the segment does not continue the one before")]
    Chain,
    /// Something invalid stands where valid data was durable, as a later segment shows.
    #[error("invalid data before the end of the segment")]
    Frame,
    /// Something invalid stands where valid data was durable, as later data in the same file shows.
    #[error("invalid data, though what follows at byte {later} was written after it was durable")]
    Overtaken {
        /// Where the later data stands.
        later: u64,
    },
    /// Checksums hold, but the records inside make no sense.
    #[error("the records inside do not fit together")]
    Records,
}
