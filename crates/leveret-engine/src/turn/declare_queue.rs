//! `queue.declare`.

use alloc::boxed::Box;

use leveret_protocol::{FieldValue, Method, ShortStr, queue};

use super::{
    Turn,
    authorise::Access,
    names::{clean, is_reserved},
};
use crate::{
    arguments::{QUEUE_ARGUMENTS, QueueSettings, QueueType, difference},
    channel::ChannelKey,
    error::{DeclareError, MethodError, Property, ResourceError, ResourceKind, Sides},
    identity::QueueId,
    message::{detached_name, detached_table},
    options::DefaultQueueType,
    queue::{PageSpace, Queue, QueueSpec},
    record::Fact,
    replies::REPLY_TO,
    store::Entity,
};

const TYPE: &str = "x-queue-type";

/// RabbitMQ looks at its type before all others.
const DEAD_LETTERS: &str = "x-dead-letter-exchange";

impl Turn<'_> {
    pub(super) fn queue_declare(
        &mut self,
        at: ChannelKey,
        declare: queue::Declare,
    ) -> Result<(), MethodError> {
        let name = clean(&declare.queue)?;
        if name.starts_with(REPLY_TO.as_bytes()) {
            return self.declare_replies(at, &name, declare.no_wait);
        }
        if declare.passive {
            return self.passive_declare(at, &name, declare.no_wait);
        }
        if is_reserved(&name) && !self.takes_over {
            return Err(ResourceError::ReservedName { kind: ResourceKind::Queue, name }.into());
        }
        let is_named = !name.is_empty();
        let name = if is_named { name } else { self.host.chance.name("amq.gen-") };
        self.authorise(at, Access::Configure, ResourceKind::Queue, &name)?;
        self.host.churn.queues_declared += 1;
        let declare = self.with_default_type(declare);
        if let Some(current) = self.host.queues.named(&name).filter(|_| is_named) {
            self.check_same_queue(at, current, &declare)?;
            self.answer_existing(at, current.id, declare.no_wait);
            return Ok(());
        }
        self.create_queue(at, &name, &declare)?;
        self.remember(at, &name);
        if !declare.no_wait {
            let queue = detached_name(&name);
            let answer = queue::DeclareOk { queue, message_count: 0, consumer_count: 0 };
            self.send_when_written(at, Method::QueueDeclareOk(answer));
        }
        Ok(())
    }

    /// The same with the type that a queue has which is declared with none.
    fn with_default_type(&self, mut declare: queue::Declare) -> queue::Declare {
        let can_be_quorum = declare.durable
            && !declare.exclusive
            && !declare.auto_delete
            && !declare.queue.is_empty();
        match self.host.options.default_queue_type {
            DefaultQueueType::Quorum if can_be_quorum && declare.arguments.get(TYPE).is_none() => {
                let given = declare.arguments.iter();
                let named = given.chain([(ShortStr::from_static(TYPE), "quorum".into())]);
                declare.arguments = named.collect();
            }
            DefaultQueueType::Quorum | DefaultQueueType::Classic => {}
        }
        declare
    }

    fn passive_declare(
        &mut self,
        at: ChannelKey,
        name: &ShortStr,
        no_wait: bool,
    ) -> Result<(), MethodError> {
        let Some(queue) = self.host.queues.named(name) else {
            return Err(ResourceError::NotFound { resource: self.host.queue_resource(name) }.into());
        };
        if queue.is_locked_for(at.connection) {
            return Err(ResourceError::Locked { resource: self.host.queue_resource(name) }.into());
        }
        self.answer_existing(at, queue.id, no_wait);
        Ok(())
    }

    fn answer_existing(&mut self, at: ChannelKey, id: QueueId, no_wait: bool) {
        let Some(queue) = self.host.queues.get(id) else { return };
        let answer = queue::DeclareOk {
            queue: queue.spec.name.clone(),
            message_count: u32::try_from(queue.ready.len()).unwrap_or(u32::MAX),
            consumer_count: u32::try_from(queue.consumers.len()).unwrap_or(u32::MAX),
        };
        let recorded = queue.recorded;
        self.remember(at, &answer.queue);
        self.touch(id);
        if !no_wait {
            self.send_when_durable(at, recorded, Method::QueueDeclareOk(answer));
        }
    }

    fn remember(&mut self, at: ChannelKey, name: &ShortStr) {
        if let Some(channel) = self.host.channel_mut(at) {
            channel.last_queue = name.clone();
        }
    }

    fn create_queue(
        &mut self,
        at: ChannelKey,
        name: &ShortStr,
        declare: &queue::Declare,
    ) -> Result<(), MethodError> {
        self.check_queue_limit(name)?;
        let settings = self.settings(name, declare)?;
        if let Some(exchange) = &settings.dead_letter_exchange {
            self.authorise(at, Access::Read, ResourceKind::Queue, name)?;
            self.authorise(at, Access::Write, ResourceKind::Exchange, exchange)?;
        }
        let spec = QueueSpec {
            name: detached_name(name),
            durable: is_durable(declare),
            auto_delete: declare.auto_delete,
            owner: declare.exclusive.then_some(at.connection),
            arguments: detached_table(&declare.arguments),
        };
        self.host.churn.queues_created += 1;
        let id = QueueId(self.host.serials.next());
        let recorded = spec.is_recorded().then(|| self.draft.lsn());
        if let Some(lsn) = recorded {
            Fact::put_queue_declared(self.draft.facts(), id, &spec);
            self.host.store.add(lsn, Entity::Queue(id));
        }
        if let (true, Some(owner)) =
            (declare.exclusive, self.host.connections.get_mut(&at.connection))
        {
            owner.queues.insert(id);
        }
        let space = PageSpace::of(&self.host.options.limits);
        self.host.queues.insert(Queue::new(id, spec, settings, recorded, space));
        self.follow_policies(id);
        self.settings_changed(id);
        Ok(())
    }

    fn check_queue_limit(&self, name: &ShortStr) -> Result<(), DeclareError> {
        match self.host.queues_max {
            Some(max) if u64::try_from(self.host.queues.len()).unwrap_or(u64::MAX) >= max => {
                let virtual_host = self.host.options.virtual_host.clone();
                Err(DeclareError::TooManyQueues { name: name.clone(), virtual_host, max })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn settings(
        &self,
        name: &ShortStr,
        declare: &queue::Declare,
    ) -> Result<QueueSettings, DeclareError> {
        let resource = || self.host.queue_resource(name);
        match declare.arguments.get(DEAD_LETTERS) {
            None | Some(FieldValue::LongString(_)) => {}
            Some(found) => {
                let (resource, found) = (resource(), Box::new(found));
                return Err(DeclareError::ArgumentType { argument: DEAD_LETTERS, resource, found });
            }
        }
        let settings = QueueSettings::parse(&declare.arguments).map_err(|(argument, fault)| {
            DeclareError::Argument { argument, resource: resource(), fault: Box::new(fault) }
        })?;
        let queue_type = settings.queue_type;
        let foreign = |(name, _): (ShortStr, FieldValue)| queue_type.foreign_argument(&name);
        if let Some(argument) = declare.arguments.iter().find_map(foreign) {
            let (resource, queue_type) = (resource(), queue_type.module_name());
            return Err(DeclareError::OtherType { argument, resource, queue_type });
        }
        match queue_type {
            QueueType::Classic => Ok(settings),
            QueueType::Stream => Err(DeclareError::Stream { resource: resource() }),
            QueueType::Quorum if declare.queue.is_empty() => {
                Err(DeclareError::ServerNamed { queue_type: queue_type.module_name() })
            }
            QueueType::Quorum => match property_refused_by_quorum(declare) {
                Some(property) => Err(DeclareError::Property { property, resource: resource() }),
                None => Ok(settings),
            },
        }
    }

    fn check_same_queue(
        &self,
        at: ChannelKey,
        current: &Queue,
        received: &queue::Declare,
    ) -> Result<(), MethodError> {
        let spec = &current.spec;
        let resource = self.host.queue_resource(&spec.name);
        if spec.owner != received.exclusive.then_some(at.connection) {
            return Err(ResourceError::Locked { resource }.into());
        }
        let flags = [
            (Property::Durable, is_durable(received), spec.durable),
            (Property::AutoDelete, received.auto_delete, spec.auto_delete),
        ];
        if let Some((property, received, current)) =
            flags.into_iter().find(|(_, received, current)| received != current)
        {
            let sides = Box::new(Sides::of_flags(received, current));
            return Err(DeclareError::Inequivalent { property, resource, sides }.into());
        }
        match difference(&QUEUE_ARGUMENTS, &received.arguments, &spec.arguments) {
            Some((property, sides)) => {
                Err(DeclareError::Inequivalent { property, resource, sides }.into())
            }
            None => Ok(()),
        }
    }
}

/// In RabbitMQ's order.
fn property_refused_by_quorum(declare: &queue::Declare) -> Option<&'static str> {
    if declare.auto_delete {
        return Some("auto-delete");
    }
    if declare.exclusive {
        return Some("exclusive-owner");
    }
    (!declare.durable).then_some("non-durable")
}

/// An exclusive queue goes with its connection, so whether it was to be durable is passed over.
const fn is_durable(declare: &queue::Declare) -> bool {
    declare.durable && !declare.exclusive
}
