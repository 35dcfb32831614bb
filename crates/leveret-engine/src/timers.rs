//! What is due at which time.
//!
//! Whoever sets a timer knows when it set it, and cancels it by that. A timer that is due although
//! nothing has to be done costs one look, so times are set early rather than moved often.

use alloc::collections::BTreeSet;

use leveret_protocol::Timestamp;

use crate::{
    channel::ChannelKey,
    identity::{MessageId, PageId, QueueId},
};

/// What becomes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A queue whose next message may have become too old.
    Front(QueueId),
    /// A queue that may have been unused for as long as it lives unused.
    Idle(QueueId),
    /// A channel whose oldest delivery may have been unsettled for too long.
    Unsettled(ChannelKey),
    /// A message that is to be routed.
    Scheduled(MessageId),
    /// A page with little left in it.
    Thin(PageId),
}

/// All timers, the earliest first.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    set: BTreeSet<(Timestamp, Timer)>,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Timestamp, timer: Timer) {
        self.set.insert((at, timer));
    }

    pub(crate) fn cancel(&mut self, at: Timestamp, timer: Timer) {
        self.set.remove(&(at, timer));
    }

    /// When the next is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.set.first().map(|(at, _)| *at)
    }

    /// Takes out one that is due.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.set.pop_first().map(|(_, timer)| timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_due_in_order_of_their_times() {
        let at = Timestamp::from_millis;
        let [one, two, three] = [1, 2, 3].map(|id| Timer::Idle(QueueId(id)));
        let mut timers = Timers::default();
        timers.set(at(30), one);
        timers.set(at(10), two);
        timers.set(at(20), three);
        timers.cancel(at(20), three);
        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.take_due(at(9)), None);
        assert_eq!(timers.take_due(at(30)), Some(two));
        assert_eq!(timers.take_due(at(30)), Some(one));
        assert_eq!(timers.take_due(at(30)), None);
        assert_eq!(timers.next(), None);
    }
}
