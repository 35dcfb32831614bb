//! One exchange: its properties, and where its bindings lead.
//!
//! Knows nothing of queues but their numbers. The default exchange is none of these: it has no
//! bindings, and its keys are the queues' names.

mod bindings;
mod catalogue;
mod delay;
mod destinations;
mod hashing;
mod headers;
mod keys;
mod kind;
mod routed;
mod router;
mod routing_keys;
mod spec;
mod topic;

use alloc::vec::Vec;

use leveret_protocol::{Properties, ShortStr};

use self::router::Router;
pub(crate) use self::{
    bindings::{Binding, BindingSpec, BindingTable},
    catalogue::{Entrance, Exchanges},
    delay::without_delay,
    destinations::Destination,
    hashing::{HashOn, parse_weight},
    headers::HeaderMatch,
    kind::ExchangeKind,
    routed::{Named, Routed},
    routing_keys::Keys,
    spec::{ExchangeDurability, ExchangeSpec},
    topic::hash_wildcards,
};
use crate::{
    chance::Chance,
    error::BindError,
    identity::{BindingId, ExchangeId, Lsn},
};

/// An exchange with its bindings.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) id: ExchangeId,
    pub(crate) spec: ExchangeSpec,
    pub(crate) alternate: Option<ShortStr>,
    /// Its newest record, if it has one.
    pub(crate) recorded: Option<Lsn>,
    router: Router,
}

impl Exchange {
    pub(crate) fn new(id: ExchangeId, spec: ExchangeSpec, recorded: Option<Lsn>) -> Self {
        let router = Router::new(&spec);
        let alternate = crate::arguments::name(&spec.arguments, "alternate-exchange");
        Self { id, spec, alternate, recorded, router }
    }

    pub(crate) const fn is_durable(&self) -> bool {
        !matches!(self.spec.durability, ExchangeDurability::Transient)
    }

    /// Adds a binding that the binding table has taken in.
    pub(crate) fn add(&mut self, id: BindingId, binding: &BindingSpec) -> Result<(), BindError> {
        self.router.add(id, binding)
    }

    /// Removes a binding that the binding table has given up.
    pub(crate) fn remove(&mut self, id: BindingId, binding: &BindingSpec) {
        self.router.remove(id, binding);
    }

    /// Adds where a message goes from here to `found`; a place may come more than once.
    fn find(
        &self,
        message: (&Keys<'_>, &Properties),
        chance: &mut Chance,
        found: &mut Vec<Destination>,
    ) {
        self.router.find(message, chance, found);
    }
}
