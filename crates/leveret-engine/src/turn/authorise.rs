//! The one place that asks whether a user may do what a method is about to do.
//!
//! Each method asks here with the names it found, in RabbitMQ's order: before it looks whether
//! they exist, so that a refusal tells nothing. Passive declares need no permission.

use alloc::boxed::Box;

use leveret_protocol::ShortStr;

use super::Turn;
pub(super) use crate::error::Access;
use crate::{
    channel::ChannelKey,
    connection::Connection,
    error::{AccessError, MethodError, ResourceKind},
    exchange::ExchangeKind,
    identity::ExchangeId,
};

/// What the default exchange is called in permissions.
const DEFAULT_EXCHANGE: &str = "amq.default";

impl Turn<'_> {
    /// Refuses unless the channel's user may do that with the queue or exchange of that name.
    pub(super) fn authorise(
        &self,
        at: ChannelKey,
        access: Access,
        kind: ResourceKind,
        name: &ShortStr,
    ) -> Result<(), AccessError> {
        let Some(connection) = self.host.connections.get(&at.connection) else { return Ok(()) };
        let default = ShortStr::from_static(DEFAULT_EXCHANGE);
        let is_default = name.is_empty() && kind == ResourceKind::Exchange;
        let name = if is_default { &default } else { name };
        let permissions = connection.authority.permissions();
        let is_allowed = match access {
            Access::Configure => permissions.may_configure(name),
            Access::Write => permissions.may_write(name),
            Access::Read => permissions.may_read(name),
        };
        if is_allowed {
            return Ok(());
        }
        let resource = match kind {
            ResourceKind::Queue => self.host.queue_resource(name),
            ResourceKind::Exchange => self.host.exchange_resource(name),
        };
        let resource = Box::new(resource);
        Err(AccessError::Refused { access, resource, user: connection.user.clone() })
    }

    /// Refuses if the exchange is a topic whose keys are restricted, and this is none of the user's.
    pub(super) fn authorise_topic(
        &self,
        at: ChannelKey,
        access: Access,
        exchange: ExchangeId,
        routing_key: &ShortStr,
    ) -> Result<(), AccessError> {
        let Some(exchange) = self.host.exchanges.get(exchange) else { return Ok(()) };
        let Some(connection) = self.host.connections.get(&at.connection) else { return Ok(()) };
        if exchange.spec.kind != ExchangeKind::Topic {
            return Ok(());
        }
        let (permissions, name) = (connection.authority.permissions(), &exchange.spec.name);
        let is_allowed = match access {
            Access::Configure => true,
            Access::Write => permissions.may_write_topic(name, routing_key),
            Access::Read => permissions.may_read_topic(name, routing_key),
        };
        if is_allowed {
            return Ok(());
        }
        Err(AccessError::Topic {
            access,
            routing_key: routing_key.clone(),
            exchange: Box::new(self.host.exchange_resource(name)),
            user: connection.user.clone(),
        })
    }

    /// Bindings: write where it leads to, read where it comes from; the key, if that is a topic.
    pub(super) fn authorise_binding(
        &self,
        at: ChannelKey,
        source: &ShortStr,
        destination: (ResourceKind, &ShortStr),
        routing_key: &ShortStr,
    ) -> Result<(), MethodError> {
        let (kind, name) = destination;
        self.authorise(at, Access::Write, kind, name)?;
        if source.is_empty() || (kind == ResourceKind::Exchange && name.is_empty()) {
            return Err(crate::error::ResourceError::DefaultExchange.into());
        }
        self.authorise(at, Access::Read, ResourceKind::Exchange, source)?;
        let source = self.host.exchanges.named(source).map(|exchange| exchange.id);
        source.map_or(Ok(()), |source| {
            Ok(self.authorise_topic(at, Access::Read, source, routing_key)?)
        })
    }

    /// Whether messages on that connection may carry this user's name.
    pub(super) fn may_publish_as(connection: &Connection, claimed: &ShortStr) -> bool {
        *claimed == connection.user || connection.authority.permissions().may_impersonate()
    }
}
