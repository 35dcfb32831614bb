//! What a segment holds, as its owner may ask before dropping it.

use std::collections::BTreeMap;

use crate::{
    format::{SegmentNumber, segment_name},
    stream::{Seq, StreamId},
};

/// A segment: how long it is, and which records begin in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    number: SegmentNumber,
    bytes: u64,
    last: BTreeMap<StreamId, Seq>,
}

impl SegmentInfo {
    pub(crate) fn new(number: SegmentNumber, bytes: u64) -> Self {
        Self { number, bytes, last: BTreeMap::new() }
    }

    /// Notes a record that begins here.
    pub(crate) fn note(&mut self, stream: StreamId, seq: Seq) {
        self.last.insert(stream, seq);
    }

    pub(crate) fn grow(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Its number; later segments have greater ones.
    pub fn number(&self) -> SegmentNumber {
        self.number
    }

    /// The name of its file.
    pub fn file(&self) -> String {
        segment_name(self.number)
    }

    /// Bytes written to it, header included.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The last record of a stream that begins in this segment.
    pub fn last(&self, stream: StreamId) -> Option<Seq> {
        self.last.get(&stream).copied()
    }

    /// Every stream with records in this segment, and the last of them.
    pub fn streams(&self) -> impl Iterator<Item = (StreamId, Seq)> {
        self.last.iter().map(|(stream, seq)| (*stream, *seq))
    }
}
