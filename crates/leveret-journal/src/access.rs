//! The disk, with errors that name the deed and the file.

use std::io;

use crate::{
    disk::{Disk, Entry, FileId},
    error::{Deed, Failure},
};

/// A disk whose every refusal becomes a [`Failure`].
#[derive(Debug)]
pub(crate) struct Access<D>(pub(crate) D);

/// An open file and the name it has.
#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(crate) id: FileId,
    pub(crate) name: String,
}

impl<D: Disk> Access<D> {
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path(name)
    }

    pub(crate) fn list(&mut self) -> Result<Vec<Entry>, Failure> {
        let answer = self.0.list();
        self.name(answer, Deed::List, "")
    }

    pub(crate) fn create(&mut self, name: String) -> Result<OpenFile, Failure> {
        let answer = self.0.create(&name);
        self.name(answer, Deed::Create, &name).map(|id| OpenFile { id, name })
    }

    pub(crate) fn open(&mut self, name: String) -> Result<OpenFile, Failure> {
        let answer = self.0.open(&name);
        self.name(answer, Deed::Open, &name).map(|id| OpenFile { id, name })
    }

    pub(crate) fn close(&mut self, file: &OpenFile) {
        self.0.close(file.id);
    }

    /// The bytes of a file from an offset on, so many or up to its end.
    pub(crate) fn read(
        &mut self,
        file: &OpenFile,
        offset: u64,
        bytes: u64,
    ) -> Result<Vec<u8>, Failure> {
        let mut buffer = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
        let answer = self.0.read_at(file.id, offset, &mut buffer);
        let read = self.name(answer, Deed::Read, &file.name)?;
        buffer.truncate(read);
        Ok(buffer)
    }

    pub(crate) fn write(
        &mut self,
        file: &OpenFile,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let answer = self.0.write_at(file.id, offset, bytes);
        self.name(answer, Deed::Write, &file.name)
    }

    pub(crate) fn sync(&mut self, file: &OpenFile) -> Result<(), Failure> {
        let answer = self.0.sync_data(file.id);
        self.name(answer, Deed::Sync, &file.name)
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), Failure> {
        let answer = self.0.rename(from, to);
        self.name(answer, Deed::Rename, from)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Result<(), Failure> {
        let answer = self.0.remove(name);
        self.name(answer, Deed::Remove, name)
    }

    pub(crate) fn sync_dir(&mut self) -> Result<(), Failure> {
        let answer = self.0.sync_dir();
        self.name(answer, Deed::SyncDirectory, "")
    }

    fn name<T>(&self, answer: io::Result<T>, deed: Deed, name: &str) -> Result<T, Failure> {
        answer.map_err(|source| Failure::new(deed, self.0.path(name), source))
    }
}
