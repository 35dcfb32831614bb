//! A delivery goes back to its queue.
//!
//! A classic queue puts it where it was. A quorum queue counts, puts what came back before all
//! else in the order it came, and gives up what came back too often.

use alloc::sync::Arc;

use leveret_protocol::{FieldTable, FieldValue};

use super::Turn;
use crate::{
    arguments::QueueType, death::Reason, identity::QueueId, message::Message, queue::Entry,
    record::Fact,
};

/// RabbitMQ: how often a quorum queue's message was given back before this delivery.
const DELIVERY_COUNT: &str = "x-delivery-count";

impl Turn<'_> {
    pub(super) fn return_to_queue(&mut self, id: QueueId, mut entry: Entry) {
        let Some(queue) = self.host.queues.get_mut(id) else {
            return self.leave(id, &entry.message);
        };
        entry.redelivered = true;
        match queue.settings.queue_type {
            QueueType::Classic | QueueType::Stream => queue.ready.give_back(entry),
            QueueType::Quorum => return self.count_return(id, entry),
        }
        self.stirred.push_back(id);
    }

    fn count_return(&mut self, id: QueueId, entry: Entry) {
        let Some(queue) = self.host.queues.get_mut(id) else { return };
        let copy = (id, entry.message.id);
        let count = self.host.tallies.count(copy).saturating_add(1);
        if queue.settings.delivery_limit().is_some_and(|limit| count > limit) {
            self.dead_letter(id, &entry.message.letter, Reason::DeliveryLimit);
            self.leave(id, &entry.message);
            return self.part_ways();
        }
        let recorded = queue.keeps(&entry.message).then(|| self.draft.lsn());
        if recorded.is_some() {
            Fact::put_returned(self.draft.facts(), copy, count);
        }
        queue.ready.give_back_first(entry);
        self.host.tallies.put(copy, count, recorded);
        self.stirred.push_back(id);
    }

    /// The message as its next consumer gets it: with a count, if it was given back.
    pub(super) fn as_delivered(&self, queue: QueueId, entry: &Entry) -> Arc<Message> {
        let message = &entry.message;
        if !entry.redelivered {
            return Arc::clone(message);
        }
        let count = self.host.tallies.count((queue, message.id));
        if count == 0 {
            return Arc::clone(message);
        }
        let mut counted = Message::clone(message);
        let properties = &message.letter.properties;
        let old = properties.headers().unwrap_or_default();
        let headers: FieldTable = old
            .iter()
            .filter(|(name, _)| *name != DELIVERY_COUNT)
            .fold(FieldTable::builder(), |headers, (name, value)| {
                headers.insert_named(&name, value)
            })
            .insert(DELIVERY_COUNT, FieldValue::I64(count.into()))
            .build();
        counted.letter.properties = properties.to_builder().headers(headers).build();
        Arc::new(counted)
    }
}
