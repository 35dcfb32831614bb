//! What the engine writes down: facts, all those of a record or none.
//!
//! A record begins with the format's version and its kind. A whole record stands for itself;
//! a large transaction comes as parts and a commit, and only the commit makes them count.

mod checksum;
mod coding;
mod copies;
mod exchange;
mod fact;
mod message;
mod page;
mod page_check;
mod page_content;
mod page_rest;
mod queue;
mod schedule;

use bytes::{BufMut as _, Bytes, BytesMut};

use self::coding::Reader;
pub(crate) use self::{
    checksum::Checksum,
    coding::Unreadable,
    exchange::{ExchangeRecord, Link},
    fact::Fact,
    message::{PublishedRecord, ReturnedRecord, SettledRecord},
    page::{PageIds, PagedRecord},
    page_content::{PageContent, PageDamage, PageReader},
    queue::QueueRecord,
    schedule::ScheduledRecord,
};
pub use self::{page_check::check_page, page_rest::PageRest};
use crate::identity::Lsn;

/// The version of the format.
pub(crate) const VERSION: u8 = 1;

const WHOLE: u8 = 1;
const PART: u8 = 2;
const COMMIT: u8 = 3;
const ONLY_PART: u8 = 4;

/// Where a part's kind stands.
const KIND_AT: usize = 1;

/// A record as read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Facts that hold.
    Whole(Bytes),
    /// Facts that hold if the transaction's commit follows.
    Part { transaction: Lsn, index: u32, facts: Bytes },
    /// The transaction is whole: so many parts, with this checksum over their facts.
    Commit { transaction: Lsn, parts: u32, checksum: u64 },
}

/// Begins a record whose facts hold.
pub(crate) fn begin_whole(out: &mut BytesMut) {
    out.put_slice(&[VERSION, WHOLE]);
}

/// Begins a part of a transaction, named by the number of its first part's record.
pub(crate) fn begin_part(out: &mut BytesMut, transaction: Lsn, index: u32) {
    out.put_slice(&[VERSION, PART]);
    out.put_u64(transaction.0);
    out.put_u32(index);
}

/// Makes a first part the only one: its facts hold without a commit.
pub(crate) fn make_only_part(part: &mut BytesMut) {
    if let Some(kind) = part.get_mut(KIND_AT) {
        *kind = ONLY_PART;
    }
}

/// The length of what [`begin_part`] writes.
pub(crate) const PART_HEADER_BYTES: usize = 14;

/// The record that makes the parts of a transaction count.
pub(crate) fn commit(out: &mut BytesMut, transaction: Lsn, parts: u32, checksum: Checksum) {
    out.put_slice(&[VERSION, COMMIT]);
    out.put_u64(transaction.0);
    out.put_u32(parts);
    out.put_u64(checksum.value());
}

impl Record {
    pub(crate) fn read(record: &Bytes) -> Result<Self, Unreadable> {
        let mut input = Reader::new(record.clone());
        let version = input.u8()?;
        if version != VERSION {
            return Err(Unreadable::Version(version));
        }
        match input.u8()? {
            WHOLE => Ok(Self::Whole(input.rest())),
            ONLY_PART => {
                input.u64()?;
                input.u32()?;
                Ok(Self::Whole(input.rest()))
            }
            PART => {
                let (transaction, index) = (Lsn(input.u64()?), input.u32()?);
                Ok(Self::Part { transaction, index, facts: input.rest() })
            }
            COMMIT => {
                let (transaction, parts) = (Lsn(input.u64()?), input.u32()?);
                let checksum = input.u64()?;
                input.finish()?;
                Ok(Self::Commit { transaction, parts, checksum })
            }
            _ => Err(Unreadable::Damaged("its kind is unknown")),
        }
    }
}
