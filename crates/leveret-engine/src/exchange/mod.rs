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
mod memory;
mod routed;
mod router;
mod routing_keys;
mod spec;
mod topic;

use alloc::vec::Vec;

use leveret_protocol::{Properties, ShortStr};

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
use self::{
    memory::{Edition, KeyMemory},
    router::Router,
};
use crate::{
    chance::Chance,
    counts::ExchangeCounts,
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
    pub(crate) counts: ExchangeCounts,
    router: Router,
    /// Counts changes of its bindings.
    version: u64,
}

impl Exchange {
    pub(crate) fn new(id: ExchangeId, spec: ExchangeSpec, recorded: Option<Lsn>) -> Self {
        let router = Router::new(&spec);
        let alternate = crate::arguments::name(&spec.arguments, "alternate-exchange");
        let counts = ExchangeCounts::default();
        Self { id, spec, alternate, recorded, counts, router, version: 0 }
    }

    pub(crate) const fn is_durable(&self) -> bool {
        !matches!(self.spec.durability, ExchangeDurability::Transient)
    }

    /// Adds a binding that the binding table has taken in.
    pub(crate) fn add(&mut self, id: BindingId, binding: &BindingSpec) -> Result<(), BindError> {
        self.version += 1;
        self.router.add(id, binding)
    }

    /// Removes a binding that the binding table has given up.
    pub(crate) fn remove(&mut self, id: BindingId, binding: &BindingSpec) {
        self.version += 1;
        self.router.remove(id, binding);
    }

    /// Adds where a message goes from here to `found`; a place may come more than once.
    fn find(
        &self,
        message: (&Keys<'_>, &Properties),
        (chance, memory): (&mut Chance, &mut KeyMemory),
        found: &mut Vec<Destination>,
    ) {
        let Router::Topic(trie) = &self.router else {
            return self.router.find(message, chance, found);
        };
        let edition = Edition { exchange: self.id, version: self.version };
        for key in message.0.iter() {
            memory.find(edition, key, found, |found| trie.find(key, found));
        }
    }
}
