//! The records of one turn, being written.
//!
//! What one input changes is one record: it holds as a whole or not at all. Only a large
//! transaction is cut into parts, which its commit makes whole.

use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};

use crate::{
    identity::Lsn,
    record::{self, Checksum, PART_HEADER_BYTES},
};

#[derive(Debug)]
pub(crate) struct Draft {
    /// The number of the last record that is finished.
    last: Lsn,
    /// The open record, and room behind it.
    open: BytesMut,
    kind: Kind,
    /// All finished records but the last.
    finished: Vec<(Lsn, Bytes)>,
}

/// Small records share room of this size: each for itself would cost more than its writing.
const ROOM_BYTES: usize = 64 << 10;

/// With less room than this, the next record begins in new room.
const RECORD_ROOM_BYTES: usize = 512;

#[derive(Debug)]
enum Kind {
    Whole,
    Transaction { first: Lsn, parts: u32, checksum: Checksum },
}

impl Draft {
    /// Nothing is written yet; the next record follows `last`. The room is what an earlier draft
    /// has left.
    pub(crate) fn after(last: Lsn, room: BytesMut) -> Self {
        Self { last, open: room, kind: Kind::Whole, finished: Vec::new() }
    }

    /// All facts until [`finish`](Self::finish) belong to one transaction.
    pub(crate) fn begin_transaction(&mut self) {
        self.cut();
        let (first, checksum) = (self.last.next(), Checksum::new());
        self.kind = Kind::Transaction { first, parts: 0, checksum };
    }

    /// Where the next fact goes.
    pub(crate) fn facts(&mut self) -> &mut BytesMut {
        if self.open.is_empty() {
            if self.open.capacity() < RECORD_ROOM_BYTES {
                self.open.reserve(ROOM_BYTES);
            }
            match self.kind {
                Kind::Whole => record::begin_whole(&mut self.open),
                Kind::Transaction { first, parts, .. } => {
                    record::begin_part(&mut self.open, first, parts);
                }
            }
        }
        &mut self.open
    }

    /// By which record number what is written now has to be found again: a transaction is
    /// found by its first part.
    pub(crate) const fn lsn(&self) -> Lsn {
        match self.kind {
            Kind::Whole => self.last.next(),
            Kind::Transaction { first, .. } => first,
        }
    }

    /// How large the open record is.
    pub(crate) fn open_bytes(&self) -> usize {
        self.open.len()
    }

    /// Ends the open record if it is larger than that: what follows goes into another. Of a
    /// transaction it is a part.
    pub(crate) fn cut_over(&mut self, bytes_max: usize) {
        if self.open.len() > bytes_max {
            self.cut();
        }
    }

    /// Ends the last record and hands out all; gives back the number of the last, and the room.
    pub(crate) fn finish(mut self, mut hand_out: impl FnMut(Lsn, Bytes)) -> (Lsn, BytesMut) {
        for (lsn, record) in core::mem::take(&mut self.finished) {
            hand_out(lsn, record);
        }
        match self.kind {
            Kind::Whole => {}
            Kind::Transaction { parts: 0, .. } => record::make_only_part(&mut self.open),
            Kind::Transaction { .. } => {
                self.count_part();
                if let Some((lsn, part)) = self.end() {
                    hand_out(lsn, part);
                }
                if let Kind::Transaction { first, parts, checksum } = self.kind {
                    record::commit(&mut self.open, first, parts, checksum);
                }
            }
        }
        if let Some((lsn, record)) = self.end() {
            hand_out(lsn, record);
        }
        (self.last, self.open)
    }

    fn cut(&mut self) {
        self.count_part();
        let record = self.end();
        self.finished.extend(record);
    }

    /// What is open is one more part, if it is one of a transaction.
    fn count_part(&mut self) {
        if let Kind::Transaction { parts, checksum, .. } = &mut self.kind
            && !self.open.is_empty()
        {
            checksum.add(self.open.get(PART_HEADER_BYTES..).unwrap_or_default());
            *parts += 1;
        }
    }

    fn end(&mut self) -> Option<(Lsn, Bytes)> {
        if self.open.is_empty() {
            return None;
        }
        self.last = self.last.next();
        Some((self.last, self.open.split().freeze()))
    }
}
