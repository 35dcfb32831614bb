//! Reading pages only to see whether they are whole.

use std::io;

use bytes::Bytes;
use leveret_engine::check_page;
use leveret_journal::Disk;

use super::{key::PageKey, shelf::Shelf};

/// Reads the directory of pages beside the threads that own it, and changes nothing.
#[derive(Debug)]
pub(crate) struct PageCheck<D> {
    shelf: Shelf<D>,
}

/// A page that was read.
#[derive(Debug)]
pub(crate) struct CheckedPage {
    pub(crate) bytes: u64,
    /// Where it is damaged, and how.
    pub(crate) damage: Option<(u64, &'static str)>,
}

impl<D: Disk> PageCheck<D> {
    pub(crate) const fn new(disk: D) -> Self {
        Self { shelf: Shelf::new(disk) }
    }

    /// The file as a person would look for it.
    pub(crate) fn path(&self, file: &str) -> String {
        self.shelf.path(file)
    }

    /// Reads a page; nothing if it is no page, or was dropped meanwhile.
    pub(crate) fn check(&mut self, file: &str) -> io::Result<Option<CheckedPage>> {
        let Some(key) = PageKey::of_file(file) else { return Ok(None) };
        let content = match self.shelf.read(key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            content => Bytes::from(content?),
        };
        let bytes = content.len() as u64;
        let damage = check_page(key.page, content);
        let damage = damage.map(|(offset, problem)| (offset as u64, problem));
        Ok(Some(CheckedPage { bytes, damage }))
    }
}
