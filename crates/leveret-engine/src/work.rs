//! What was begun and is too much for one turn.

use alloc::{collections::VecDeque, sync::Arc, vec};

use crate::{
    channel::{Delivery, Verdict},
    exchange::Destination,
    identity::{ConnectionId, ConsumerId, ExchangeId, Lsn, QueueId},
    message::Message,
    queue::Drained,
    series::IntoValues,
};

/// How far the policies have been followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Followed {
    /// Queues after this one are next.
    Queues { upto: QueueId },
    /// All queues; exchanges after this one are next.
    Exchanges { upto: ExchangeId },
}

/// Whether somebody waits for the end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// The caller is told.
    Told,
    /// The caller was told that it failed.
    Silent,
}

/// A task that goes on until it is done, a step at a time.
#[derive(Debug)]
pub(crate) enum Task {
    /// Deliver what the queue has, and give up what is over its bounds.
    Tend(QueueId),
    /// Remove the bindings to a place that is gone.
    UnbindTo(Destination),
    /// Remove the bindings from an exchange that is gone.
    UnbindFrom(ExchangeId),
    /// Acknowledge or dead-letter deliveries.
    Settle { deliveries: IntoValues<Delivery>, verdict: Verdict },
    /// Forget messages that are on record as gone.
    Forget(vec::IntoIter<(QueueId, Arc<Message>)>),
    /// Give deliveries back to their queues, which wait for it.
    Requeue(IntoValues<Delivery>),
    /// Forget what was ready in a queue.
    Discard { queue: QueueId, remains: Drained },
    /// Give queues and exchanges the settings of the policies.
    Follow(Followed),
    /// End the consumers of a connection that is gone, and then all that it owned.
    Leave { connection: ConnectionId, consumers: vec::IntoIter<ConsumerId>, farewell: Farewell },
    /// Write again what lives in old records.
    Relocate { upto: Lsn },
}

/// Tasks take turns.
#[derive(Debug, Default)]
pub(crate) struct Work {
    tasks: VecDeque<Task>,
}

impl Work {
    pub(crate) fn add(&mut self, task: Task) {
        self.tasks.push_back(task);
    }

    pub(crate) fn take(&mut self) -> Option<Task> {
        self.tasks.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }
}
