//! Pages as files of one flat directory.

use std::io;

use leveret_journal::{Disk, FileId};

use super::key::PageKey;

/// How much is read at a time; a page is seldom longer than two of it.
const READ_BYTES: usize = 1 << 20;

/// A directory of pages.
#[derive(Debug)]
pub(super) struct Shelf<D> {
    disk: D,
}

impl<D: Disk> Shelf<D> {
    pub(super) const fn new(disk: D) -> Self {
        Self { disk }
    }

    /// The directory, as failures call it.
    pub(super) fn place(&self) -> String {
        self.disk.path("")
    }

    /// A file as a person would look for it.
    pub(super) fn path(&self, file: &str) -> String {
        self.disk.path(file)
    }

    /// All pages there are.
    pub(super) fn list(&mut self) -> io::Result<Vec<PageKey>> {
        let entries = self.disk.list()?;
        Ok(entries.iter().filter_map(|entry| PageKey::of_file(&entry.name)).collect())
    }

    /// Writes a new page; the file is still open.
    pub(super) fn write(&mut self, key: PageKey, content: &[u8]) -> io::Result<FileId> {
        let file = self.disk.create(&key.file())?;
        self.disk.write_at(file, 0, content)?;
        Ok(file)
    }

    pub(super) fn sync(&mut self, file: FileId) -> io::Result<()> {
        self.disk.sync_data(file)
    }

    pub(super) fn sync_names(&mut self) -> io::Result<()> {
        self.disk.sync_dir()
    }

    pub(super) fn close(&mut self, file: FileId) {
        self.disk.close(file);
    }

    pub(super) fn read(&mut self, key: PageKey) -> io::Result<Vec<u8>> {
        let file = self.disk.open(&key.file())?;
        let content = self.read_all(file);
        self.disk.close(file);
        content
    }

    fn read_all(&mut self, file: FileId) -> io::Result<Vec<u8>> {
        let mut content = Vec::with_capacity(3 * READ_BYTES);
        loop {
            let start = content.len();
            content.resize(start + READ_BYTES, 0);
            let room = content.get_mut(start..).unwrap_or_default();
            let read = self.disk.read_at(file, start as u64, room)?;
            content.truncate(start + read);
            if read < READ_BYTES {
                return Ok(content);
            }
        }
    }

    /// Puts another form of a page in its place; a crash leaves one of them. What could not be put
    /// there is removed again.
    pub(super) fn replace(&mut self, key: PageKey, content: &[u8]) -> io::Result<()> {
        let aside = key.aside();
        let replaced = self.write_durable(&aside, content);
        let replaced = replaced.and_then(|()| self.disk.replace(&aside, &key.file()));
        if replaced.is_err() {
            // It may not be there; the next start removes it if this cannot.
            self.disk.remove(&aside).ok();
        }
        replaced
    }

    fn write_durable(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let file = self.disk.create(name)?;
        let written = self.disk.write_at(file, 0, content).and_then(|()| self.disk.sync_data(file));
        self.disk.close(file);
        written
    }

    /// Removes what was to take the place of pages when an earlier life ended.
    pub(super) fn remove_asides(&mut self) -> io::Result<()> {
        for entry in self.disk.list()?.iter().filter(|entry| PageKey::is_aside(&entry.name)) {
            self.disk.remove(&entry.name)?;
        }
        Ok(())
    }

    /// Removes a page, if it is there.
    pub(super) fn remove(&mut self, key: PageKey) -> io::Result<()> {
        match self.disk.remove(&key.file()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}
