//! How often messages of quorum queues were given back.
//!
//! Only what was given back is here, so a queue whose messages are acknowledged costs nothing.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::identity::{Lsn, MessageId, QueueId};

/// A queue's copy of a message.
pub(crate) type Copy = (QueueId, MessageId);

#[derive(Debug, Default)]
pub(crate) struct Tallies {
    of: BTreeMap<Copy, Tally>,
    /// Those on record, by where they were last written.
    live: BTreeSet<(Lsn, Copy)>,
}

#[derive(Debug, Clone, Copy)]
struct Tally {
    count: u32,
    recorded: Option<Lsn>,
}

impl Tallies {
    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    pub(crate) fn count(&self, copy: Copy) -> u32 {
        self.of.get(&copy).map_or(0, |tally| tally.count)
    }

    /// It was given back so often, which is written in that record.
    pub(crate) fn put(&mut self, copy: Copy, count: u32, recorded: Option<Lsn>) {
        self.forget(copy);
        self.of.insert(copy, Tally { count, recorded });
        self.live.extend(recorded.map(|lsn| (lsn, copy)));
    }

    /// The message is no longer in that queue.
    pub(crate) fn forget(&mut self, copy: Copy) {
        if self.of.is_empty() {
            return;
        }
        if let Some(Tally { recorded: Some(lsn), .. }) = self.of.remove(&copy) {
            self.live.remove(&(lsn, copy));
        }
    }

    /// The queue is gone.
    pub(crate) fn forget_queue(&mut self, queue: QueueId) {
        let all = (queue, MessageId(0))..=(queue, MessageId(u64::MAX));
        let live = &mut self.live;
        self.of.extract_if(all, |_, _| true).for_each(|(copy, tally)| {
            if let Some(lsn) = tally.recorded {
                live.remove(&(lsn, copy));
            }
        });
    }

    /// What has the oldest record, if that is not after `upto`.
    pub(crate) fn oldest(&self, upto: Lsn) -> Option<(Copy, u32)> {
        let (_, copy) = self.live.first().filter(|(recorded, _)| *recorded <= upto)?;
        Some((*copy, self.count(*copy)))
    }

    /// Only those of queues that exist.
    pub(crate) fn retain(&mut self, mut exists: impl FnMut(QueueId) -> bool) {
        self.of.retain(|(queue, _), _| exists(*queue));
        self.live.retain(|(_, copy)| self.of.contains_key(copy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_one_tally_and_one_record() {
        let (one, other) = ((QueueId(1), MessageId(5)), (QueueId(2), MessageId(5)));
        let mut tallies = Tallies::default();
        tallies.put(one, 1, Some(Lsn(10)));
        tallies.put(other, 1, Some(Lsn(11)));
        tallies.put(one, 2, Some(Lsn(12)));
        assert_eq!(tallies.count(one), 2);
        assert_eq!(tallies.oldest(Lsn(20)), Some((other, 1)));
        assert_eq!(tallies.oldest(Lsn(10)), None);
        tallies.forget(other);
        assert_eq!(tallies.oldest(Lsn(20)), Some((one, 2)));
        tallies.forget_queue(QueueId(1));
        assert_eq!(tallies.count(one), 0);
        assert_eq!(tallies.oldest(Lsn(20)), None);
    }
}
