//! The bytes on the disk; `docs/journal-format.md` explains them one by one.
//!
//! Knows no files. Every number is little-endian.

mod fields;
mod frame;
mod header;
mod name;
mod record;
mod seed;

use std::fmt;

pub(crate) use fields::Fields;
pub(crate) use frame::{FRAME_HEADER_BYTES, FrameHeader, frame_bytes};
pub(crate) use header::{HeaderFlaw, SegmentHeader};
pub(crate) use name::{FileName, segment_name, spare_name};
pub(crate) use record::{RECORD_BYTES_MAX, RECORD_HEADER_BYTES, RecordHeader};
pub(crate) use seed::{Salts, Seed, mix};

/// The newest format that is read, and the one that is written.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// A header has a block of its own, so that appending never rewrites the sector it lies in.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 4096;
/// No segment is longer.
pub(crate) const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// Frames begin at multiples of this.
pub(crate) const FRAME_ALIGNMENT: usize = 8;

/// The number of a segment; the first is 1, and none is given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNumber(pub u64);

impl SegmentNumber {
    pub(crate) const FIRST: Self = Self(1);

    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for SegmentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many bytes of frames stand before a point of the log, from its very beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Position(pub(crate) u64);

impl Position {
    pub(crate) fn plus(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }

    pub(crate) fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Counts the opens that wrote something; a later writer's frames outrank an earlier one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Epoch(pub(crate) u32);
