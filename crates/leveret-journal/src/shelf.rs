//! Files on their way to and from being segments.
//!
//! Keeps true: a file bears a segment's name only after its header was durable, and a spare is written to
//! only after the renaming that made it a spare was durable.

use crate::{
    access::{Access, OpenFile},
    disk::Disk,
    error::Failure,
    format::{SEGMENT_HEADER_BYTES, SegmentHeader, SegmentNumber, segment_name, spare_name},
    options::Options,
};

/// The spare files of a journal.
#[derive(Debug)]
pub(crate) struct Shelf {
    spares: Vec<Spare>,
    spares_max: usize,
    preallocate_bytes: u64,
    /// Greater than the number of any spare so far.
    next: u64,
}

/// A file that is no segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spare {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
}

impl Shelf {
    /// Takes over the spares that were found, and removes those beyond the bound.
    pub(crate) fn new<D: Disk>(
        disk: &mut Access<D>,
        mut spares: Vec<Spare>,
        options: &Options,
    ) -> Result<Self, Failure> {
        let next = spares.iter().map(|spare| spare.number.saturating_add(1)).max().unwrap_or(1);
        for spare in spares.drain(options.spares_max.min(spares.len())..) {
            disk.remove(&spare_name(spare.number))?;
        }
        let spares_max = options.spares_max;
        let room = options.segment_bytes.saturating_sub(SEGMENT_HEADER_BYTES);
        let preallocate_bytes = options.preallocate_bytes.min(room);
        Ok(Self { spares, spares_max, preallocate_bytes, next })
    }

    /// Makes a segment; it is durable, name and all, when this returns. Tells how long the file is.
    pub(crate) fn make<D: Disk>(
        &mut self,
        disk: &mut Access<D>,
        header: impl FnOnce(Recycled) -> SegmentHeader,
    ) -> Result<(SegmentHeader, OpenFile, u64), Failure> {
        let spare = self.spares.pop();
        let header = header(if spare.is_some() { Recycled::Yes } else { Recycled::No });
        let mut block = header.encode();
        let (mut file, bytes) = if let Some(spare) = spare {
            (disk.open(spare_name(spare.number))?, spare.bytes.max(SEGMENT_HEADER_BYTES))
        } else {
            let ahead = usize::try_from(self.preallocate_bytes).unwrap_or(0);
            block.resize(block.len().saturating_add(ahead), 0);
            (disk.create(spare_name(self.number()))?, block.len() as u64)
        };
        disk.write(&file, 0, &block)?;
        disk.sync(&file)?;
        let name = segment_name(header.number);
        disk.rename(&file.name, &name)?;
        disk.sync_dir()?;
        file.name = name;
        Ok((header, file, bytes))
    }

    /// Takes a segment that holds nothing of worth any more. The caller syncs the directory.
    pub(crate) fn retire<D: Disk>(
        &mut self,
        disk: &mut Access<D>,
        segment: SegmentNumber,
        bytes: u64,
    ) -> Result<(), Failure> {
        let name = segment_name(segment);
        if self.spares.len() >= self.spares_max {
            return disk.remove(&name);
        }
        let number = self.number();
        disk.rename(&name, &spare_name(number))?;
        self.spares.push(Spare { number, bytes });
        Ok(())
    }

    fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = number.saturating_add(1);
        number
    }
}

/// Whether a new segment's file was a segment before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recycled {
    Yes,
    No,
}
