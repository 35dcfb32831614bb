//! What goes with a queue: its name, its bindings, its consumers, its messages.

use leveret_protocol::{Method, basic};

use super::Turn;
use crate::{
    exchange::Destination,
    identity::{ConsumerId, QueueId},
    record::Fact,
    store::Entity,
    timers::Timer,
    work::Task,
};

impl Turn<'_> {
    /// The queue is gone at once; forgetting its messages may take more turns.
    pub(super) fn remove_queue(&mut self, id: QueueId) {
        let Some(queue) = self.host.queues.remove(id) else { return };
        self.host.churn.queues_deleted += 1;
        if let Some(recorded) = queue.recorded {
            Fact::put_queue_deleted(self.draft.facts(), id);
            self.host.store.remove(recorded, Entity::Queue(id));
        }
        if let Some(at) = queue.idle.armed {
            self.host.timers.cancel(at, Timer::Idle(id));
        }
        if let Some(at) = queue.front_armed {
            self.host.timers.cancel(at, Timer::Front(id));
        }
        self.host.tallies.forget_queue(id);
        if let Some(owner) = queue.spec.owner
            && let Some(owner) = self.host.connections.get_mut(&owner)
        {
            owner.queues.remove(&id);
        }
        self.remove_bindings_to(Destination::Queue(id));
        for consumer in queue.consumers.iter() {
            self.orphan(consumer);
        }
        // Who waits for a page gets nothing: a queue that is gone is tended once more for that.
        self.stirred.push_back(id);
        if !queue.ready.is_empty() {
            self.host.work.add(Task::Discard { queue: id, remains: queue.ready.into_remains() });
        }
    }

    /// A consumer's queue is gone; the client is told if it understands that. RabbitMQ: whoever
    /// deleted it gets the answer first.
    fn orphan(&mut self, id: ConsumerId) {
        let Some(consumer) = self.take_consumer(id) else { return };
        let Some(connection) = self.host.connections.get_mut(&consumer.at.connection) else {
            return;
        };
        if let Some(channel) = connection.channels.get_mut(&consumer.at.channel) {
            channel.consumers.remove(&*consumer.tag);
        }
        if connection.capabilities.consumer_cancel_notify {
            let cancel = basic::Cancel { consumer_tag: (*consumer.tag).clone(), no_wait: true };
            self.send_when_written(consumer.at, Method::BasicCancel(cancel));
        }
    }
}
