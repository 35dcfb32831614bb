//! `exchange.delete`, and what goes with an exchange.

use leveret_protocol::{Method, exchange};

use super::{
    Turn,
    authorise::Access,
    names::{clean, is_reserved},
};
use crate::{
    channel::ChannelKey,
    error::{MethodError, ResourceError, ResourceKind},
    exchange::Destination,
    identity::ExchangeId,
    record::Fact,
    store::Entity,
};

impl Turn<'_> {
    pub(super) fn exchange_delete(
        &mut self,
        at: ChannelKey,
        delete: exchange::Delete,
    ) -> Result<(), MethodError> {
        let name = clean(&delete.exchange)?;
        if name.is_empty() {
            return Err(ResourceError::DefaultExchange.into());
        }
        let resource = self.host.exchange_resource(&name);
        if is_reserved(&name) {
            return Err(ResourceError::SystemExchange { resource }.into());
        }
        self.authorise(at, Access::Configure, ResourceKind::Exchange, &name)?;
        // RabbitMQ: to delete what does not exist succeeds.
        if let Some(id) = self.host.exchanges.named(&name).map(|exchange| exchange.id) {
            if delete.if_unused && self.host.bindings.has_source(id) {
                return Err(ResourceError::InUse { resource }.into());
            }
            self.remove_exchange(id);
        }
        if !delete.no_wait {
            self.send_when_written(at, Method::ExchangeDeleteOk(exchange::DeleteOk));
        }
        Ok(())
    }

    /// The exchange goes, its bindings on both sides with it.
    pub(super) fn remove_exchange(&mut self, id: ExchangeId) {
        let Some(exchange) = self.host.exchanges.remove(id) else { return };
        if let Some(recorded) = exchange.recorded {
            Fact::put_exchange_deleted(self.draft.facts(), id);
            self.host.store.remove(recorded, Entity::Exchange(id));
        }
        self.go_on_unbinding_from(id);
        self.remove_bindings_to(Destination::Exchange(id));
    }
}
