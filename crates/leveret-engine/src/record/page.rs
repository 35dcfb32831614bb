//! Facts about pages.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{
    Unreadable,
    coding::{Reader, put_bytes, put_number},
};
use crate::identity::{MessageId, PageId, QueueId};

/// These messages of a queue are in that page, and in the log no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PagedRecord {
    pub(crate) page: PageId,
    pub(crate) queue: QueueId,
    /// Which of the queue's lanes they are in.
    pub(crate) lane: u8,
    /// How large their bodies are; 0 if that is not known, for some were settled.
    pub(crate) bytes: u64,
    pub(crate) ids: PageIds,
}

/// More are never in a page; a damaged record may say anything.
const COUNT_MAX: u64 = 1 << 20;

/// Numbers in order, as bytes: of each run without a gap, how far it is from the last one's end,
/// and how long.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PageIds {
    runs: Bytes,
}

impl PageIds {
    pub(crate) fn iter(&self) -> impl Iterator<Item = MessageId> {
        let mut reader = Reader::new(self.runs.clone());
        let mut end = 0_u64;
        let runs = core::iter::from_fn(move || {
            // They were checked when they were read or made.
            let first = end.checked_add(reader.number().ok()?)?;
            end = first.checked_add(reader.number().ok()?)?;
            Some(first..end)
        });
        runs.flatten().map(MessageId)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let runs = input.bytes()?;
        let mut reader = Reader::new(runs.clone());
        let (mut end, mut count) = (0_u64, 0_u64);
        while !reader.is_empty() {
            let (gap, length) = (reader.number()?, reader.number()?);
            count = count.saturating_add(length);
            let next = end.checked_add(gap).and_then(|first| first.checked_add(length));
            let next = next.filter(|_| length > 0 && count <= COUNT_MAX);
            end = next.ok_or(Unreadable::Damaged("a page's messages make no sense"))?;
        }
        // In a buffer of its own: it may stay for long.
        Ok(Self { runs: Bytes::copy_from_slice(&runs) })
    }
}

impl FromIterator<MessageId> for PageIds {
    /// They come in order.
    fn from_iter<T: IntoIterator<Item = MessageId>>(ids: T) -> Self {
        let mut runs = BytesMut::new();
        let (mut end, mut run) = (0_u64, 0_u64..0);
        let mut put = |run: core::ops::Range<u64>| {
            if !run.is_empty() {
                put_number(&mut runs, run.start.wrapping_sub(end));
                put_number(&mut runs, run.end.wrapping_sub(run.start));
                end = run.end;
            }
        };
        for MessageId(id) in ids {
            if id == run.end && !run.is_empty() {
                run.end = id.saturating_add(1);
            } else {
                put(core::mem::replace(&mut run, id..id.saturating_add(1)));
            }
        }
        put(run);
        Self { runs: Bytes::copy_from_slice(&runs) }
    }
}

impl PagedRecord {
    pub(super) fn put(&self, out: &mut BytesMut) {
        put_number(out, self.page.0);
        put_number(out, self.queue.0);
        out.put_u8(self.lane);
        put_number(out, self.bytes);
        put_bytes(out, &self.ids.runs);
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        Ok(Self {
            page: PageId(input.number()?),
            queue: QueueId(input.number()?),
            lane: input.u8()?,
            bytes: input.number()?,
            ids: PageIds::read(input)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    #[test]
    fn numbers_come_back_in_order_and_runs_take_little_room() {
        for ids in [vec![], vec![0], vec![5, 6, 7, 9, 1000, 1001], (3..2000).collect()] {
            let ids: Vec<MessageId> = ids.into_iter().map(MessageId).collect();
            let packed: PageIds = ids.iter().copied().collect();
            assert_eq!(packed.iter().collect::<Vec<_>>(), ids);
            let mut out = BytesMut::new();
            put_bytes(&mut out, &packed.runs);
            assert_eq!(PageIds::read(&mut Reader::new(out.freeze())).unwrap(), packed);
        }
        let run: PageIds = (1_000_000..1_004_096).map(MessageId).collect();
        assert!(run.runs.len() < 6);
    }

    #[test]
    fn runs_that_claim_too_much_are_refused() {
        for runs in [[1, 0].as_slice(), &[1], &[1, 0xff, 0xff, 0xff, 0xff, 0x7f]] {
            let mut out = BytesMut::new();
            put_bytes(&mut out, runs);
            PageIds::read(&mut Reader::new(out.freeze())).unwrap_err();
        }
    }
}
