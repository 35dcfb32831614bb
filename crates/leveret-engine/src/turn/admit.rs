//! Whether a consumer may start on a queue, as RabbitMQ decides it.

use alloc::boxed::Box;

use leveret_protocol::basic;

use super::Turn;
use crate::{
    arguments::{ConsumeSettings, QueueType},
    channel::ChannelKey,
    error::ConsumeError,
    identity::QueueId,
    queue::Queue,
};

/// Whom a consumer bears beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Alone,
    Shared,
}

impl Turn<'_> {
    pub(super) fn admit(
        &self,
        at: ChannelKey,
        queue: QueueId,
        consume: &basic::Consume,
    ) -> Result<(ConsumeSettings, Admission), ConsumeError> {
        let of_channel = self.host.channel(at).map_or(0, |channel| channel.prefetch.of_channel);
        let Some(queue) = self.host.queues.get(queue) else {
            return Ok((ConsumeSettings::default(), Admission::Shared));
        };
        let resource = || self.host.queue_resource(&queue.spec.name);
        self.check_consumer_limits(at, queue)?;
        let queue_type = queue.settings.queue_type;
        let settings = ConsumeSettings::parse(&consume.arguments, queue_type).map_err(
            |(argument, fault)| {
                let (resource, fault) = (resource(), Box::new(fault));
                ConsumeError::Argument { argument, resource, fault }
            },
        )?;
        let mut names = consume.arguments.iter();
        let foreign =
            names.find_map(|(name, _)| ConsumeSettings::foreign_argument(&name, queue_type));
        if let Some(argument) = foreign {
            let (resource, queue_type) = (resource(), queue_type.module_name());
            return Err(ConsumeError::OtherType { argument, resource, queue_type });
        }
        match queue_type {
            QueueType::Quorum if of_channel > 0 => {
                return Err(ConsumeError::GlobalPrefetch { resource: resource() });
            }
            // RabbitMQ: a quorum queue takes no notice of the flag; a single active consumer is
            // what it has instead.
            QueueType::Quorum => return Ok((settings, Admission::Shared)),
            QueueType::Classic | QueueType::Stream => {}
        }
        let ring = &queue.consumers;
        let wants_alone = consume.exclusive;
        let is_refused = ring.has_exclusive()
            || (wants_alone && (queue.settings.single_active_consumer || !ring.is_empty()));
        if is_refused {
            return Err(ConsumeError::ExclusiveUse { resource: resource() });
        }
        Ok((settings, if wants_alone { Admission::Alone } else { Admission::Shared }))
    }

    fn check_consumer_limits(&self, at: ChannelKey, queue: &Queue) -> Result<(), ConsumeError> {
        let limits = &self.host.options.limits;
        let max = limits.channel_consumers_max;
        if self.host.channel(at).is_some_and(|channel| channel.consumers.len() >= max) {
            return Err(ConsumeError::TooManyOnChannel { max });
        }
        let max = limits.queue_consumers_max;
        if queue.consumers.len() >= max {
            let resource = self.host.queue_resource(&queue.spec.name);
            return Err(ConsumeError::TooManyOnQueue { resource, max });
        }
        let max = limits.consumers_max;
        if self.host.consumers.len() >= max {
            let resource = self.host.queue_resource(&queue.spec.name);
            return Err(ConsumeError::TooManyInHost { resource, max });
        }
        Ok(())
    }
}
