//! What a transaction holds back until it is committed.

use alloc::vec::Vec;

use leveret_protocol::ShortStr;

use super::unacked::{Delivery, Verdict};
use crate::{
    error::TransactionError, exchange::Routed, identity::QueueId, message::Letter,
    schedule::Appointment,
};

/// Publishes and settlements in their order; nobody else sees anything of them.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) publishes: Vec<PendingPublish>,
    pub(crate) settlements: Vec<Settlement>,
    bytes: usize,
}

/// A publish and what is to be done with it, as found out when it was published.
#[derive(Debug)]
pub(crate) struct PendingPublish {
    pub(crate) letter: Letter,
    pub(crate) deed: Deed,
    pub(crate) mandatory: bool,
}

impl PendingPublish {
    /// The queues it goes to with the commit.
    pub(crate) fn queues(&self) -> &[QueueId] {
        match &self.deed {
            Deed::Route(routed) => &routed.queues,
            Deed::Schedule(_) | Deed::Cancel(_) => &[],
        }
    }
}

/// What is to be done with a publish.
#[derive(Debug)]
pub(crate) enum Deed {
    /// It goes there.
    Route(Routed),
    /// It waits for its time.
    Schedule(Appointment),
    /// The message of this name that waits for its time does so no longer.
    Cancel(ShortStr),
}

/// A delivery and what is to become of it.
#[derive(Debug)]
pub(crate) struct Settlement {
    pub(crate) tag: u64,
    pub(crate) delivery: Delivery,
    pub(crate) verdict: Verdict,
}

/// How much a transaction may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TransactionLimits {
    pub(crate) operations_max: usize,
    pub(crate) bytes_max: usize,
}

impl Transaction {
    pub(crate) fn publish(
        &mut self,
        publish: PendingPublish,
        limits: TransactionLimits,
    ) -> Result<(), TransactionError> {
        self.bytes = self.bytes.saturating_add(publish.letter.content_bytes());
        if self.bytes > limits.bytes_max {
            return Err(TransactionError::TooManyBytes { max: limits.bytes_max });
        }
        self.publishes.push(publish);
        self.check_operations(limits)
    }

    /// Takes all of them, also those over the limit: the channel that fails for it gives them
    /// back to their queues.
    pub(crate) fn settle(
        &mut self,
        settlements: impl Iterator<Item = Settlement>,
        limits: TransactionLimits,
    ) -> Result<(), TransactionError> {
        self.settlements.extend(settlements);
        self.check_operations(limits)
    }

    fn check_operations(&self, limits: TransactionLimits) -> Result<(), TransactionError> {
        if self.publishes.len() + self.settlements.len() > limits.operations_max {
            return Err(TransactionError::TooManyOperations { max: limits.operations_max });
        }
        Ok(())
    }
}
