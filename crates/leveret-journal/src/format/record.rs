//! The header before each record.

use super::Fields;
use crate::stream::{Seq, StreamId};

pub(crate) const RECORD_HEADER_BYTES: usize = 16;
/// No record is longer; half of what the length field could say, so that sums of two cannot overflow it.
pub(crate) const RECORD_BYTES_MAX: usize = (1 << 30) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) bytes: usize,
    pub(crate) stream: StreamId,
    pub(crate) seq: Seq,
}

impl RecordHeader {
    pub(crate) fn encode(self) -> [u8; RECORD_HEADER_BYTES] {
        let bytes = u128::try_from(self.bytes).unwrap_or(u128::MAX) & u128::from(u32::MAX);
        let packed = bytes | u128::from(self.stream.0) << 32 | u128::from(self.seq.0) << 64;
        packed.to_le_bytes()
    }

    /// The header, and what follows it. `None` if there is none, or if it announces too much.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut fields = Fields(bytes);
        let bytes = usize::try_from(fields.u32()?).ok().filter(|b| *b <= RECORD_BYTES_MAX)?;
        let (stream, seq) = (StreamId(fields.u32()?), Seq(fields.u64()?));
        Some((Self { bytes, stream, seq }, fields.0))
    }
}
