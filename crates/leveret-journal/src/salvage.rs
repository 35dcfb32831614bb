//! Reading what is left of a damaged log.
//!
//! Writes nothing. [`crate::Journal::open`] refuses a log that is not whole, because what follows
//! a damaged place may say that things before it were settled. Salvage gives all records that can
//! still be read, and names each place where some cannot.

use std::collections::BTreeMap;

use crate::{
    access::Access,
    assembly::{Assembly, Obstacle},
    disk::Disk,
    error::{Flaw, OpenError, Refusal},
    format::{FileName, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentNumber, segment_name},
    recovery::read_segment,
    scan::Frames,
    segment::SegmentInfo,
    stream::{Seq, StreamId},
};

/// What was saved, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// Records that were visited.
    pub records: u64,
    /// Segments that were read.
    pub segments: usize,
    /// Places where something was durable and is not readable any more, in order.
    pub losses: Vec<Loss>,
}

/// A damaged place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The file, with its directory.
    pub file: String,
    /// Where the damage begins.
    pub offset: u64,
    /// How many bytes were passed over; 0 if that cannot be told.
    pub bytes: u64,
    /// What is wrong there.
    pub flaw: Flaw,
}

/// Reads all records of a journal that nobody has open and that may be damaged.
///
/// Records come in the order of their writing, with gaps. What was never durable as a whole is
/// left out, as by [`crate::Journal::open`], and is no loss. Fails only if the directory cannot be
/// listed, if a later release wrote it, or if the visitor refuses a record.
pub fn salvage(
    disk: impl Disk,
    visit: impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
) -> Result<Salvaged, OpenError> {
    let mut access = Access(disk);
    let mut ruin = Ruin { losses: Vec::new(), segments: BTreeMap::new() };
    ruin.survey(&mut access)?;
    ruin.read(&mut access, visit)
}

/// What stands of the log.
struct Ruin {
    losses: Vec<Loss>,
    /// Each segment's header, as far as it is readable, and the file's length.
    segments: BTreeMap<SegmentNumber, (Option<SegmentHeader>, u64)>,
}

impl Ruin {
    /// Finds the segments and what is wrong with their names and headers.
    fn survey<D: Disk>(&mut self, disk: &mut Access<D>) -> Result<(), OpenError> {
        for entry in disk.list()? {
            match FileName::parse(&entry.name) {
                FileName::Segment(number) => {
                    let header = self.open(disk, number, entry.bytes)?.map(|(header, _)| header);
                    self.segments.insert(number, (header, entry.bytes));
                }
                FileName::Suspect => self.lose(disk.path(&entry.name), 0, entry.bytes, Flaw::Name),
                FileName::Spare(_) | FileName::Other => {}
            }
        }
        Ok(())
    }

    fn read<D: Disk>(
        mut self,
        disk: &mut Access<D>,
        mut visit: impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
    ) -> Result<Salvaged, OpenError> {
        // What was dropped is older than the oldest that any header or frame knows of.
        let mut oldest = self.oldest_by_headers();
        if let Some((number, header, bytes)) = self.last_readable(disk)? {
            let mut frames = Frames::new(&header, &bytes);
            while frames.next().is_some() || frames.resume().is_some() {}
            oldest = oldest.max(frames.reached().oldest).min(number);
        }
        let numbers: Vec<SegmentNumber> =
            self.segments.range(oldest..).map(|(number, _)| *number).collect();
        let mut assembly = Assembly::new(oldest > SegmentNumber::FIRST);
        let mut expected = oldest;
        for number in &numbers {
            if *number != expected {
                self.lose(disk.path(&segment_name(expected)), 0, 0, Flaw::Missing);
                assembly.give_up();
            }
            expected = number.next();
            self.read_one(disk, *number, &mut assembly, &mut visit)?;
        }
        let (records, segments) = (assembly.records(), numbers.len());
        self.losses.sort_by(|one, other| (&one.file, one.offset).cmp(&(&other.file, other.offset)));
        self.losses.dedup();
        Ok(Salvaged { records, segments, losses: self.losses })
    }

    fn oldest_by_headers(&self) -> SegmentNumber {
        let headers = self.segments.values().filter_map(|(header, _)| header.as_ref());
        let first = self.segments.keys().next().copied().unwrap_or(SegmentNumber::FIRST);
        headers.map(|header| header.oldest).max().unwrap_or(first)
    }

    fn last_readable<D: Disk>(
        &mut self,
        disk: &mut Access<D>,
    ) -> Result<Option<(SegmentNumber, SegmentHeader, Vec<u8>)>, OpenError> {
        let last = self.segments.iter().rev().find(|(_, (header, _))| header.is_some());
        let Some((number, bytes)) = last.map(|(number, (_, bytes))| (*number, *bytes)) else {
            return Ok(None);
        };
        Ok(self.open(disk, number, bytes)?.map(|(header, bytes)| (number, header, bytes)))
    }

    /// Reads a segment; what stands in the way of that is noted.
    fn open<D: Disk>(
        &mut self,
        disk: &mut Access<D>,
        number: SegmentNumber,
        bytes: u64,
    ) -> Result<Option<(SegmentHeader, Vec<u8>)>, OpenError> {
        match read_segment(disk, number, bytes) {
            Ok(read) => Ok(Some(read)),
            Err(OpenError::Damage { file, offset, flaw }) => {
                self.lose(file, offset, bytes, flaw);
                Ok(None)
            }
            Err(OpenError::Failed(failure)) => {
                self.lose(failure.file, 0, bytes, Flaw::Unreadable);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Visits what can be read of one segment.
    fn read_one<D: Disk>(
        &mut self,
        disk: &mut Access<D>,
        number: SegmentNumber,
        assembly: &mut Assembly,
        visit: &mut impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
    ) -> Result<(), OpenError> {
        let file = disk.path(&segment_name(number));
        let length = self.segments.get(&number).map_or(0, |(_, bytes)| *bytes);
        let Some((header, bytes)) = self.open(disk, number, length)? else {
            assembly.give_up();
            return Ok(());
        };
        let bytes = self.within(&header, &bytes);
        let mut frames = Frames::new(&header, bytes);
        let mut info = SegmentInfo::new(number, SEGMENT_HEADER_BYTES);
        loop {
            let offset = frames.offset();
            if let Some(frame) = frames.next() {
                match assembly.take((&header, &mut info), frame, visit) {
                    Ok(()) => {}
                    Err(Obstacle::Flaw(flaw)) => {
                        self.lose(file.clone(), offset, frames.offset() - offset, flaw);
                        assembly.give_up();
                    }
                    Err(Obstacle::Refusal { reason, .. }) => {
                        return Err(OpenError::Refused { file, offset, source: reason });
                    }
                }
            } else if let Some(passed) = frames.resume() {
                self.lose(file.clone(), offset, passed, Flaw::Frame);
                assembly.give_up();
            } else {
                let end = header.position(SEGMENT_HEADER_BYTES + bytes.len() as u64);
                if let Some(flaw) = self.flaw_at_end(&header, &frames) {
                    let lost = end.bytes_since(header.position(offset));
                    self.lose(file, offset, lost, flaw);
                    assembly.give_up();
                }
                return Ok(());
            }
        }
    }

    /// The segment's bytes up to where the next one takes over, as far as that is known.
    fn within<'a>(&self, header: &SegmentHeader, bytes: &'a [u8]) -> &'a [u8] {
        let next = self.segments.get(&header.number.next()).and_then(|(next, _)| next.as_ref());
        let Some(next) = next else { return bytes };
        let length = usize::try_from(next.base.bytes_since(header.base)).unwrap_or(usize::MAX);
        bytes.get(..length).unwrap_or(bytes)
    }

    /// What is missing at the end of a segment; the torn end of the last one is no loss.
    fn flaw_at_end(&self, header: &SegmentHeader, frames: &Frames<'_>) -> Option<Flaw> {
        if self.segments.keys().next_back() == Some(&header.number) {
            return frames.tail().err();
        }
        let next = self.segments.get(&header.number.next()).and_then(|(next, _)| next.as_ref());
        // Where the next segment begins is not known if its header is gone.
        let next = next?;
        (next.base > header.position(frames.offset())).then_some(Flaw::Frame)
    }

    fn lose(&mut self, file: String, offset: u64, bytes: u64, flaw: Flaw) {
        self.losses.push(Loss { file, offset, bytes, flaw });
    }
}
