//! `tx.select`, `tx.commit`, `tx.rollback`.
//!
//! A transaction is whole by the log: all its facts are one record, or parts that only its
//! commit record makes count. Its messages are in their queues at once and go out to consumers,
//! like commit-ok, when all of it is on disk: nobody acts on a transaction that a crash undoes.

use leveret_protocol::{Method, tx};

use super::{Turn, replies::Reply};
use crate::{
    channel::{ChannelKey, Deed, Mode, PendingPublish},
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
        self.draft.begin_transaction();
        for publish in transaction.publishes {
            let publish = self.as_of_now(publish);
            self.carry_out(at, publish, Reply::WhenWritten);
            self.part_ways();
        }
        for settlement in transaction.settlements {
            self.release(at, settlement.delivery.consumer, 1);
            self.settle(settlement.delivery, settlement.verdict);
            self.part_ways();
        }
        self.wake_stalled(at);
        self.send_when_written(at, Method::TxCommitOk(tx::CommitOk));
        Ok(())
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

    /// Publishes are dropped; what was settled is as if it had not been.
    pub(super) fn tx_rollback(&mut self, at: ChannelKey) -> Result<(), MethodError> {
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let transaction = channel.mode.take_transaction()?;
        let settlements = transaction.settlements.into_iter();
        channel.unacked.restore(settlements.map(|settled| (settled.tag, settled.delivery)));
        self.send(at, Method::TxRollbackOk(tx::RollbackOk));
        Ok(())
    }
}
