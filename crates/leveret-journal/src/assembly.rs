//! Putting records together from the payloads of frames.
//!
//! Knows no files: it is given valid frames in order, and calls back with whole records.

use crate::{
    error::{Flaw, Refusal},
    format::{Epoch, FRAME_HEADER_BYTES, Position, RecordHeader, SegmentHeader, SegmentNumber},
    scan::Frame,
    segment::SegmentInfo,
    stream::{Seq, StreamId},
};

/// Why a record could not be given to the visitor.
#[derive(Debug)]
pub(crate) enum Obstacle {
    Flaw(Flaw),
    Refusal { begins: (SegmentNumber, u64), reason: Refusal },
}

/// Records as they come together.
#[derive(Debug)]
pub(crate) struct Assembly {
    /// Whether what comes may continue a record whose beginning was dropped.
    is_orphan: bool,
    begun: Option<Begun>,
    records: u64,
}

/// A record of which a part is still to come.
#[derive(Debug)]
struct Begun {
    header: RecordHeader,
    bytes: Vec<u8>,
    epoch: Epoch,
    position: Position,
    begins: (SegmentNumber, u64),
}

impl Assembly {
    pub(crate) fn new(is_after_drop: bool) -> Self {
        Self { is_orphan: is_after_drop, begun: None, records: 0 }
    }

    /// How many records were given to the visitor.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Where a record begins that never became whole.
    pub(crate) fn dangling(&self) -> Option<Position> {
        self.begun.as_ref().map(|begun| begun.position)
    }

    /// Something is missing before the next frame: a record that was not whole is given up.
    pub(crate) fn give_up(&mut self) {
        self.begun = None;
        self.is_orphan = true;
    }

    /// Takes the next frame of a segment.
    pub(crate) fn take(
        &mut self,
        (header, info): (&SegmentHeader, &mut SegmentInfo),
        frame: Frame<'_>,
        visit: &mut impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Obstacle> {
        let carry = usize::try_from(frame.header.carry).unwrap_or(usize::MAX);
        let (carried, mut rest) =
            frame.payload.split_at_checked(carry).ok_or(Obstacle::Flaw(Flaw::Records))?;
        self.carry_on(frame.header.epoch, carried, rest.is_empty(), visit)?;
        while !rest.is_empty() {
            let behind = (frame.payload.len() - rest.len() + FRAME_HEADER_BYTES) as u64;
            let offset = frame.offset + behind;
            let (record, after) =
                RecordHeader::decode(rest).ok_or(Obstacle::Flaw(Flaw::Records))?;
            info.note(record.stream, record.seq);
            let Some((bytes, after)) = after.split_at_checked(record.bytes) else {
                let (epoch, position) = (frame.header.epoch, header.position(offset));
                let (bytes, begins) = (after.to_vec(), (header.number, offset));
                self.begun = Some(Begun { header: record, bytes, epoch, position, begins });
                break;
            };
            self.give(record, (header.number, offset), bytes, visit)?;
            rest = after;
        }
        Ok(())
    }

    fn carry_on(
        &mut self,
        epoch: Epoch,
        carried: &[u8],
        is_all: bool,
        visit: &mut impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Obstacle> {
        let is_orphan = self.is_orphan;
        self.is_orphan &= !carried.is_empty() && is_all;
        let Some(mut begun) = self.begun.take() else {
            let is_fit = carried.is_empty() || is_orphan;
            return if is_fit { Ok(()) } else { Err(Obstacle::Flaw(Flaw::Records)) };
        };
        if carried.is_empty() && epoch > begun.epoch {
            // The writer died in the middle of the record, and its successor began anew.
            return Ok(());
        }
        begun.bytes.extend_from_slice(carried);
        let is_fit = epoch == begun.epoch && !carried.is_empty();
        let missing = begun.header.bytes.checked_sub(begun.bytes.len());
        match missing.filter(|missing| is_fit && (is_all || *missing == 0)) {
            None => Err(Obstacle::Flaw(Flaw::Records)),
            Some(0) => self.give(begun.header, begun.begins, &begun.bytes, visit),
            Some(_) => {
                self.begun = Some(begun);
                Ok(())
            }
        }
    }

    fn give(
        &mut self,
        record: RecordHeader,
        begins: (SegmentNumber, u64),
        bytes: &[u8],
        visit: &mut impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Obstacle> {
        self.records += 1;
        visit(record.stream, record.seq, bytes)
            .map_err(|reason| Obstacle::Refusal { begins, reason })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::{FrameHeader, SegmentNumber};

    const SEGMENT: SegmentHeader = SegmentHeader {
        journal: 1,
        number: SegmentNumber(3),
        base: Position(0),
        oldest: SegmentNumber(2),
        salt: 5,
        epoch: Epoch(1),
        recycled: false,
    };

    proptest! {
        #[test]
        fn frames_that_make_no_sense_are_refused_without_a_panic(
            frames in prop::collection::vec((0..3_u32, 0..30_u32, payload()), 0..12),
            is_after_drop: bool,
        ) {
            let mut assembly = Assembly::new(is_after_drop);
            let mut info = SegmentInfo::new(SEGMENT.number, 0);
            for (epoch, carry, payload) in frames {
                let header = FrameHeader {
                    payload_bytes: u32::try_from(payload.len()).unwrap(),
                    payload_crc: 0,
                    epoch: Epoch(epoch),
                    carry: if carry < 15 { 0 } else { carry },
                    watermark: Position(0),
                    oldest: SEGMENT.oldest,
                };
                let frame = Frame { offset: 4096, header, payload: &payload };
                let mut visit = |_, _, bytes: &[u8]| {
                    assert!(bytes.len() < 400);
                    Ok(())
                };
                if assembly.take((&SEGMENT, &mut info), frame, &mut visit).is_err() {
                    break;
                }
            }
        }
    }

    /// Mostly zeros with small numbers, so that lengths come out that nearly fit.
    fn payload() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![6 => Just(0_u8), 1 => 0..40_u8], 0..120)
    }
}
