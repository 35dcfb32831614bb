//! The header of a segment: who wrote the file, and where it belongs in the log.

use super::{Epoch, FORMAT_VERSION, Fields, Position, SEGMENT_HEADER_BYTES, Seed, SegmentNumber};

const MAGIC: [u8; 8] = *b"LEVERETJ";
const RECYCLED: u32 = 1;
const PREFIX_BYTES: usize = 12;

/// The first block of a segment, durable before the file bears a segment's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Drawn when the journal began; the same in all its segments.
    pub(crate) journal: u64,
    pub(crate) number: SegmentNumber,
    /// The position of the first byte behind the header; all before it was durable.
    pub(crate) base: Position,
    /// The oldest segment that was still needed.
    pub(crate) oldest: SegmentNumber,
    pub(crate) salt: u64,
    pub(crate) epoch: Epoch,
    /// Whether the file held another segment before, whose frames may still stand behind ours.
    pub(crate) recycled: bool,
}

/// Why a block is no header of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFlaw {
    Foreign,
    Checksum,
    Newer { found: u32 },
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(block_bytes());
        bytes.extend(MAGIC);
        bytes.extend(FORMAT_VERSION.to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes.extend(self.journal.to_le_bytes());
        bytes.extend(self.number.0.to_le_bytes());
        bytes.extend(self.base.0.to_le_bytes());
        bytes.extend(self.oldest.0.to_le_bytes());
        bytes.extend(self.salt.to_le_bytes());
        bytes.extend(self.epoch.0.to_le_bytes());
        bytes.extend(if self.recycled { RECYCLED } else { 0 }.to_le_bytes());
        bytes.resize(block_bytes() - 4, 0);
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the first block of a file.
    ///
    /// Magic, version and their checksum stay where they are in all formats, so that a flipped bit is not
    /// mistaken for a newer release.
    pub(crate) fn decode(block: &[u8]) -> Result<Self, HeaderFlaw> {
        if !block.starts_with(&MAGIC) {
            return Err(HeaderFlaw::Foreign);
        }
        let mut fields = Fields(block.get(MAGIC.len()..).unwrap_or_default());
        let found = fields.u32().ok_or(HeaderFlaw::Checksum)?;
        let prefix = block.get(..PREFIX_BYTES).ok_or(HeaderFlaw::Checksum)?;
        if fields.u32() != Some(crc32c::crc32c(prefix)) {
            return Err(HeaderFlaw::Checksum);
        }
        if found > FORMAT_VERSION {
            return Err(HeaderFlaw::Newer { found });
        }
        Self::decode_fields(block, fields).ok_or(HeaderFlaw::Checksum)
    }

    fn decode_fields(block: &[u8], mut fields: Fields<'_>) -> Option<Self> {
        let (covered, crc) = block.get(..block_bytes())?.split_last_chunk()?;
        if crc32c::crc32c(covered) != u32::from_le_bytes(*crc) {
            return None;
        }
        Some(Self {
            journal: fields.u64()?,
            number: SegmentNumber(fields.u64()?),
            base: Position(fields.u64()?),
            oldest: SegmentNumber(fields.u64()?),
            salt: fields.u64()?,
            epoch: Epoch(fields.u32()?),
            recycled: fields.u32()? & RECYCLED != 0,
        })
    }

    /// Where in the log an offset of this file stands.
    pub(crate) fn position(&self, offset: u64) -> Position {
        self.base.plus(offset.saturating_sub(SEGMENT_HEADER_BYTES))
    }

    /// Where in this file a position of the log stands.
    pub(crate) fn offset(&self, position: Position) -> u64 {
        position.bytes_since(self.base).saturating_add(SEGMENT_HEADER_BYTES)
    }

    /// The seed of a frame that begins at an offset of this file.
    pub(crate) fn seed(&self, offset: u64) -> Seed {
        Seed { salt: self.salt, position: self.position(offset) }
    }
}

fn block_bytes() -> usize {
    usize::try_from(SEGMENT_HEADER_BYTES).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader = SegmentHeader {
        journal: 1,
        number: SegmentNumber(2),
        base: Position(3),
        oldest: SegmentNumber(1),
        salt: 5,
        epoch: Epoch(6),
        recycled: true,
    };

    #[test]
    fn a_header_comes_back_and_no_bit_of_its_block_can_change_unseen() {
        let block = HEADER.encode();
        assert_eq!(block.len() as u64, SEGMENT_HEADER_BYTES);
        assert_eq!(SegmentHeader::decode(&block), Ok(HEADER));
        for byte in 0..block.len() {
            let mut flipped = block.clone();
            flipped[byte] ^= 1 << (byte % 8);
            let flaw = if byte < 8 { HeaderFlaw::Foreign } else { HeaderFlaw::Checksum };
            assert_eq!(SegmentHeader::decode(&flipped), Err(flaw), "byte {byte}");
            assert!(SegmentHeader::decode(&block[..byte]).is_err());
        }
    }

    #[test]
    fn a_newer_format_is_named_even_if_nothing_else_of_it_is_known() {
        let mut block = [MAGIC.as_slice(), &7_u32.to_le_bytes()].concat();
        block.extend(crc32c::crc32c(&block).to_le_bytes());
        assert_eq!(SegmentHeader::decode(&block), Err(HeaderFlaw::Newer { found: 7 }));
    }
}
