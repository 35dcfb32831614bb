//! Whether all that a transaction publishes has room.
//!
//! RabbitMQ commits what has room and then closes the channel with "partial tx completion". A
//! transaction is whole or nothing: here one publish without room is the end of all of it.

use alloc::collections::BTreeMap;

use super::Turn;
use crate::{
    channel::{ChannelKey, Mode},
    error::TransactionError,
    identity::QueueId,
    queue::Load,
};

impl Turn<'_> {
    pub(super) fn check_room(&mut self, at: ChannelKey) -> Result<(), TransactionError> {
        let host = &*self.host;
        let Some(channel) = host.channel(at) else { return Ok(()) };
        let Mode::Transaction(transaction) = &channel.mode else { return Ok(()) };
        let mut added: BTreeMap<QueueId, Load> = BTreeMap::new();
        for publish in &transaction.publishes {
            let queues = publish.queues().iter().filter_map(|id| host.queues.get(*id));
            for queue in queues.filter(|queue| queue.settings.refuses_at_limit()) {
                let load = added.entry(queue.id).or_default();
                load.add(Load::of(&publish.letter));
                if queue.has_no_room(*load) {
                    let resource = host.queue_resource(&queue.spec.name);
                    return Err(TransactionError::QueueFull { resource });
                }
            }
        }
        Ok(())
    }
}
