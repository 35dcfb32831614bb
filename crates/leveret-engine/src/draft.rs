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
    open: BytesMut,
    kind: Kind,
    finished: Vec<(Lsn, Bytes)>,
}

#[derive(Debug)]
enum Kind {
    Whole,
    Transaction { first: Lsn, parts: u32, checksum: Checksum },
}

impl Draft {
    /// Nothing is written yet; the next record follows `last`.
    pub(crate) fn after(last: Lsn) -> Self {
        Self { last, open: BytesMut::new(), kind: Kind::Whole, finished: Vec::new() }
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

    /// Ends the last record, and gives back all; the number of the last is next to them.
    pub(crate) fn finish(mut self) -> (Lsn, Vec<(Lsn, Bytes)>) {
        match self.kind {
            Kind::Whole => self.cut(),
            Kind::Transaction { parts: 0, .. } => {
                record::make_only_part(&mut self.open);
                self.end();
            }
            Kind::Transaction { .. } => {
                self.cut();
                if let Kind::Transaction { first, parts, checksum } = self.kind {
                    self.open = BytesMut::from(record::commit(first, parts, checksum));
                    self.end();
                }
            }
        }
        (self.last, self.finished)
    }

    fn cut(&mut self) {
        if self.open.is_empty() {
            return;
        }
        if let Kind::Transaction { parts, checksum, .. } = &mut self.kind {
            checksum.add(self.open.get(PART_HEADER_BYTES..).unwrap_or_default());
            *parts += 1;
        }
        self.end();
    }

    fn end(&mut self) {
        if !self.open.is_empty() {
            self.last = self.last.next();
            self.finished.push((self.last, core::mem::take(&mut self.open).freeze()));
        }
    }
}
