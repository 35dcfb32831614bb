//! `exchange.declare`.

use alloc::boxed::Box;

use leveret_protocol::{FieldValue, Method, ShortStr, exchange};

use super::{
    Turn,
    authorise::Access,
    names::{clean, is_reserved},
};
use crate::{
    arguments::difference,
    channel::ChannelKey,
    error::{Compared, DeclareError, MethodError, Property, ResourceError, ResourceKind, Sides},
    exchange::{Exchange, ExchangeDurability, ExchangeKind, ExchangeSpec, HashOn},
    identity::{ExchangeId, Lsn},
    message::{detached_name, detached_table},
    record::Fact,
    store::Entity,
};

impl Turn<'_> {
    pub(super) fn exchange_declare(
        &mut self,
        at: ChannelKey,
        declare: exchange::Declare,
    ) -> Result<(), MethodError> {
        let name = clean(&declare.exchange)?;
        if declare.passive {
            let exchange = self.named_exchange(&name)?;
            let recorded = self.host.exchanges.get(exchange).and_then(|found| found.recorded);
            self.answer_declared(at, recorded, declare.no_wait);
            return Ok(());
        }
        let kind = ExchangeKind::parse(&declare.kind)?;
        if name.is_empty() {
            return Err(ResourceError::DefaultExchange.into());
        }
        self.authorise(at, Access::Configure, ResourceKind::Exchange, &name)?;
        if let Some(current) = self.host.exchanges.named(&name) {
            let recorded = current.recorded;
            self.check_same_exchange(current, kind, &declare)?;
            self.answer_declared(at, recorded, declare.no_wait);
            return Ok(());
        }
        if is_reserved(&name) {
            return Err(ResourceError::ReservedName { kind: ResourceKind::Exchange, name }.into());
        }
        if kind.routes_as(&declare.arguments)? == ExchangeKind::ConsistentHash {
            HashOn::parse(&declare.arguments)?;
        }
        if let Some(alternate) = self.alternate(&name, &declare)? {
            self.authorise(at, Access::Read, ResourceKind::Exchange, &name)?;
            self.authorise(at, Access::Write, ResourceKind::Exchange, &alternate)?;
        }
        self.create_exchange(&name, kind, &declare);
        if !declare.no_wait {
            self.send_when_written(at, Method::ExchangeDeclareOk(exchange::DeclareOk));
        }
        Ok(())
    }

    fn answer_declared(&mut self, at: ChannelKey, recorded: Option<Lsn>, no_wait: bool) {
        if !no_wait {
            let answer = Method::ExchangeDeclareOk(exchange::DeclareOk);
            self.send_when_durable(at, recorded, answer);
        }
    }

    fn alternate(
        &self,
        name: &ShortStr,
        declare: &exchange::Declare,
    ) -> Result<Option<ShortStr>, DeclareError> {
        const ARGUMENT: &str = "alternate-exchange";
        match declare.arguments.get(ARGUMENT) {
            None => Ok(None),
            Some(FieldValue::LongString(name)) => Ok(ShortStr::new(name).ok()),
            Some(found) => Err(DeclareError::ArgumentType {
                argument: ARGUMENT,
                resource: self.host.exchange_resource(name),
                found: Box::new(found),
            }),
        }
    }

    fn create_exchange(
        &mut self,
        name: &ShortStr,
        kind: ExchangeKind,
        declare: &exchange::Declare,
    ) {
        let durability = if declare.durable {
            ExchangeDurability::Durable
        } else {
            ExchangeDurability::Transient
        };
        let spec = ExchangeSpec {
            name: detached_name(name),
            kind,
            durability,
            auto_delete: declare.auto_delete,
            internal: declare.internal,
            arguments: detached_table(&declare.arguments),
        };
        let id = ExchangeId(self.host.serials.next());
        let recorded = declare.durable.then(|| self.draft.lsn());
        if let Some(lsn) = recorded {
            Fact::put_exchange_declared(self.draft.facts(), id, &spec);
            self.host.store.add(lsn, Entity::Exchange(id));
        }
        self.host.exchanges.insert(Exchange::new(id, spec, recorded));
        self.follow_policies_of_exchange(id);
    }

    fn check_same_exchange(
        &self,
        current: &Exchange,
        kind: ExchangeKind,
        received: &exchange::Declare,
    ) -> Result<(), DeclareError> {
        let spec = &current.spec;
        let resource = self.host.exchange_resource(&spec.name);
        if kind != spec.kind {
            let received = Compared::Plain(kind.name().into());
            let current = Compared::Plain(spec.kind.name().into());
            let (property, sides) = (Property::Kind, Box::new(Sides { received, current }));
            return Err(DeclareError::Inequivalent { property, resource, sides });
        }
        let flags = [
            (Property::Durable, received.durable, current.is_durable()),
            (Property::AutoDelete, received.auto_delete, spec.auto_delete),
            (Property::Internal, received.internal, spec.internal),
        ];
        if let Some((property, received, current)) =
            flags.into_iter().find(|(_, received, current)| received != current)
        {
            let sides = Box::new(Sides::of_flags(received, current));
            return Err(DeclareError::Inequivalent { property, resource, sides });
        }
        match difference(&["alternate-exchange"], &received.arguments, &spec.arguments) {
            Some((property, sides)) => {
                Err(DeclareError::Inequivalent { property, resource, sides })
            }
            None => Ok(()),
        }
    }
}
