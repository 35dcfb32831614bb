//! `tx.select`, `tx.commit`, `tx.rollback`.
//!
//! A transaction is whole by the log: all its facts are one record, or parts that only its
//! commit record makes count. Its messages are in their queues at once and go out to consumers,
//! like commit-ok, when all of it is on disk: nobody acts on a transaction that a crash undoes.

use alloc::vec::Vec;

use leveret_protocol::{Method, tx};

use super::{Turn, replies::Reply, settle::runs};
use crate::{
    channel::{ChannelKey, Deed, Mode, PendingPublish, Settlement, Verdict},
    error::{MethodError, TransactionError},
};

impl Turn<'_> {
    pub(super) fn tx_select(&mut self, at: ChannelKey) -> Result<(), MethodError> {
        if let Some(channel) = self.host.channel_mut(at) {
            channel.mode.select_transaction()?;
        }
        self.send(at, Method::TxSelectOk(tx::SelectOk));
        Ok(())
    }

    /// Keeps a publish until the commit.
    pub(super) fn hold_publish(
        &mut self,
        at: ChannelKey,
        publish: PendingPublish,
    ) -> Result<(), MethodError> {
        let limits = self.transaction_limits();
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        match &mut channel.mode {
            Mode::Transaction(transaction) => Ok(transaction.publish(publish, limits)?),
            Mode::Plain | Mode::Confirm { .. } => Err(TransactionError::NotTransactional.into()),
        }
    }

    pub(super) fn tx_commit(&mut self, at: ChannelKey) -> Result<(), MethodError> {
        self.check_room(at)?;
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let transaction = channel.mode.take_transaction()?;
        if self.refuses(at, &transaction.publishes) {
            self.undo(at, transaction.settlements);
            return Ok(());
        }
        self.draft.begin_transaction();
        for publish in transaction.publishes {
            let publish = self.as_of_now(publish);
            self.carry_out(at, publish, Reply::WhenWritten);
            self.part_ways();
        }
        self.commit_settlements(at, transaction.settlements);
        self.wake_stalled(at);
        self.send_when_written(at, Method::TxCommitOk(tx::CommitOk));
        Ok(())
    }

    /// All is put on record in this turn. What was acknowledged may be forgotten in later ones.
    fn commit_settlements(&mut self, at: ChannelKey, settlements: Vec<Settlement>) {
        let consumers = settlements.iter().map(|settlement| settlement.delivery.consumer);
        for (consumer, count) in runs(consumers) {
            self.release(at, consumer, count);
        }
        let mut gone = Vec::new();
        for Settlement { delivery, verdict, .. } in settlements {
            match verdict {
                Verdict::Done => {
                    self.count_settled(&delivery, verdict);
                    self.note_gone(delivery.queue, &delivery.entry.message);
                    gone.push((delivery.queue, delivery.entry.message));
                }
                Verdict::Requeue | Verdict::DeadLetter => self.settle(delivery, verdict),
            }
            self.part_ways();
        }
        self.forget_all(gone.into_iter());
    }

    /// A queue may have gone since; then the message goes nowhere, as in RabbitMQ.
    fn as_of_now(&self, mut publish: PendingPublish) -> PendingPublish {
        if let Deed::Route(routed) = &mut publish.deed
            && !routed.queues.is_empty()
        {
            routed.queues.retain(|queue| self.host.queues.contains(*queue));
            publish.mandatory = false;
        }
        publish
    }

    /// Returns what would go nowhere and must not, where the client would rather have nothing of
    /// the transaction done then; whether there is something of the kind.
    fn refuses(&mut self, at: ChannelKey, publishes: &[PendingPublish]) -> bool {
        let connection = self.host.connections.get(&at.connection);
        if !connection.is_some_and(|connection| connection.capabilities.refused_commits) {
            return false;
        }
        let is_lost =
            |publish: &&PendingPublish| publish.mandatory && !self.leads_anywhere(publish);
        let lost: Vec<&PendingPublish> = publishes.iter().filter(is_lost).collect();
        for publish in &lost {
            self.count_unroutable(at, true);
            self.send_return(at, &publish.letter);
        }
        !lost.is_empty()
    }

    /// Whether somebody gets it if it is committed now.
    fn leads_anywhere(&self, publish: &PendingPublish) -> bool {
        let Deed::Route(routed) = &publish.deed else { return true };
        let mut queues = routed.queues.iter();
        queues.any(|queue| self.host.queues.contains(*queue))
            || !routed.replies.is_empty()
            || !routed.held.is_empty()
    }

    /// Publishes are dropped; what was settled is as if it had not been.
    pub(super) fn tx_rollback(&mut self, at: ChannelKey) -> Result<(), MethodError> {
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let transaction = channel.mode.take_transaction()?;
        self.undo(at, transaction.settlements);
        Ok(())
    }

    fn undo(&mut self, at: ChannelKey, settlements: Vec<Settlement>) {
        if let Some(channel) = self.host.channel_mut(at) {
            let settlements = settlements.into_iter();
            channel.unacked.restore(settlements.map(|settled| (settled.tag, settled.delivery)));
        }
        self.send(at, Method::TxRollbackOk(tx::RollbackOk));
    }
}
