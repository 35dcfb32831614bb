//! What a journal's owner may choose.

use crate::format::{RECORD_BYTES_MAX, SEGMENT_BYTES_MAX, SEGMENT_HEADER_BYTES};

/// Sizes and bounds of a journal. They may differ from one open to the next.
#[derive(Clone, Debug)]
pub struct Options {
    /// Size at which a segment is full; held between 8 KiB and 1 GiB. 16 MiB by default.
    pub segment_bytes: u64,
    /// Appended bytes kept in memory before they are written without a sync; at least 4 KiB. 256 KiB by default.
    pub buffer_bytes: usize,
    /// Zeros written ahead of the records in a segment that was never full; at least 4 KiB. 1 MiB by default.
    pub preallocate_bytes: u64,
    /// Emptied segment files kept for the next segments; what is beyond is removed. 2 by default.
    pub spares_max: usize,
    /// The longest record that is taken; at most (and by default) 1 GiB less one byte.
    pub record_bytes_max: usize,
    /// Where the salts come from: `None` (the default) draws them at random, a number makes every byte repeatable.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            buffer_bytes: 256 << 10,
            preallocate_bytes: 1 << 20,
            spares_max: 2,
            record_bytes_max: RECORD_BYTES_MAX,
            seed: None,
        }
    }
}

impl Options {
    /// The same, with every number inside its bounds.
    pub(crate) fn bounded(self) -> Self {
        Self {
            segment_bytes: self.segment_bytes.clamp(2 * SEGMENT_HEADER_BYTES, SEGMENT_BYTES_MAX),
            buffer_bytes: self.buffer_bytes.clamp(4 << 10, 64 << 20),
            preallocate_bytes: self.preallocate_bytes.clamp(4 << 10, SEGMENT_BYTES_MAX),
            record_bytes_max: self.record_bytes_max.min(RECORD_BYTES_MAX),
            ..self
        }
    }
}
