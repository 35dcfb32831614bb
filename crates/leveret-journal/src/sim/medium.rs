//! What is on the simulated disk, and what is on its way there.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::chance::Chance;
use crate::disk::{Entry, FileId};

/// The unit in which a disk writes: whole or not at all.
const SECTOR_BYTES: usize = 512;

/// A directory and its files, twice: as seen now, and as a power loss would leave it.
#[derive(Clone, Debug, Default)]
pub(super) struct Medium {
    files: BTreeMap<FileId, Content>,
    names: BTreeMap<String, FileId>,
    durable_names: BTreeMap<String, FileId>,
    renames: Vec<DirectoryChange>,
    created: u64,
}

#[derive(Clone, Debug, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Write>,
}

#[derive(Clone, Debug)]
struct Write {
    offset: usize,
    bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
enum DirectoryChange {
    Create { name: String, file: FileId },
    Rename { from: String, to: String, file: FileId },
    Remove { name: String },
}

impl Medium {
    pub(super) fn entries(&self) -> Vec<Entry> {
        let bytes = |file| self.files.get(file).map_or(0, |content| content.seen.len() as u64);
        let entry = |(name, file): (&String, _)| Entry { name: name.clone(), bytes: bytes(file) };
        self.names.iter().map(entry).collect()
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        Some(&self.files.get(self.names.get(name)?)?.seen)
    }

    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) {
        let file = self.new_file(Content {
            seen: bytes.to_vec(),
            durable: bytes.to_vec(),
            pending: Vec::new(),
        });
        self.names.insert(name.to_owned(), file);
        self.durable_names.insert(name.to_owned(), file);
    }

    pub(super) fn take(&mut self, name: &str) {
        self.names.remove(name);
        self.durable_names.remove(name);
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<FileId> {
        if self.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = self.new_file(Content::default());
        self.names.insert(name.to_owned(), file);
        self.renames.push(DirectoryChange::Create { name: name.to_owned(), file });
        Ok(file)
    }

    pub(super) fn open(&self, name: &str) -> io::Result<FileId> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn read_at(
        &self,
        file: FileId,
        offset: u64,
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        let seen = &self.files.get(&file).ok_or(io::ErrorKind::NotFound)?.seen;
        let bytes = seen.get(index(offset)..).unwrap_or_default();
        let read = bytes.len().min(buffer.len());
        if let (Some(slot), Some(bytes)) = (buffer.get_mut(..read), bytes.get(..read)) {
            slot.copy_from_slice(bytes);
        }
        Ok(read)
    }

    pub(super) fn write_at(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let content = self.files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
        let offset = index(offset);
        overwrite(&mut content.seen, offset, bytes);
        content.pending.push(Write { offset, bytes: bytes.to_vec() });
        Ok(())
    }

    pub(super) fn sync_data(&mut self, file: FileId) -> io::Result<()> {
        let content = self.files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
        for write in content.pending.drain(..) {
            overwrite(&mut content.durable, write.offset, &write.bytes);
        }
        Ok(())
    }

    /// A failed sync: chance decides what got through, and the rest will never be tried again.
    pub(super) fn fail_sync(&mut self, file: FileId, seed: u64) {
        if let Some(content) = self.files.get_mut(&file) {
            content.durable = content.image(Keep::Some(40), &mut Chance::new(seed));
            content.pending.clear();
        }
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        if self.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.replace(from, to)
    }

    pub(super) fn replace(&mut self, from: &str, to: &str) -> io::Result<()> {
        let file = self.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.names.insert(to.to_owned(), file);
        let (from, to) = (from.to_owned(), to.to_owned());
        self.renames.push(DirectoryChange::Rename { from, to, file });
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        self.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        self.renames.push(DirectoryChange::Remove { name: name.to_owned() });
        Ok(())
    }

    pub(super) fn sync_dir(&mut self) {
        self.durable_names.clone_from(&self.names);
        self.renames.clear();
    }

    pub(super) fn crash(&mut self, seed: u64) {
        let mut chance = Chance::new(seed);
        let keep = match seed {
            0 => Keep::Nothing,
            1 => Keep::All,
            _ => Keep::Some(chance.below(101)),
        };
        for change in std::mem::take(&mut self.renames) {
            if keep.chooses(&mut chance) {
                change.apply(&mut self.durable_names);
            }
        }
        self.names.clone_from(&self.durable_names);
        self.files.retain(|file, _| self.durable_names.values().any(|named| named == file));
        for content in self.files.values_mut() {
            content.durable = content.image(keep, &mut chance);
            content.seen.clone_from(&content.durable);
            content.pending.clear();
        }
    }

    fn new_file(&mut self, content: Content) -> FileId {
        self.created += 1;
        let file = FileId(self.created);
        self.files.insert(file, content);
        file
    }
}

/// How much of what was not synced a crash keeps.
#[derive(Clone, Copy, Debug)]
enum Keep {
    Nothing,
    All,
    /// Each piece so many times in a hundred.
    Some(u64),
}

impl Keep {
    fn chooses(self, chance: &mut Chance) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Some(percent) => chance.percent(percent),
        }
    }
}

impl Content {
    /// What a power loss leaves of the file.
    ///
    /// The system writes pages when it likes: each sector holds what it held at some moment since the sync,
    /// or, where it was being written, the changed bytes hold anything.
    fn image(&self, keep: Keep, chance: &mut Chance) -> Vec<u8> {
        let mut image = self.durable.clone();
        let mut settled = BTreeSet::new();
        for write in &self.pending {
            for (start, piece) in sectors(write) {
                let sector = start / SECTOR_BYTES;
                if settled.contains(&sector) {
                    continue;
                }
                if keep.chooses(chance) {
                    overwrite(&mut image, start, piece);
                    continue;
                }
                settled.insert(sector);
                if matches!(keep, Keep::Some(_)) && chance.percent(5) {
                    let noise: Vec<u8> = garble(&image, start, piece, chance);
                    overwrite(&mut image, start, &noise);
                }
            }
        }
        image
    }
}

impl DirectoryChange {
    fn apply(self, names: &mut BTreeMap<String, FileId>) {
        match self {
            Self::Create { name, file } => {
                names.insert(name, file);
            }
            Self::Rename { from, to, file } => {
                if names.get(&from) == Some(&file) {
                    names.remove(&from);
                }
                names.insert(to, file);
            }
            Self::Remove { name } => {
                names.remove(&name);
            }
        }
    }
}

/// A write, cut where sectors begin.
fn sectors(write: &Write) -> impl Iterator<Item = (usize, &[u8])> {
    let first = (SECTOR_BYTES - write.offset % SECTOR_BYTES).min(write.bytes.len());
    let (head, rest) = write.bytes.split_at(first);
    let pieces = std::iter::once(head).chain(rest.chunks(SECTOR_BYTES));
    pieces.scan(write.offset, |offset, piece| {
        let start = *offset;
        *offset += piece.len();
        Some((start, piece))
    })
}

/// Noise in place of the bytes that a write would have changed.
fn garble(image: &[u8], start: usize, piece: &[u8], chance: &mut Chance) -> Vec<u8> {
    let old = image.get(start..).unwrap_or_default().iter().copied().chain(std::iter::repeat(0));
    let noise = |(old, new): (u8, &u8)| {
        let noise = u8::try_from(chance.below(256)).unwrap_or_default();
        if old == *new { old } else { noise }
    };
    old.zip(piece).map(noise).collect()
}

fn overwrite(bytes: &mut Vec<u8>, offset: usize, new: &[u8]) {
    let end = offset.saturating_add(new.len());
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(slot) = bytes.get_mut(offset..end) {
        slot.copy_from_slice(new);
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
