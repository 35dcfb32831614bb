//! `queue.delete` and `queue.purge`.

use leveret_protocol::{Method, queue};

use super::{Turn, authorise::Access, names::clean};
use crate::{
    arguments::QueueType,
    channel::ChannelKey,
    error::{MethodError, ResourceError, ResourceKind},
    work::Task,
};

impl Turn<'_> {
    pub(super) fn queue_delete(
        &mut self,
        at: ChannelKey,
        delete: queue::Delete,
    ) -> Result<(), MethodError> {
        let name = clean(&self.queue_name(at, &delete.queue)?)?;
        self.authorise(at, Access::Configure, ResourceKind::Queue, &name)?;
        let mut answer = queue::DeleteOk { message_count: 0 };
        let mut found = None;
        // RabbitMQ: to delete what does not exist succeeds.
        if let Some(queue) = self.host.queues.named(&name) {
            let resource = self.host.queue_resource(&name);
            if queue.is_locked_for(at.connection) {
                return Err(ResourceError::Locked { resource }.into());
            }
            if let (QueueType::Quorum, Some(flag)) =
                (queue.settings.queue_type, condition_of(&delete))
            {
                return Err(ResourceError::DeleteFlag { resource, flag }.into());
            }
            if delete.if_unused && !queue.consumers.is_empty() {
                return Err(ResourceError::InUse { resource }.into());
            }
            if delete.if_empty && !queue.ready.is_empty() {
                return Err(ResourceError::NotEmpty { resource }.into());
            }
            answer.message_count = u32::try_from(queue.ready.len()).unwrap_or(u32::MAX);
            found = Some(queue.id);
        }
        if !delete.no_wait {
            self.send_when_written(at, Method::QueueDeleteOk(answer));
        }
        if let Some(queue) = found {
            self.remove_queue(queue);
        }
        Ok(())
    }

    /// What is ready is out of the queue at once, and off the records step by step: after a
    /// crash some of it may be there again.
    pub(super) fn queue_purge(
        &mut self,
        at: ChannelKey,
        purge: queue::Purge,
    ) -> Result<(), MethodError> {
        let name = self.queue_name(at, &purge.queue)?;
        self.authorise(at, Access::Read, ResourceKind::Queue, &name)?;
        let id = self.usable_queue(at, &name)?;
        let Some(queue) = self.host.queues.get_mut(id) else { return Ok(()) };
        let ready = queue.ready.take();
        let message_count = u32::try_from(ready.len()).unwrap_or(u32::MAX);
        if !ready.is_empty() {
            self.host.work.add(Task::Discard { queue: id, remains: ready.into_remains() });
            // Who waited for a page gets nothing.
            self.stirred.push_back(id);
        }
        if !purge.no_wait {
            self.send(at, Method::QueuePurgeOk(queue::PurgeOk { message_count }));
        }
        Ok(())
    }
}

/// On what a deletion depends, as RabbitMQ names it.
const fn condition_of(delete: &queue::Delete) -> Option<&'static str> {
    match (delete.if_unused, delete.if_empty) {
        (true, _) => Some("if-unused"),
        (false, true) => Some("if-empty"),
        (false, false) => None,
    }
}
