//! The disk of the machine. No other file of the crate opens files.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use super::{Disk, Entry, FileId};

/// A directory of the machine's file system.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
    files: HashMap<FileId, File>,
    opened: u64,
}

impl RealDisk {
    /// The directory must exist by the time the journal is opened; nothing is touched before.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), files: HashMap::new(), opened: 0 }
    }

    fn keep(&mut self, file: File) -> FileId {
        self.opened += 1;
        let id = FileId(self.opened);
        self.files.insert(id, file);
        id
    }

    fn file(&self, id: FileId) -> io::Result<&File> {
        self.files.get(&id).ok_or_else(|| io::Error::other("the file is not open"))
    }
}

impl Disk for RealDisk {
    fn path(&self, name: &str) -> String {
        let path = if name.is_empty() { self.directory.clone() } else { self.directory.join(name) };
        path.display().to_string()
    }

    fn list(&mut self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry { name, bytes: entry.metadata()?.len() });
            }
        }
        Ok(entries)
    }

    fn create(&mut self, name: &str) -> io::Result<FileId> {
        let path = self.directory.join(name);
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        Ok(self.keep(file))
    }

    fn open(&mut self, name: &str) -> io::Result<FileId> {
        let path = self.directory.join(name);
        // A link could lead two names to one file, or out of the directory whose renames we sync.
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(self.keep(file))
    }

    fn close(&mut self, file: FileId) {
        self.files.remove(&file);
    }

    fn read_at(&mut self, file: FileId, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let file = self.file(file)?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file(file)?.write_all_at(bytes, offset)
    }

    fn sync_data(&mut self, file: FileId) -> io::Result<()> {
        self.file(file)?.sync_data()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let to = self.directory.join(to);
        if to.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(self.directory.join(from), to)
    }

    fn replace(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.directory.join(name))
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}
