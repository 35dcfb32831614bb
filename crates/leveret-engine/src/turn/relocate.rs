//! What lives in old records is written again, so that they can go.
//!
//! The newest record of each living thing is known, and all are in order of that; what is
//! settled or deleted meanwhile is simply no longer among them.

use alloc::{sync::Arc, vec::Vec};

use super::Turn;
use crate::{
    identity::{Lsn, MessageId, QueueId},
    record::Fact,
    store::Entity,
    work::Task,
};

impl Turn<'_> {
    pub(super) fn relocate(&mut self, upto: Lsn) {
        self.host.work.add(Task::Relocate { upto });
    }

    pub(super) fn go_on_relocating(&mut self, upto: Lsn) {
        if self.host.forgetting > 0 {
            return self.host.work.add(Task::Relocate { upto });
        }
        // Only what is finished may be relocated, or a turn would chase its own records.
        let upto = upto.min(self.host.last_record);
        while let Some((recorded, entity)) = self.host.store.oldest(upto) {
            let has_room = self.draft.open_bytes() < self.host.options.limits.record_bytes_max;
            if self.steps_left == 0 || !has_room {
                self.steps_left = 0;
                return self.host.work.add(Task::Relocate { upto });
            }
            self.steps_left -= 1;
            self.write_again(recorded, entity);
        }
        while let Some((copy, count)) = self.host.tallies.oldest(upto) {
            let has_room = self.draft.open_bytes() < self.host.options.limits.record_bytes_max;
            if self.steps_left == 0 || !has_room {
                self.steps_left = 0;
                return self.host.work.add(Task::Relocate { upto });
            }
            self.steps_left -= 1;
            let lsn = self.draft.lsn();
            Fact::put_returned(self.draft.facts(), copy, count);
            self.host.tallies.put(copy, count, Some(lsn));
        }
        self.relocated = Some(upto);
    }

    fn write_again(&mut self, recorded: Lsn, entity: Entity) {
        let lsn = self.draft.lsn();
        let host = &mut *self.host;
        match entity {
            Entity::Message(id) => return self.write_message_again(id),
            Entity::Scheduled(id) => {
                if let Some(scheduled) = host.schedule.get_mut(id) {
                    Fact::put_scheduled(self.draft.facts(), id, scheduled);
                    scheduled.recorded = lsn;
                }
            }
            Entity::Page(id) => return self.write_paged(id),
            Entity::Exchange(id) => {
                if let Some(exchange) = host.exchanges.get_mut(id) {
                    Fact::put_exchange_declared(self.draft.facts(), id, &exchange.spec);
                    exchange.recorded = Some(lsn);
                }
            }
            Entity::Queue(id) => {
                if let Some(queue) = host.queues.get_mut(id) {
                    Fact::put_queue_declared(self.draft.facts(), id, &queue.spec);
                    queue.recorded = Some(lsn);
                }
            }
            Entity::Binding(id) => {
                if let Some(binding) = host.bindings.get_mut(id) {
                    Fact::put_bound(self.draft.facts(), id, &binding.spec);
                    binding.recorded = Some(lsn);
                }
            }
        }
        host.store.remove(recorded, entity);
        host.store.add(lsn, entity);
    }

    fn write_message_again(&mut self, id: MessageId) {
        let host = &mut *self.host;
        let Some(stored) = host.store.message(id) else { return };
        let message = Arc::clone(&stored.message);
        // Of a queue that is gone, messages may still wait to be forgotten.
        let (queues, gone): (Vec<QueueId>, Vec<QueueId>) =
            stored.queues.as_slice().iter().partition(|queue| host.queues.contains(**queue));
        for queue in gone {
            host.store.settle(queue, id);
        }
        if !queues.is_empty() {
            Fact::put_published(self.draft.facts(), &message, &queues);
            host.store.move_message(id, self.draft.lsn());
        }
    }
}
