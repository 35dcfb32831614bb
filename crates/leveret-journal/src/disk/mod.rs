//! What the journal asks of a disk: one flat directory of files.
//!
//! Two disks exist: [`RealDisk`], the one place that opens files, and [`crate::SimDisk`], which loses power.

mod real;

use std::io;

pub use real::RealDisk;

/// A file that a [`Disk`] has opened; it stays the same file when that is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u64);

/// A file in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the directory.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A directory of files that can be made durable.
pub trait Disk {
    /// The name of a file as a person would look for it: with its directory. An empty name gives the directory.
    fn path(&self, name: &str) -> String;

    /// All files of the directory, in no order; names that are not UTF-8 are left out.
    fn list(&mut self) -> io::Result<Vec<Entry>>;

    /// Creates an empty file and opens it. Fails if the name is taken.
    fn create(&mut self, name: &str) -> io::Result<FileId>;

    /// Opens a file for reading and writing.
    fn open(&mut self, name: &str) -> io::Result<FileId>;

    /// Forgets an open file.
    fn close(&mut self, file: FileId);

    /// Reads until the buffer or the file ends; tells how many bytes were read.
    fn read_at(&mut self, file: FileId, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all bytes, growing the file where needed. After an error any part of them may have been written.
    fn write_at(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns once the file's bytes, and what is needed to read them, are durable.
    fn sync_data(&mut self, file: FileId) -> io::Result<()>;

    /// Renames a file; the new name must be free.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Renames a file over another, which is gone by that: a crash leaves one of them under the new
    /// name, whole.
    fn replace(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Returns once all creations, renames and removals are durable.
    fn sync_dir(&mut self) -> io::Result<()>;
}
