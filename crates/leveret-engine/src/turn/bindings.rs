//! Binding and unbinding, of queues and of exchanges.

use leveret_protocol::{FieldTable, Method, ShortStr, exchange, queue};

use super::{Turn, names::clean};
use crate::{
    arguments::QueueType,
    channel::ChannelKey,
    error::{BindError, MethodError, ResourceError, ResourceKind},
    exchange::{
        Binding, BindingSpec, Destination, Exchange, ExchangeKind, HeaderMatch, hash_wildcards,
        parse_weight,
    },
    identity::{BindingId, ExchangeId, Lsn},
    message::{detached_name, detached_table},
    record::Fact,
    store::Entity,
};

impl Turn<'_> {
    pub(super) fn queue_bind(
        &mut self,
        at: ChannelKey,
        bind: queue::Bind,
    ) -> Result<(), MethodError> {
        let spec =
            self.queue_binding(at, (bind.queue, bind.exchange), bind.routing_key, bind.arguments)?;
        let recorded = self.bind(spec)?;
        if !bind.no_wait {
            self.answer_bound(at, recorded, Method::QueueBindOk(queue::BindOk));
        }
        Ok(())
    }

    pub(super) fn queue_unbind(
        &mut self,
        at: ChannelKey,
        unbind: queue::Unbind,
    ) -> Result<(), MethodError> {
        let ends = (unbind.queue, unbind.exchange);
        match self.queue_binding(at, ends, unbind.routing_key, unbind.arguments) {
            Ok(spec) => self.unbind(&spec),
            // RabbitMQ: to unbind what does not exist succeeds.
            Err(MethodError::Resource(ResourceError::NotFound { .. })) => {}
            Err(error) => return Err(error),
        }
        self.send_when_written(at, Method::QueueUnbindOk(queue::UnbindOk));
        Ok(())
    }

    pub(super) fn exchange_bind(
        &mut self,
        at: ChannelKey,
        bind: exchange::Bind,
    ) -> Result<(), MethodError> {
        let ends = (&bind.source, &bind.destination);
        let spec = self.exchange_binding(at, ends, bind.routing_key, bind.arguments)?;
        let recorded = self.bind(spec)?;
        if !bind.no_wait {
            self.answer_bound(at, recorded, Method::ExchangeBindOk(exchange::BindOk));
        }
        Ok(())
    }

    pub(super) fn exchange_unbind(
        &mut self,
        at: ChannelKey,
        unbind: exchange::Unbind,
    ) -> Result<(), MethodError> {
        let ends = (&unbind.source, &unbind.destination);
        match self.exchange_binding(at, ends, unbind.routing_key, unbind.arguments) {
            Ok(spec) => self.unbind(&spec),
            Err(MethodError::Resource(ResourceError::NotFound { .. })) => {}
            Err(error) => return Err(error),
        }
        if !unbind.no_wait {
            self.send_when_written(at, Method::ExchangeUnbindOk(exchange::UnbindOk));
        }
        Ok(())
    }

    /// Removes a binding without a word about it on record: it goes because one of its ends
    /// goes, and that is on record.
    pub(super) fn drop_binding(&mut self, id: BindingId) -> Option<ExchangeId> {
        let binding = self.host.bindings.remove(id)?;
        if let Some(recorded) = binding.recorded {
            self.host.store.remove(recorded, Entity::Binding(id));
        }
        if let Some(exchange) = self.host.exchanges.get_mut(binding.spec.source) {
            exchange.remove(id, &binding.spec);
        }
        Some(binding.spec.source)
    }

    fn queue_binding(
        &mut self,
        at: ChannelKey,
        (queue, exchange): (ShortStr, ShortStr),
        key: ShortStr,
        arguments: FieldTable,
    ) -> Result<BindingSpec, MethodError> {
        // AMQP 0-9-1, queue.bind: if both names are empty, the key is the queue's name, too.
        let key =
            if queue.is_empty() && key.is_empty() { self.queue_name(at, &queue)? } else { key };
        let named = clean(&self.queue_name(at, &queue)?)?;
        self.authorise_binding(at, &clean(&exchange)?, (ResourceKind::Queue, &named), &key)?;
        let source = self.named_exchange(&exchange)?;
        let queue = self.usable_queue(at, &named)?;
        let destination = Destination::Queue(queue);
        Ok(BindingSpec {
            source,
            destination,
            key: detached_name(&key),
            arguments: detached_table(&arguments),
        })
    }

    fn exchange_binding(
        &self,
        at: ChannelKey,
        (source, destination): (&ShortStr, &ShortStr),
        key: ShortStr,
        arguments: FieldTable,
    ) -> Result<BindingSpec, MethodError> {
        let (source, destination) = (clean(source)?, clean(destination)?);
        self.authorise_binding(at, &source, (ResourceKind::Exchange, &destination), &key)?;
        let source = self.named_exchange(&source)?;
        let destination = Destination::Exchange(self.named_exchange(&destination)?);
        Ok(BindingSpec {
            source,
            destination,
            key: detached_name(&key),
            arguments: detached_table(&arguments),
        })
    }

    /// Makes the binding, or finds it; gives back its newest record.
    fn bind(&mut self, spec: BindingSpec) -> Result<Option<Lsn>, BindError> {
        self.check_binding(&spec)?;
        if let Some(known) = self.host.bindings.find(&spec) {
            return Ok(self.host.bindings.get(known).and_then(|binding| binding.recorded));
        }
        let max = self.host.options.limits.bindings_max;
        if self.host.bindings.len() >= max {
            let virtual_host = self.host.options.virtual_host.clone();
            return Err(BindError::TooMany { virtual_host, max });
        }
        let id = BindingId(self.host.serials.next());
        let recorded = self.is_between_durables(&spec).then(|| self.draft.lsn());
        if let Some(exchange) = self.host.exchanges.get_mut(spec.source) {
            exchange.add(id, &spec)?;
        }
        if let Some(lsn) = recorded {
            Fact::put_bound(self.draft.facts(), id, &spec);
            self.host.store.add(lsn, Entity::Binding(id));
        }
        self.host.bindings.insert(id, Binding { spec, recorded });
        Ok(recorded)
    }

    fn unbind(&mut self, spec: &BindingSpec) {
        let Some(id) = self.host.bindings.find(spec) else { return };
        let is_recorded = self.host.bindings.get(id).is_some_and(|found| found.recorded.is_some());
        if is_recorded {
            Fact::put_unbound(self.draft.facts(), id);
        }
        if let Some(source) = self.drop_binding(id)
            && self.remove_if_unbound(source)
        {
            self.remove_bindings_to(Destination::Exchange(source));
        }
    }

    /// An auto-delete exchange goes when its last binding has gone.
    pub(super) fn remove_if_unbound(&mut self, id: ExchangeId) -> bool {
        let is_auto_delete =
            self.host.exchanges.get(id).is_some_and(|exchange| exchange.spec.auto_delete);
        if !is_auto_delete || self.host.bindings.has_source(id) {
            return false;
        }
        let Some(exchange) = self.host.exchanges.remove(id) else { return false };
        if let Some(recorded) = exchange.recorded {
            Fact::put_exchange_deleted(self.draft.facts(), id);
            self.host.store.remove(recorded, Entity::Exchange(id));
        }
        true
    }

    fn check_binding(&self, spec: &BindingSpec) -> Result<(), BindError> {
        let Some(source) = self.host.exchanges.get(spec.source) else { return Ok(()) };
        match source.spec.routes_as() {
            ExchangeKind::Topic => {
                let max = self.host.options.limits.hash_wildcards_max;
                let found = hash_wildcards(&spec.key);
                if found > max { Err(BindError::HashWildcards { found, max }) } else { Ok(()) }
            }
            ExchangeKind::Headers => HeaderMatch::parse(&spec.arguments).map(drop),
            ExchangeKind::ConsistentHash => parse_weight(&spec.key).map(drop),
            ExchangeKind::LocalRandom => self.check_local(spec),
            ExchangeKind::Direct
            | ExchangeKind::Fanout
            | ExchangeKind::ModulusHash
            | ExchangeKind::Random
            | ExchangeKind::Delayed => Ok(()),
        }
    }

    /// RabbitMQ: an exchange of this type leads to classic queues only, and knows no keys.
    fn check_local(&self, spec: &BindingSpec) -> Result<(), BindError> {
        if !spec.key.is_empty() {
            return Err(BindError::KeyNotEmpty { key: spec.key.clone() });
        }
        let Destination::Queue(queue) = spec.destination else { return Err(BindError::NoQueue) };
        let Some(queue) = self.host.queues.get(queue) else { return Err(BindError::NoQueue) };
        match queue.settings.queue_type {
            QueueType::Classic => Ok(()),
            other @ (QueueType::Quorum | QueueType::Stream) => {
                Err(BindError::QueueType { queue_type: other.module_name() })
            }
        }
    }

    fn is_between_durables(&self, spec: &BindingSpec) -> bool {
        let host = &self.host;
        let is_durable = |id| host.exchanges.get(id).is_some_and(Exchange::is_durable);
        is_durable(spec.source)
            && match spec.destination {
                Destination::Queue(queue) => {
                    host.queues.get(queue).is_some_and(|queue| queue.spec.is_recorded())
                }
                Destination::Exchange(exchange) => is_durable(exchange),
            }
    }

    fn answer_bound(&mut self, at: ChannelKey, recorded: Option<Lsn>, answer: Method) {
        match recorded {
            Some(lsn) if lsn > self.host.last_record => self.send_when_written(at, answer),
            Some(_) | None => self.send_when_durable(at, recorded, answer),
        }
    }
}
