//! The end of the log: the open frame in memory, and the segment it goes to.
//!
//! Keeps true: only the last segment holds anything that is not durable, and the watermark never passes what
//! a sync has covered. Knows nothing of failures before: its owner never calls it after one.

use std::collections::VecDeque;

use crate::{
    access::{Access, OpenFile},
    disk::Disk,
    error::Failure,
    format::{
        Epoch, FRAME_ALIGNMENT, FRAME_HEADER_BYTES, FrameHeader, Position, RECORD_HEADER_BYTES,
        RecordHeader, SEGMENT_HEADER_BYTES, Salts, SegmentHeader, SegmentNumber, frame_bytes,
    },
    options::Options,
    segment::SegmentInfo,
    shelf::{Recycled, Shelf},
};

/// Where the log goes on.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) header: SegmentHeader,
    pub(crate) file: OpenFile,
    /// Where the next frame goes.
    pub(crate) offset: u64,
    /// Up to where the file is filled with something.
    pub(crate) allocated: u64,
    /// All before this is durable.
    pub(crate) watermark: Position,
    pub(crate) oldest: SegmentNumber,
    pub(crate) epoch: Epoch,
    /// Whether there are records that no watermark on the disk covers.
    pub(crate) is_unmarked: bool,
}

/// Writes frames.
#[derive(Debug)]
pub(crate) struct Writer<D> {
    pub(crate) disk: Access<D>,
    pub(crate) shelf: Shelf,
    /// Oldest first; the last one is written to. Never empty.
    pub(crate) segments: VecDeque<SegmentInfo>,
    end: End,
    salts: Salts,
    options: Options,
    /// Room for a frame's header, then its payload.
    frame: Vec<u8>,
    /// How much of the payload continues a record of earlier frames.
    carry: u32,
    /// Whether anything was written since the last sync.
    is_dirty: bool,
}

impl<D: Disk> Writer<D> {
    pub(crate) fn new(
        disk: Access<D>,
        shelf: Shelf,
        segments: VecDeque<SegmentInfo>,
        end: End,
        options: Options,
    ) -> Self {
        Self {
            disk,
            shelf,
            segments,
            end,
            salts: Salts::new(options.seed),
            options,
            frame: vec![0; FRAME_HEADER_BYTES],
            carry: 0,
            is_dirty: false,
        }
    }

    /// Adds a record, writing without a sync whatever the open frame cannot hold.
    pub(crate) fn append(
        &mut self,
        header: RecordHeader,
        mut record: &[u8],
    ) -> Result<(), Failure> {
        if self.room() < RECORD_HEADER_BYTES.saturating_add(record.len()) {
            self.write_frame()?;
        }
        if self.room() < RECORD_HEADER_BYTES {
            self.roll()?;
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.note(header.stream, header.seq);
        }
        self.frame.extend_from_slice(&header.encode());
        loop {
            let (piece, rest) = record.split_at(self.room().min(record.len()));
            self.frame.extend_from_slice(piece);
            if rest.is_empty() {
                return Ok(());
            }
            record = rest;
            self.write_frame()?;
            if self.room() == 0 {
                self.roll()?;
            }
            self.carry = u32::try_from(self.room().min(record.len())).unwrap_or(u32::MAX);
        }
    }

    /// Makes all that was appended durable.
    pub(crate) fn commit(&mut self) -> Result<(), Failure> {
        self.write_frame()?;
        self.sync()
    }

    /// Gives up the oldest segment, once all that was appended is durable and the disk knows it is not
    /// needed. `None` if there is only the one that is written to.
    pub(crate) fn drop_oldest(&mut self) -> Result<Option<SegmentInfo>, Failure> {
        if self.segments.len() < 2 {
            return Ok(None);
        }
        self.write_frame()?;
        let Some(dropped) = self.segments.pop_front() else { return Ok(None) };
        self.end.oldest = dropped.number().next();
        self.write_mark()?;
        self.sync()?;
        self.shelf.retire(&mut self.disk, dropped.number(), dropped.bytes())?;
        self.disk.sync_dir()?;
        Ok(Some(dropped))
    }

    /// Makes all durable, and the watermark on the disk say so.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.commit()?;
        if self.end.is_unmarked {
            self.write_mark()?;
        }
        self.sync()
    }

    /// How much payload the open frame may still take.
    fn room(&self) -> usize {
        let segment = self.options.segment_bytes.saturating_sub(self.end.offset);
        let segment = usize::try_from(segment).unwrap_or(usize::MAX);
        let whole = segment - segment % FRAME_ALIGNMENT;
        let payload_bytes = self.frame.len().saturating_sub(FRAME_HEADER_BYTES);
        let payload_max = whole.saturating_sub(FRAME_HEADER_BYTES).min(self.options.buffer_bytes);
        payload_max.saturating_sub(payload_bytes)
    }

    fn write_frame(&mut self) -> Result<(), Failure> {
        if self.frame.len() <= FRAME_HEADER_BYTES {
            return Ok(());
        }
        self.end.is_unmarked = true;
        self.seal()
    }

    /// Writes a frame without records: it carries a watermark and the oldest segment, nothing else.
    fn write_mark(&mut self) -> Result<(), Failure> {
        self.end.is_unmarked = self.end.watermark < self.end.header.position(self.end.offset);
        let room = self.options.segment_bytes.saturating_sub(self.end.offset);
        // The header of a new segment says the same.
        if room < FRAME_HEADER_BYTES as u64 { self.roll() } else { self.seal() }
    }

    fn seal(&mut self) -> Result<(), Failure> {
        let payload_bytes = self.frame.len().saturating_sub(FRAME_HEADER_BYTES);
        self.frame.resize(frame_bytes(payload_bytes), 0);
        let seed = self.end.header.seed(self.end.offset);
        if let Some((slot, payload)) = self.frame.split_first_chunk_mut() {
            let header = FrameHeader {
                payload_bytes: u32::try_from(payload_bytes).unwrap_or(u32::MAX),
                payload_crc: seed.checksum(payload),
                epoch: self.end.epoch,
                carry: self.carry,
                watermark: self.end.watermark,
                oldest: self.end.oldest,
            };
            *slot = header.encode(seed);
        }
        self.is_dirty = true;
        self.disk.write(&self.end.file, self.end.offset, &self.frame)?;
        self.end.offset = self.end.offset.saturating_add(self.frame.len() as u64);
        if let Some(segment) = self.segments.back_mut() {
            segment.grow(self.frame.len() as u64);
        }
        self.frame.truncate(FRAME_HEADER_BYTES);
        self.carry = 0;
        self.preallocate()
    }

    /// Fills the file ahead of the frames, so that the next syncs need not change its length.
    fn preallocate(&mut self) -> Result<(), Failure> {
        let full = self.options.segment_bytes;
        if self.end.offset <= self.end.allocated || self.end.offset >= full {
            return Ok(());
        }
        let ahead = self.options.preallocate_bytes.min(full.saturating_sub(self.end.offset));
        let zeros = vec![0; usize::try_from(ahead).unwrap_or(0)];
        self.disk.write(&self.end.file, self.end.offset, &zeros)?;
        self.end.allocated = self.end.offset.saturating_add(ahead);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Failure> {
        if self.is_dirty {
            self.disk.sync(&self.end.file)?;
            self.is_dirty = false;
        }
        self.end.watermark = self.end.header.position(self.end.offset);
        Ok(())
    }

    /// Goes on in a new segment. What the full one holds is made durable first, so that a segment which
    /// another follows can never have a torn tail.
    fn roll(&mut self) -> Result<(), Failure> {
        self.sync()?;
        let End { header, watermark, oldest, epoch, .. } = &self.end;
        let number = header.number.next();
        let salt = self.salts.salt(number, *epoch);
        let (journal, base, oldest, epoch) = (header.journal, *watermark, *oldest, *epoch);
        let (header, file, allocated) = self.shelf.make(&mut self.disk, |recycled| {
            let recycled = recycled == Recycled::Yes;
            SegmentHeader { journal, number, base, oldest, salt, epoch, recycled }
        })?;
        self.disk.close(&self.end.file);
        self.segments.push_back(SegmentInfo::new(number, SEGMENT_HEADER_BYTES));
        let offset = header.offset(base);
        let (watermark, is_unmarked) = (base, false);
        self.end = End { header, file, offset, allocated, watermark, oldest, epoch, is_unmarked };
        Ok(())
    }
}
