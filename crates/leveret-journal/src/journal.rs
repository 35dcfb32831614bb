//! The journal as its owner sees it: open, append, commit, drop.

use std::collections::VecDeque;

use crate::{
    access::Access,
    disk::Disk,
    error::{AppendError, CommitError, Failure, OpenError, Refusal},
    format::{
        Epoch, FRAME_HEADER_BYTES, Position, RecordHeader, Salts, SegmentHeader, SegmentNumber,
        segment_name,
    },
    options::Options,
    recovery::{Listing, Log, Recovered, read_log},
    segment::SegmentInfo,
    shelf::{Recycled, Shelf},
    stream::{Seq, StreamId},
    writer::{End, Writer},
};

/// An append-only log on a [`Disk`].
///
/// After any failure of the disk the journal is dead: every later call returns the same [`Failure`], and what
/// was not committed may or may not be found by the next open.
#[derive(Debug)]
pub struct Journal<D> {
    writer: Writer<D>,
    record_bytes_max: usize,
    failure: Option<Failure>,
}

impl<D: Disk> Journal<D> {
    /// Opens the journal of a directory, or begins one if there is none. The directory must exist.
    ///
    /// Visits every record in the order of its append. What stands behind the last valid record is cut if no
    /// commit of it can have succeeded; anything else that is invalid is damage and refused. When this
    /// returns, all that was visited is durable.
    pub fn open(
        disk: D,
        options: Options,
        mut visit: impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
    ) -> Result<(Self, Recovered), OpenError> {
        let mut disk = Access(disk);
        let options = options.bounded();
        let listing = Listing::read(&mut disk)?;
        let log = read_log(&mut disk, &listing, &mut visit)?;
        let Listing { segments, spares } = listing;
        let mut shelf = Shelf::new(&mut disk, spares, &options)?;
        let (end, infos, recovered) = match log {
            Some(log) => {
                for (&number, &bytes) in segments.range(..log.oldest) {
                    shelf.retire(&mut disk, number, bytes)?;
                }
                let allocated = segments.get(&log.last.number).copied().unwrap_or_default();
                settle(&mut disk, log, allocated)?
            }
            None => begin(&mut disk, &mut shelf, &options)?,
        };
        // Renames that an earlier process saw done may still be in memory only.
        disk.sync_dir()?;
        let record_bytes_max = options.record_bytes_max;
        let writer = Writer::new(disk, shelf, infos, end, options);
        Ok((Self { writer, record_bytes_max, failure: None }, recovered))
    }

    /// Adds a record behind all others. It is not durable before a [`Self::commit`] has returned.
    ///
    /// Copies the record; what exceeds [`Options::buffer_bytes`] is written, but not synced.
    pub fn append(&mut self, stream: StreamId, seq: Seq, record: &[u8]) -> Result<(), AppendError> {
        self.alive()?;
        let bytes = record.len();
        if bytes > self.record_bytes_max {
            return Err(AppendError::TooLarge { bytes, bytes_max: self.record_bytes_max });
        }
        let appended = self.writer.append(RecordHeader { bytes, stream, seq }, record);
        Ok(self.outcome(appended)?)
    }

    /// Makes all that was appended durable: one write and one sync, whatever the number of records.
    pub fn commit(&mut self) -> Result<(), CommitError> {
        self.alive()?;
        let committed = self.writer.commit();
        Ok(self.outcome(committed)?)
    }

    /// The oldest segment, if it may be dropped: the one that is written to may not.
    pub fn oldest(&self) -> Option<&SegmentInfo> {
        self.writer.segments.front().filter(|_| self.writer.segments.len() > 1)
    }

    /// All segments, oldest first.
    pub fn segments(&self) -> impl Iterator<Item = &SegmentInfo> {
        self.writer.segments.iter()
    }

    /// Bytes written to all segments that were not dropped.
    pub fn bytes(&self) -> u64 {
        self.writer.segments.iter().map(SegmentInfo::bytes).sum()
    }

    /// Drops the [`Self::oldest`] segment for good; `None` if there is none to drop.
    ///
    /// The caller has made sure that no record which begins in it is needed any more, apart from those it
    /// has appended anew: all that was appended is committed first.
    pub fn drop_oldest(&mut self) -> Result<Option<SegmentInfo>, CommitError> {
        self.alive()?;
        let dropped = self.writer.drop_oldest();
        Ok(self.outcome(dropped)?)
    }

    /// Commits, and notes on the disk that all is durable, so that the next open can tell any damage, even
    /// of the last commit, from a torn end. Not needed for durability.
    pub fn close(mut self) -> Result<(), CommitError> {
        self.alive()?;
        let finished = self.writer.finish();
        Ok(self.outcome(finished)?)
    }

    fn alive(&self) -> Result<(), Failure> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Notes a failure for good.
    fn outcome<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &outcome {
            self.failure = Some(failure.clone());
        }
        outcome
    }
}

/// Where a log begins that has no segment yet.
fn begin<D: Disk>(
    disk: &mut Access<D>,
    shelf: &mut Shelf,
    options: &Options,
) -> Result<Beginning, Failure> {
    let (number, epoch, base) = (SegmentNumber::FIRST, Epoch(1), Position::default());
    let salts = Salts::new(options.seed);
    let (header, file, allocated) = shelf.make(disk, |recycled| SegmentHeader {
        journal: salts.identity(),
        number,
        base,
        oldest: number,
        salt: salts.salt(number, epoch),
        epoch,
        recycled: recycled == Recycled::Yes,
    })?;
    let offset = header.offset(base);
    let (watermark, oldest, is_unmarked) = (base, number, false);
    let end = End { header, file, offset, allocated, watermark, oldest, epoch, is_unmarked };
    Ok((end, VecDeque::from([SegmentInfo::new(number, offset)]), Recovered::default()))
}

/// Makes durable what was found, and goes on behind it.
fn settle<D: Disk>(disk: &mut Access<D>, log: Log, file_bytes: u64) -> Result<Beginning, Failure> {
    let Log { last: header, end: offset, oldest, unsettled, .. } = log;
    let file = disk.open(segment_name(header.number))?;
    if !unsettled.is_empty() {
        // After a failed sync the system believes these bytes are on the disk: only writing them again makes
        // a sync mean something. They are what the file already says, so a crash here changes nothing.
        disk.write(&file, header.offset(log.watermark), &unsettled)?;
        disk.sync(&file)?;
    }
    let watermark = header.position(offset);
    let epoch = Epoch(log.epoch.0.saturating_add(1));
    // Behind the last watermark stands at least the frame that carries it: alone, it is the mark of a clean end.
    let is_unmarked = watermark.bytes_since(log.watermark) > FRAME_HEADER_BYTES as u64;
    let allocated = file_bytes;
    let end = End { header, file, offset, allocated, watermark, oldest, epoch, is_unmarked };
    Ok((end, VecDeque::from(log.segments), log.recovered))
}

type Beginning = (End, VecDeque<SegmentInfo>, Recovered);
