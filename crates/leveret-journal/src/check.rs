//! Verifying the segments of a log that is being written to, piece by piece.
//!
//! Reads what its owner says was written, and nothing behind that: what a recycled file still has
//! of its former life is never looked at. Knows no records; checksums alone are verified.

use crate::{
    access::{Access, OpenFile},
    disk::Disk,
    error::{Flaw, OpenError},
    format::{FileName, SEGMENT_HEADER_BYTES, SegmentHeader},
    recovery::{damage, decode_header},
    scan::{Chain, Frames},
};

/// How much is read at a time, unless a frame is longer.
const PIECE_BYTES: u64 = 1 << 20;

/// Reads segments beside the journal that owns them, and changes nothing.
///
/// A segment that was dropped while it was read may be a spare by then, or another segment: what is
/// found in it counts only if [`crate::Journal::segments`] still lists it afterwards.
#[derive(Debug)]
pub struct Checker<D> {
    disk: Access<D>,
    begun: Option<Begun>,
}

/// A segment that is being read.
#[derive(Debug)]
struct Begun {
    file: OpenFile,
    header: SegmentHeader,
    chain: Chain,
    offset: u64,
    end: u64,
}

impl<D: Disk> Checker<D> {
    /// A checker of the journal in that directory.
    pub const fn new(disk: D) -> Self {
        Self { disk: Access(disk), begun: None }
    }

    /// Begins with a segment, of which `bytes` were written, as [`crate::SegmentInfo::bytes`] tells.
    pub fn begin(&mut self, file: &str, bytes: u64) -> Result<(), OpenError> {
        self.end();
        let FileName::Segment(number) = FileName::parse(file) else {
            return Err(damage(&self.disk, file, 0, Flaw::Name));
        };
        let file = self.disk.open(file.to_owned())?;
        let block = self.disk.read(&file, 0, SEGMENT_HEADER_BYTES);
        let header = block
            .map_err(OpenError::from)
            .and_then(|block| decode_header(&self.disk, &file.name, number, &block));
        match header {
            Ok(header) => {
                let (chain, offset) = (Chain::of(&header), SEGMENT_HEADER_BYTES);
                self.begun = Some(Begun { file, header, chain, offset, end: bytes });
                Ok(())
            }
            Err(error) => {
                self.disk.close(&file);
                Err(error)
            }
        }
    }

    /// Verifies the next piece; tells how many bytes it has, 0 if all of the segment is verified.
    pub fn go_on(&mut self) -> Result<u64, OpenError> {
        let verified = match &mut self.begun {
            Some(begun) => begun.piece(&mut self.disk),
            None => Ok(0),
        };
        if !matches!(verified, Ok(1..)) {
            self.end();
        }
        verified
    }

    fn end(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.disk.close(&begun.file);
        }
    }
}

impl Begun {
    fn piece<D: Disk>(&mut self, disk: &mut Access<D>) -> Result<u64, OpenError> {
        let left = self.end.saturating_sub(self.offset);
        if left == 0 {
            return Ok(0);
        }
        let mut bytes = disk.read(&self.file, self.offset, left.min(PIECE_BYTES))?;
        let mut frames = Frames::after(&self.header, (self.offset, self.chain), &bytes);
        if let Some(longer) = frames.next_bytes().filter(|longer| *longer > bytes.len()) {
            bytes = disk.read(&self.file, self.offset, left.min(longer as u64))?;
            frames = Frames::after(&self.header, (self.offset, self.chain), &bytes);
        }
        while frames.next().is_some() {}
        let verified = frames.offset().saturating_sub(self.offset);
        if verified == 0 {
            return Err(damage(disk, &self.file.name, self.offset, Flaw::Frame));
        }
        (self.offset, self.chain) = (frames.offset(), frames.reached());
        Ok(verified)
    }
}
