//! The frame: what one write adds to the log, under one checksum.

use super::{Epoch, FRAME_ALIGNMENT, Fields, Position, Seed, SegmentNumber};

pub(crate) const FRAME_HEADER_BYTES: usize = 40;
const MAGIC: [u8; 4] = *b"LVRF";

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Length of the payload, without the padding behind it.
    pub(crate) payload_bytes: u32,
    /// Checksum of payload and padding.
    pub(crate) payload_crc: u32,
    pub(crate) epoch: Epoch,
    /// How many bytes at the start of the payload continue a record of earlier frames.
    pub(crate) carry: u32,
    /// All before this was durable when the frame was written.
    pub(crate) watermark: Position,
    /// The oldest segment that was still needed when the frame was written.
    pub(crate) oldest: SegmentNumber,
}

impl FrameHeader {
    pub(crate) fn encode(&self, seed: Seed) -> [u8; FRAME_HEADER_BYTES] {
        let fields = self.fields();
        let mut bytes = [0; FRAME_HEADER_BYTES];
        let parts = MAGIC.into_iter().chain(seed.checksum(&fields).to_le_bytes()).chain(fields);
        for (slot, byte) in bytes.iter_mut().zip(parts) {
            *slot = byte;
        }
        bytes
    }

    /// The header at the start of the bytes, if one was written for this very place.
    pub(crate) fn decode(bytes: &[u8], seed: Seed) -> Option<Self> {
        let bytes = bytes.strip_prefix(&MAGIC)?;
        let (crc, bytes) = bytes.split_first_chunk()?;
        let fields = bytes.get(..FRAME_HEADER_BYTES - 8)?;
        if seed.checksum(fields) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut fields = Fields(fields);
        Some(Self {
            payload_bytes: fields.u32()?,
            payload_crc: fields.u32()?,
            epoch: Epoch(fields.u32()?),
            carry: fields.u32()?,
            watermark: Position(fields.u64()?),
            oldest: SegmentNumber(fields.u64()?),
        })
    }

    /// Bytes of the whole frame.
    pub(crate) fn frame_bytes(&self) -> usize {
        frame_bytes(usize::try_from(self.payload_bytes).unwrap_or(usize::MAX))
    }

    fn fields(&self) -> [u8; FRAME_HEADER_BYTES - 8] {
        let mut fields = [0; FRAME_HEADER_BYTES - 8];
        let parts = (self.payload_bytes.to_le_bytes().into_iter())
            .chain(self.payload_crc.to_le_bytes())
            .chain(self.epoch.0.to_le_bytes())
            .chain(self.carry.to_le_bytes())
            .chain(self.watermark.0.to_le_bytes())
            .chain(self.oldest.0.to_le_bytes());
        for (slot, byte) in fields.iter_mut().zip(parts) {
            *slot = byte;
        }
        fields
    }
}

/// Bytes of a frame with so much payload, padding included.
pub(crate) fn frame_bytes(payload_bytes: usize) -> usize {
    let bytes = payload_bytes.saturating_add(FRAME_HEADER_BYTES);
    bytes.checked_next_multiple_of(FRAME_ALIGNMENT).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_holds_only_where_it_was_written() {
        let header = FrameHeader {
            payload_bytes: 5,
            payload_crc: 6,
            epoch: Epoch(7),
            carry: 1,
            watermark: Position(800),
            oldest: SegmentNumber(9),
        };
        let seed = Seed { salt: 1, position: Position(4096) };
        let bytes = header.encode(seed);
        assert_eq!(FrameHeader::decode(&bytes, seed), Some(header));
        assert_eq!(FrameHeader::decode(&bytes, Seed { salt: 2, ..seed }), None);
        assert_eq!(FrameHeader::decode(&bytes, Seed { position: Position(4104), ..seed }), None);
        assert_eq!(FrameHeader::decode(&bytes[..39], seed), None);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(FrameHeader::decode(&flipped, seed), None, "bit {bit}");
        }
    }
}
