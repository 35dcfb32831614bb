//! Finding out what a directory holds: frames verified, records visited.
//!
//! Writes nothing. What it finds is put right by [`crate::Journal::open`].

use std::collections::BTreeMap;

use crate::{
    access::Access,
    assembly::{Assembly, Obstacle},
    disk::Disk,
    error::{Flaw, OpenError, Refusal},
    format::{
        Epoch, FORMAT_VERSION, FileName, HeaderFlaw, Position, SEGMENT_BYTES_MAX,
        SEGMENT_HEADER_BYTES, SegmentHeader, SegmentNumber, segment_name,
    },
    scan::{Frames, Tail},
    segment::SegmentInfo,
    shelf::Spare,
    stream::{Seq, StreamId},
};

/// What an open found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Records that were visited.
    pub records: u64,
    /// Segments that hold them.
    pub segments: usize,
    /// Bytes of those segments.
    pub bytes: u64,
    /// What was written but never became durable as a whole, and is gone.
    pub cut: Option<Cut>,
}

/// The torn end of a log: no commit of it ever succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// The file in which it ended, with its directory.
    pub file: String,
    /// Where the log goes on.
    pub offset: u64,
    /// How many bytes were cut, as far as they can be told from what was there before.
    pub bytes: u64,
}

/// Reads a journal that nobody has open, and changes nothing.
pub fn inspect(
    disk: impl Disk,
    mut visit: impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
) -> Result<Recovered, OpenError> {
    let mut access = Access(disk);
    let listing = Listing::read(&mut access)?;
    Ok(read_log(&mut access, &listing, &mut visit)?.map(|log| log.recovered).unwrap_or_default())
}

/// The files of the directory.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) segments: BTreeMap<SegmentNumber, u64>,
    pub(crate) spares: Vec<Spare>,
}

impl Listing {
    pub(crate) fn read<D: Disk>(disk: &mut Access<D>) -> Result<Self, OpenError> {
        let mut listing = Self { segments: BTreeMap::new(), spares: Vec::new() };
        for entry in disk.list()? {
            match FileName::parse(&entry.name) {
                FileName::Segment(number) => {
                    listing.segments.insert(number, entry.bytes);
                }
                FileName::Spare(number) => {
                    listing.spares.push(Spare { number, bytes: entry.bytes });
                }
                FileName::Suspect => {
                    return Err(damage(disk, &entry.name, 0, Flaw::Name));
                }
                FileName::Other => {}
            }
        }
        listing.spares.sort_by_key(|spare| spare.number);
        Ok(listing)
    }
}

/// The log of a directory, read to its end.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) recovered: Recovered,
    pub(crate) segments: Vec<SegmentInfo>,
    pub(crate) last: SegmentHeader,
    /// Where in the last segment the log ends.
    pub(crate) end: u64,
    /// Up to where the log is known to be durable.
    pub(crate) watermark: Position,
    /// What the file should hold from the watermark on: frames that may be in memory only, then zeros in
    /// place of what is cut.
    pub(crate) unsettled: Vec<u8>,
    pub(crate) oldest: SegmentNumber,
    pub(crate) epoch: Epoch,
}

/// Reads all segments that are still needed. `None` if there never was one.
pub(crate) fn read_log<D: Disk>(
    disk: &mut Access<D>,
    listing: &Listing,
    visit: &mut impl FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>,
) -> Result<Option<Log>, OpenError> {
    let Some((&number, &bytes)) = listing.segments.last_key_value() else { return Ok(None) };
    let (last, bytes) = read_segment(disk, number, bytes)?;
    let mut frames = Frames::new(&last, &bytes);
    while frames.next().is_some() {}
    let name = segment_name(number);
    let tail = frames.tail().map_err(|flaw| damage(disk, &name, frames.offset(), flaw))?;
    let oldest = frames.reached().oldest;

    let mut reader = Reader {
        disk,
        visit,
        assembly: Assembly::new(oldest > SegmentNumber::FIRST),
        segments: Vec::new(),
        before: None,
    };
    let mut expected = oldest;
    for (&number, &bytes) in listing.segments.range(oldest..number) {
        reader.expect(number, expected)?;
        reader.read(number, bytes)?;
        expected = number.next();
    }
    reader.expect(number, expected)?;
    reader.read_last(&last, &bytes)?;
    let Reader { assembly, segments, .. } = reader;

    let log = Log {
        recovered: Recovered {
            records: assembly.records(),
            segments: segments.len(),
            bytes: segments.iter().map(SegmentInfo::bytes).sum(),
            cut: cut(disk.path(&name), &assembly, &last, &frames, &tail),
        },
        segments,
        last,
        end: frames.offset(),
        watermark: frames.reached().watermark,
        unsettled: unsettled(&last, &bytes, &frames, &tail),
        oldest,
        epoch: tail.epoch,
    };
    Ok(Some(log))
}

fn cut(
    file: String,
    assembly: &Assembly,
    last: &SegmentHeader,
    frames: &Frames<'_>,
    tail: &Tail,
) -> Option<Cut> {
    let end = last.position(frames.offset());
    let begun_bytes = assembly.dangling().map_or(0, |begun| end.bytes_since(begun));
    let bytes = begun_bytes.saturating_add(tail.torn_bytes as u64);
    (bytes > 0).then(|| Cut { file, offset: frames.offset(), bytes })
}

fn unsettled(last: &SegmentHeader, bytes: &[u8], frames: &Frames<'_>, tail: &Tail) -> Vec<u8> {
    let in_bytes = |offset: u64| {
        usize::try_from(offset.saturating_sub(SEGMENT_HEADER_BYTES)).unwrap_or(usize::MAX)
    };
    let start = in_bytes(last.offset(frames.reached().watermark));
    let kept = bytes.get(start..in_bytes(frames.offset())).unwrap_or_default();
    let mut unsettled = kept.to_vec();
    unsettled.resize(kept.len().saturating_add(tail.torn_bytes), 0);
    unsettled
}

/// Goes through the segments in order.
struct Reader<'a, D, V> {
    disk: &'a mut Access<D>,
    visit: &'a mut V,
    assembly: Assembly,
    segments: Vec<SegmentInfo>,
    /// The segment whose end only its successor knows.
    before: Option<(SegmentHeader, Vec<u8>)>,
}

impl<D: Disk, V: FnMut(StreamId, Seq, &[u8]) -> Result<(), Refusal>> Reader<'_, D, V> {
    fn expect(&self, found: SegmentNumber, expected: SegmentNumber) -> Result<(), OpenError> {
        if found == expected {
            return Ok(());
        }
        Err(damage(self.disk, &segment_name(expected), 0, Flaw::Missing))
    }

    fn read(&mut self, number: SegmentNumber, bytes: u64) -> Result<(), OpenError> {
        let (header, bytes) = read_segment(self.disk, number, bytes)?;
        self.finish_before(&header)?;
        self.before = Some((header, bytes));
        Ok(())
    }

    fn read_last(&mut self, header: &SegmentHeader, bytes: &[u8]) -> Result<(), OpenError> {
        self.finish_before(header)?;
        self.visit(&mut Frames::new(header, bytes), header)
    }

    /// All of a segment up to where the next one begins was durable before that one was made.
    fn finish_before(&mut self, next: &SegmentHeader) -> Result<(), OpenError> {
        let Some((header, bytes)) = self.before.take() else { return Ok(()) };
        let (name, next_name) = (segment_name(header.number), segment_name(next.number));
        if next.journal != header.journal {
            return Err(damage(self.disk, &next_name, 0, Flaw::Journal));
        }
        let length = usize::try_from(next.base.bytes_since(header.base)).unwrap_or(usize::MAX);
        let whole = bytes.get(..length);
        let mut frames = Frames::new(&header, whole.unwrap_or(&bytes));
        self.visit(&mut frames, &header)?;
        if whole.is_none() || !frames.is_at_end() {
            return Err(damage(self.disk, &name, frames.offset(), Flaw::Frame));
        }
        let chain = frames.reached();
        if next.base < header.base || next.epoch < chain.epoch || next.oldest < chain.oldest {
            return Err(damage(self.disk, &next_name, 0, Flaw::Chain));
        }
        Ok(())
    }

    fn visit(&mut self, frames: &mut Frames<'_>, header: &SegmentHeader) -> Result<(), OpenError> {
        let mut info = SegmentInfo::new(header.number, SEGMENT_HEADER_BYTES);
        for frame in frames.by_ref() {
            info.grow(frame.header.frame_bytes() as u64);
            let taken = self.assembly.take((header, &mut info), frame, self.visit);
            taken.map_err(|obstacle| self.explain(obstacle, header, frame.offset))?;
        }
        self.segments.push(info);
        Ok(())
    }

    fn explain(&self, obstacle: Obstacle, header: &SegmentHeader, offset: u64) -> OpenError {
        let name = segment_name(header.number);
        match obstacle {
            Obstacle::Flaw(flaw) => damage(self.disk, &name, offset, flaw),
            Obstacle::Refusal { begins, reason } => {
                let (segment, offset) = begins;
                let file = self.disk.path(&segment_name(segment));
                OpenError::Refused { file, offset, source: reason }
            }
        }
    }
}

/// Reads a whole segment: its header, verified, and the bytes behind it.
pub(crate) fn read_segment<D: Disk>(
    disk: &mut Access<D>,
    number: SegmentNumber,
    bytes: u64,
) -> Result<(SegmentHeader, Vec<u8>), OpenError> {
    let name = segment_name(number);
    if bytes > SEGMENT_BYTES_MAX {
        return Err(damage(disk, &name, SEGMENT_BYTES_MAX, Flaw::TooLong));
    }
    let file = disk.open(name.clone())?;
    let block = disk.read(&file, 0, SEGMENT_HEADER_BYTES);
    let rest = block.and_then(|block| {
        let rest = bytes.saturating_sub(SEGMENT_HEADER_BYTES);
        disk.read(&file, SEGMENT_HEADER_BYTES, rest).map(|rest| (block, rest))
    });
    disk.close(&file);
    let (block, rest) = rest?;
    Ok((decode_header(disk, &name, number, &block)?, rest))
}

/// The header of the segment of that number and name, from its file's first block.
pub(crate) fn decode_header<D: Disk>(
    disk: &Access<D>,
    name: &str,
    number: SegmentNumber,
    block: &[u8],
) -> Result<SegmentHeader, OpenError> {
    let header = SegmentHeader::decode(block).map_err(|flaw| match flaw {
        HeaderFlaw::Foreign => damage(disk, name, 0, Flaw::Foreign),
        HeaderFlaw::Checksum => damage(disk, name, 0, Flaw::Header),
        HeaderFlaw::Newer { found } => {
            let supported = FORMAT_VERSION;
            OpenError::NewerVersion { file: disk.path(name), found, supported }
        }
    })?;
    if header.number != number {
        return Err(damage(disk, name, 0, Flaw::Number { found: header.number.0 }));
    }
    Ok(header)
}

pub(crate) fn damage<D: Disk>(disk: &Access<D>, name: &str, offset: u64, flaw: Flaw) -> OpenError {
    OpenError::Damage { file: disk.path(name), offset, flaw }
}
