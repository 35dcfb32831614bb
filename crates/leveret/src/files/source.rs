//! A directory whose files become messages: where, what as, how many at a time.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::scan::path_text;
use crate::message_id::derived_message_id;
use crate::publish::Publish;
use crate::publisher::PublishError;

/// The header that carries a file's path relative to its directory.
pub(super) const FILE_NAME_HEADER: &str = "X-Filename";

/// A file larger than this is reported and left, unless told otherwise.
const SIZE_MAX_DEFAULT: u64 = 16 * 1024 * 1024;

/// How many files are on their way to the broker at a time, unless told otherwise.
const WINDOW_DEFAULT: usize = 32;

/// A directory whose files become messages.
///
/// Files put into `new/` (folders are followed) are published and then moved to `cur/`; both
/// are made if missing. The message-id derives from the path relative to the directory, so a file
/// sent twice because of a crash is the same message twice, which an [inbox](crate::inbox) drops.
/// The path itself travels in the header `X-Filename`.
///
/// ```
/// use leveret::files::FileSource;
///
/// let incoming = FileSource::new("mails").to("mails", "mail.incoming").content_type("message/rfc822");
/// let samples = FileSource::new("samples").to("mails", "mail.incoming").read_only("state/sent");
/// # let _ = (incoming, samples);
/// ```
#[derive(Debug, Clone)]
pub struct FileSource {
    pub(super) directory: PathBuf,
    exchange: String,
    routing_key: String,
    content_type: Option<String>,
    identity: FileIdentity,
    pub(super) size_max: u64,
    pub(super) window: usize,
    pub(super) every: Duration,
    pub(super) place: Place,
}

/// Where files wait and what becomes of one that was sent.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// From `new/` to `cur/`.
    NewToCur,
    /// They stay, and this file lists those that were sent.
    ReadOnly { record: PathBuf },
}

/// When two files are the same message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileIdentity {
    /// If their relative paths are the same: a name is never used again.
    #[default]
    Path,
    /// If also their modification times are: a name may come again with another content.
    PathAndTime,
}

/// What became of one file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileFate {
    /// Its message is confirmed, and it was moved or recorded.
    Sent,
    /// It was there when the directory was read, and then no more.
    Vanished,
    /// It could not be read; it stays.
    Unreadable(io::Error),
    /// It is larger than the source takes; it stays.
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// Its message is confirmed, but the file could not be moved or recorded.
    NotMoved(io::Error),
}

impl Display for FileFate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent => f.write_str("sent"),
            Self::Vanished => f.write_str("vanished"),
            Self::Unreadable(error) => write!(f, "not readable: {error}"),
            Self::TooLarge { bytes } => write!(f, "too large: {bytes} bytes"),
            Self::NotMoved(error) => write!(f, "sent, but not moved: {error}"),
        }
    }
}

/// One step forward.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileEvent<'a> {
    /// The file, relative to the directory.
    pub path: &'a Path,
    /// What became of it.
    pub fate: &'a FileFate,
    /// How many files are done, this one included.
    pub done: usize,
    /// How many files are known.
    pub known: usize,
}

/// How reading a directory went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSummary {
    /// Files sent now.
    pub sent: usize,
    /// Files that were sent before, by the record.
    pub sent_before: usize,
    /// Files that vanished, or stay because they cannot be read or are too large.
    pub left: usize,
}

/// Reading a directory had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The directory cannot be listed or made.
    #[error("cannot read directory {}", path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The record of what was sent cannot be opened or written.
    #[error("cannot use the record {}", path.display())]
    Record {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file's message could not be published; the file stays.
    #[error("cannot publish {}", path.display())]
    Publish {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: PublishError,
    },
}

impl FileSource {
    /// Reads this directory, to the default exchange until told otherwise.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            exchange: String::new(),
            routing_key: String::new(),
            content_type: None,
            identity: FileIdentity::Path,
            size_max: SIZE_MAX_DEFAULT,
            window: WINDOW_DEFAULT,
            every: Duration::from_secs(1),
            place: Place::NewToCur,
        }
    }

    /// Publishes to this exchange with this routing key.
    #[must_use]
    pub fn to(mut self, exchange: impl Into<String>, routing_key: impl Into<String>) -> Self {
        self.exchange = exchange.into();
        self.routing_key = routing_key.into();
        self
    }

    /// The messages' content type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// What makes two files the same message.
    #[must_use]
    pub fn identity(mut self, identity: FileIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// Larger files are reported and left; 16 MiB unless told otherwise.
    #[must_use]
    pub fn size_max(mut self, bytes: u64) -> Self {
        self.size_max = bytes;
        self
    }

    /// How many files are read and on their way at a time; at least one.
    #[must_use]
    pub fn window(mut self, files: usize) -> Self {
        self.window = files.max(1);
        self
    }

    /// How long to wait before looking again; one second unless told otherwise.
    #[must_use]
    pub fn every(mut self, pause: Duration) -> Self {
        self.every = pause;
        self
    }

    /// Reads the directory itself instead of its `new/`, and changes nothing in it: what was sent
    /// is listed in the file `record`, so that a restart goes on where this one ended.
    #[must_use]
    pub fn read_only(mut self, record: impl Into<PathBuf>) -> Self {
        self.place = Place::ReadOnly { record: record.into() };
        self
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where its files wait.
    pub(super) fn incoming(&self) -> PathBuf {
        match self.place {
            Place::NewToCur => self.directory.join("new"),
            Place::ReadOnly { .. } => self.directory.clone(),
        }
    }

    pub(super) fn message(&self, path: &Path, file: FileContent) -> Publish {
        let name = path_text(path);
        let id = match self.identity {
            FileIdentity::Path => derived_message_id(&["file", &name]),
            FileIdentity::PathAndTime => {
                derived_message_id(&["file", &name, &file.modified_nanos.to_string()])
            }
        };
        let publish = Publish::new(self.exchange.as_str(), self.routing_key.as_str())
            .bytes(file.body)
            .message_id(id.to_string_lossy())
            .header(FILE_NAME_HEADER, name.as_ref());
        match &self.content_type {
            Some(content_type) => publish.content_type(content_type.as_str()),
            None => publish,
        }
    }
}

/// A file that was read whole.
#[derive(Debug)]
pub(super) struct FileContent {
    pub(super) body: Vec<u8>,
    pub(super) modified_nanos: u128,
}
