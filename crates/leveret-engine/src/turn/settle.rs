//! Deliveries are settled: acknowledged, returned or dead-lettered.

use leveret_protocol::{Method, basic};

use super::Turn;
use crate::{
    channel::{
        ChannelKey, Deliveries, Delivery, Mode, Settlement, Stall, TransactionLimits, Verdict,
    },
    death::Reason,
    error::{MethodError, SettleError},
    identity::ConsumerId,
    queue::Load,
    series::IntoValues,
    work::Task,
};

impl Turn<'_> {
    pub(super) fn ack(&mut self, at: ChannelKey, ack: basic::Ack) -> Result<(), MethodError> {
        self.take_and_judge(at, (ack.delivery_tag, ack.multiple), Verdict::Done)
    }

    pub(super) fn nack(&mut self, at: ChannelKey, nack: basic::Nack) -> Result<(), MethodError> {
        let verdict = if nack.requeue { Verdict::Requeue } else { Verdict::DeadLetter };
        self.take_and_judge(at, (nack.delivery_tag, nack.multiple), verdict)
    }

    pub(super) fn reject(
        &mut self,
        at: ChannelKey,
        reject: basic::Reject,
    ) -> Result<(), MethodError> {
        let nack = basic::Nack {
            delivery_tag: reject.delivery_tag,
            multiple: false,
            requeue: reject.requeue,
        };
        self.nack(at, nack)
    }

    pub(super) fn recover(
        &mut self,
        at: ChannelKey,
        recover: basic::Recover,
    ) -> Result<(), MethodError> {
        self.recover_async(at, basic::RecoverAsync { requeue: recover.requeue })?;
        self.send(at, Method::BasicRecoverOk(basic::RecoverOk));
        Ok(())
    }

    pub(super) fn recover_async(
        &mut self,
        at: ChannelKey,
        recover: basic::RecoverAsync,
    ) -> Result<(), MethodError> {
        if !recover.requeue {
            return Err(SettleError::RecoverWithoutRequeue.into());
        }
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let deliveries = channel.unacked.take_all();
        self.requeue(at, deliveries);
        Ok(())
    }

    fn take_and_judge(
        &mut self,
        at: ChannelKey,
        (tag, multiple): (u64, bool),
        verdict: Verdict,
    ) -> Result<(), MethodError> {
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        if multiple {
            let deliveries = channel.unacked.take_up_to(tag)?;
            if verdict == Verdict::Done {
                channel.counts.ack += u64::try_from(deliveries.len()).unwrap_or_default();
            }
            return self.judge(at, deliveries, verdict);
        }
        let delivery = channel.unacked.take_one(tag)?;
        if verdict == Verdict::Done {
            channel.counts.ack += 1;
        }
        if matches!(channel.mode, Mode::Transaction(_)) {
            let mut one = Deliveries::default();
            one.insert(tag, delivery);
            return self.judge(at, one, verdict);
        }
        self.release(at, delivery.consumer, 1);
        self.settle(delivery, verdict);
        self.wake_stalled(at);
        Ok(())
    }

    /// What was delivered is settled, at once or with the transaction.
    fn judge(
        &mut self,
        at: ChannelKey,
        deliveries: Deliveries,
        verdict: Verdict,
    ) -> Result<(), MethodError> {
        let limits = self.transaction_limits();
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        if let Mode::Transaction(transaction) = &mut channel.mode {
            let settlements =
                deliveries.into_iter().map(|(tag, delivery)| Settlement { tag, delivery, verdict });
            return Ok(transaction.settle(settlements, limits)?);
        }
        match verdict {
            Verdict::Requeue => self.requeue(at, deliveries),
            Verdict::Done | Verdict::DeadLetter => {
                self.release_all(at, &deliveries);
                self.go_on_settling(deliveries.into_values(), verdict);
                self.wake_stalled(at);
            }
        }
        Ok(())
    }

    /// Gives deliveries their end; many take several turns.
    pub(super) fn go_on_settling(
        &mut self,
        mut deliveries: IntoValues<Delivery>,
        verdict: Verdict,
    ) {
        while self.steps_left > 0 {
            let Some(delivery) = deliveries.next() else { return };
            self.steps_left -= 1;
            self.settle(delivery, verdict);
            self.part_ways();
        }
        self.host.work.add(Task::Settle { deliveries, verdict });
    }

    pub(super) fn count_settled(&mut self, delivery: &Delivery, verdict: Verdict) {
        if let Some(queue) = self.host.queues.get_mut(delivery.queue) {
            queue.unacked.subtract(Load::of(&delivery.entry.message.letter));
            queue.counts.ack += u64::from(verdict == Verdict::Done);
        }
    }

    /// Gives one delivery its end.
    pub(super) fn settle(&mut self, delivery: Delivery, verdict: Verdict) {
        self.count_settled(&delivery, verdict);
        let Delivery { queue, entry, .. } = delivery;
        match verdict {
            Verdict::Done => self.leave(queue, &entry.message),
            Verdict::DeadLetter => {
                self.dead_letter(queue, &entry.message.letter, Reason::Rejected);
                self.leave(queue, &entry.message);
            }
            Verdict::Requeue => self.return_to_queue(queue, entry),
        }
    }

    /// Gives deliveries back to their queues. Many take several turns, and meanwhile the queues
    /// deliver nothing, so that nothing newer overtakes them.
    pub(super) fn requeue(&mut self, at: ChannelKey, deliveries: Deliveries) {
        self.release_all(at, &deliveries);
        self.give_back(deliveries);
        self.wake_stalled(at);
    }

    /// The same for deliveries whose channel is gone.
    pub(super) fn give_back(&mut self, deliveries: Deliveries) {
        for (id, count) in runs(deliveries.values().map(|delivery| delivery.queue)) {
            if let Some(queue) = self.host.queues.get_mut(id) {
                queue.returns += count;
            }
        }
        if !deliveries.is_empty() {
            self.host.work.add(Task::Requeue(deliveries.into_values()));
        }
    }

    fn release_all(&mut self, at: ChannelKey, deliveries: &Deliveries) {
        for (consumer, count) in runs(deliveries.values().map(|delivery| delivery.consumer)) {
            self.release(at, consumer, count);
        }
    }

    /// So many deliveries no longer count against their consumer's and their channel's prefetch.
    pub(super) fn release(&mut self, at: ChannelKey, consumer: Option<ConsumerId>, count: usize) {
        let Some(id) = consumer else { return };
        if let Some(channel) = self.host.channel_mut(at) {
            channel.prefetch.outstanding = channel.prefetch.outstanding.saturating_sub(count);
        }
        if let Some(consumer) = self.host.consumers.get_mut(&id) {
            consumer.unacked = consumer.unacked.saturating_sub(count);
            match consumer.stall {
                None | Some(Stall::Channel | Stall::Credit) => {}
                Some(Stall::Own) => self.come_back(id, Stall::Own),
                Some(Stall::Succession) => {
                    let queue = consumer.queue;
                    self.hand_over(queue);
                }
            }
        }
    }

    pub(super) const fn transaction_limits(&self) -> TransactionLimits {
        let limits = &self.host.options.limits;
        TransactionLimits {
            operations_max: limits.transaction_operations_max,
            bytes_max: limits.transaction_bytes_max,
        }
    }
}

/// Each value with how often it comes in a row: most deliveries of a channel are of one queue.
pub(super) fn runs<T: PartialEq + Copy>(
    values: impl Iterator<Item = T>,
) -> impl Iterator<Item = (T, usize)> {
    let mut values = values.peekable();
    core::iter::from_fn(move || {
        let first = values.next()?;
        let mut count = 1;
        while values.next_if_eq(&first).is_some() {
            count += 1;
        }
        Some((first, count))
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::runs;

    #[test]
    fn what_comes_in_a_row_is_counted() {
        let counted: Vec<(u8, usize)> = runs([3, 3, 1, 3, 3, 3].into_iter()).collect();
        assert_eq!(counted, [(3, 2), (1, 1), (3, 3)]);
        assert_eq!(runs(core::iter::empty::<u8>()).next(), None);
    }
}
