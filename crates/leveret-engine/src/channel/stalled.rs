//! Consumers that wait together for the same room, in order.

use alloc::vec::Vec;

use crate::identity::ConsumerId;

/// One that has ended stays until half of them have: to look for it each time would cost as many
/// looks as there are consumers.
#[derive(Debug, Default)]
pub(crate) struct Stalled {
    waiting: Vec<ConsumerId>,
    ended: usize,
}

impl Stalled {
    pub(crate) fn push(&mut self, consumer: ConsumerId) {
        self.waiting.push(consumer);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// One of them has ended.
    pub(crate) fn end_one(&mut self, exists: impl Fn(ConsumerId) -> bool) {
        self.ended += 1;
        if self.ended > self.waiting.len() / 2 {
            self.waiting.retain(|consumer| exists(*consumer));
            self.ended = 0;
        }
    }

    /// There is room: all of them look again, except that some may have ended.
    pub(crate) fn take(&mut self) -> Vec<ConsumerId> {
        self.ended = 0;
        core::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_ended_take_no_space() {
        let mut stalled = Stalled::default();
        for id in 0..10 {
            stalled.push(ConsumerId(id));
        }
        for ended in 0..10 {
            stalled.end_one(|consumer| consumer.0 > ended);
            let left = usize::try_from(9 - ended).unwrap();
            assert!(stalled.waiting.len() <= 2 * left + 1, "{left} are left of {stalled:?}");
        }
        assert!(stalled.is_empty());
    }
}
