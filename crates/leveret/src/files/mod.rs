//! The files bridge: files become messages, and messages become files.
//!
//! [`FileSource`] reads a directory, [`FileSink`] writes one. Bytes pass unchanged. A file is
//! moved from `new/` to `cur/` only when the broker has confirmed its message; a message is
//! acknowledged only when its file is on disk under its final name.

mod folder_syncs;
mod name;
mod reader;
mod record;
mod scan;
mod sink;
mod source;

pub use name::{NamePattern, NamePatternError};
pub use sink::FileSink;
pub use source::{FileEvent, FileFate, FileIdentity, FileSource, FileSummary, ReadError};
