//! Walking the frames of one segment, and telling a torn tail from damage.
//!
//! Works on bytes in memory; knows no files and no records.

use crate::{
    error::Flaw,
    format::{
        Epoch, FRAME_ALIGNMENT, FRAME_HEADER_BYTES, FrameHeader, Position, SEGMENT_HEADER_BYTES,
        SegmentHeader, SegmentNumber,
    },
};

/// What each frame may only raise: a frame that lowers one of them was not written behind its neighbour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    pub(crate) epoch: Epoch,
    pub(crate) watermark: Position,
    pub(crate) oldest: SegmentNumber,
}

impl Chain {
    /// How a segment begins.
    pub(crate) fn of(header: &SegmentHeader) -> Self {
        Self { epoch: header.epoch, watermark: header.base, oldest: header.oldest }
    }

    fn admits(&self, frame: &FrameHeader, place: Position, number: SegmentNumber) -> bool {
        frame.epoch >= self.epoch
            && (self.watermark..=place).contains(&frame.watermark)
            && (self.oldest..=number).contains(&frame.oldest)
    }
}

/// A valid frame and where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) offset: u64,
    pub(crate) header: FrameHeader,
    pub(crate) payload: &'a [u8],
}

/// The frames of a segment up to the first place where none is valid.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    header: &'a SegmentHeader,
    /// Where in the file the bytes begin.
    start: u64,
    /// What follows the segment's header, up to where the next segment takes over.
    bytes: &'a [u8],
    done: usize,
    chain: Chain,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(header: &'a SegmentHeader, bytes: &'a [u8]) -> Self {
        Self::after(header, (SEGMENT_HEADER_BYTES, Chain::of(header)), bytes)
    }

    /// The frames from an offset on, as those before it have left the chain.
    pub(crate) fn after(
        header: &'a SegmentHeader,
        (start, chain): (u64, Chain),
        bytes: &'a [u8],
    ) -> Self {
        Self { header, start, bytes, done: 0, chain }
    }

    /// How long the next frame is, by its own word; nothing if it has no valid header.
    pub(crate) fn next_bytes(&self) -> Option<usize> {
        let seed = self.header.seed(self.offset());
        let header = FrameHeader::decode(self.bytes.get(self.done..)?, seed)?;
        Some(header.frame_bytes())
    }

    /// What the frames so far have raised.
    pub(crate) fn reached(&self) -> Chain {
        self.chain
    }

    /// Where the next frame would begin.
    pub(crate) fn offset(&self) -> u64 {
        self.start + self.done as u64
    }

    /// Whether all bytes were frames.
    pub(crate) fn is_at_end(&self) -> bool {
        self.done == self.bytes.len()
    }

    /// Goes on behind an invalid place, at the next valid frame if there is one; tells how many
    /// bytes were passed over. For salvage alone: who needs all of the log must not.
    pub(crate) fn resume(&mut self) -> Option<u64> {
        let broken = self.done;
        while self.done < self.bytes.len() {
            self.done = self.done.saturating_add(FRAME_ALIGNMENT).min(self.bytes.len());
            if self.frame_here().is_some() {
                return Some((self.done - broken) as u64);
            }
        }
        self.done = broken;
        None
    }

    /// What follows the last valid frame of a segment that no other follows.
    pub(crate) fn tail(&self) -> Result<Tail, Flaw> {
        let end = self.header.position(self.offset());
        let rest = self.bytes.get(self.done..).unwrap_or_default();
        let mut tail = Tail { epoch: self.chain.epoch, torn_bytes: 0 };
        for start in (0..rest.len()).step_by(FRAME_ALIGNMENT) {
            let Some(bytes) = rest.get(start..) else { break };
            let later = self.offset() + start as u64;
            let Some(frame) = FrameHeader::decode(bytes, self.header.seed(later)) else { continue };
            // This frame says that the place where none is valid had been synced before it was written.
            if frame.watermark > end {
                return Err(Flaw::Overtaken { later });
            }
            tail.epoch = tail.epoch.max(frame.epoch);
            tail.torn_bytes = start.saturating_add(frame.frame_bytes()).min(rest.len());
        }
        // Behind us a new file holds zeros; a recycled one holds frames of its former life.
        if !self.header.recycled {
            let written = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            tail.torn_bytes = tail.torn_bytes.max(written);
        }
        Ok(tail)
    }

    fn frame_here(&self) -> Option<Frame<'a>> {
        let bytes = self.bytes.get(self.done..)?;
        let offset = self.offset();
        let seed = self.header.seed(offset);
        let header = FrameHeader::decode(bytes, seed)?;
        let padded = bytes.get(FRAME_HEADER_BYTES..header.frame_bytes())?;
        let payload = padded.get(..usize::try_from(header.payload_bytes).ok()?)?;
        let is_valid = seed.checksum(padded) == header.payload_crc
            && self.chain.admits(&header, seed.position, self.header.number);
        is_valid.then_some(Frame { offset, header, payload })
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let frame = self.frame_here()?;
        self.done += frame.header.frame_bytes();
        let FrameHeader { epoch, watermark, oldest, .. } = frame.header;
        self.chain = Chain { epoch, watermark, oldest };
        Some(frame)
    }
}

/// What stands behind the last valid frame of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail {
    /// The latest epoch that left a trace there or before.
    pub(crate) epoch: Epoch,
    /// Bytes that were written there and are not part of the log.
    pub(crate) torn_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: SegmentHeader = SegmentHeader {
        journal: 1,
        number: SegmentNumber(5),
        base: Position(1000),
        oldest: SegmentNumber(3),
        salt: 7,
        epoch: Epoch(2),
        recycled: false,
    };

    /// Frames without payload that say these epochs, watermarks and oldest segments.
    fn segment(frames: &[(u32, u64, u64)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (epoch, watermark, oldest) in frames {
            let seed = SEGMENT.seed(SEGMENT_HEADER_BYTES + bytes.len() as u64);
            let header = FrameHeader {
                payload_bytes: 0,
                payload_crc: seed.checksum(&[]),
                epoch: Epoch(*epoch),
                carry: 0,
                watermark: Position(*watermark),
                oldest: SegmentNumber(*oldest),
            };
            bytes.extend(header.encode(seed));
        }
        bytes
    }

    fn check(frames: &[(u32, u64, u64)], expected: usize) {
        let bytes = segment(frames);
        assert_eq!(Frames::new(&SEGMENT, &bytes).count(), expected, "{frames:?}");
    }

    #[test]
    fn a_frame_that_an_earlier_writer_left_behind_a_cut_is_not_valid() {
        check(&[(2, 1000, 3), (3, 1040, 3), (3, 1040, 4)], 3);
        check(&[(2, 1000, 3), (3, 1040, 3), (2, 1040, 3)], 2);
        check(&[(1, 1000, 3)], 0);
    }

    #[test]
    fn a_frame_that_knows_less_than_the_one_before_or_too_much_is_not_valid() {
        check(&[(2, 999, 3)], 0);
        check(&[(2, 1000, 3), (2, 1041, 3)], 1);
        check(&[(2, 1000, 3), (2, 1040, 3), (2, 1000, 3)], 2);
        check(&[(2, 1000, 4), (2, 1000, 3)], 1);
        check(&[(2, 1000, 6)], 0);
    }

    #[test]
    fn a_frame_behind_a_bad_place_tells_damage_by_its_watermark() {
        let tail = |watermark| {
            let mut bytes = segment(&[(2, 1000, 3), (2, 1000, 3), (4, watermark, 3)]);
            bytes[50] ^= 1;
            let mut frames = Frames::new(&SEGMENT, &bytes);
            assert_eq!(frames.by_ref().count(), 1);
            frames.tail().map(|tail| (tail.epoch, tail.torn_bytes))
        };
        assert_eq!(tail(1040), Ok((Epoch(4), 80)));
        assert_eq!(tail(1041), Err(Flaw::Overtaken { later: SEGMENT_HEADER_BYTES + 80 }));
    }
}
