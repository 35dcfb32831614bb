//! One exchange: its properties, and where its bindings lead.
//!
//! Knows nothing of queues but their numbers. The default exchange is none of these: it has no
//! bindings, and its keys are the queues' names.

mod bindings;
mod catalogue;
mod destinations;
mod headers;
mod keys;
mod kind;
mod topic;

use alloc::vec::Vec;

use leveret_protocol::{FieldTable, Properties, ShortStr};

pub(crate) use self::{
    bindings::{Binding, BindingSpec, BindingTable},
    catalogue::{Entrance, Exchanges},
    destinations::Destination,
    headers::HeaderMatch,
    kind::ExchangeKind,
    topic::hash_wildcards,
};
use self::{destinations::Destinations, headers::HeaderTable, keys::KeyTable, topic::TopicTrie};
use crate::{
    error::BindError,
    identity::{BindingId, ExchangeId, Lsn},
};

/// What an exchange is declared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExchangeSpec {
    pub(crate) name: ShortStr,
    pub(crate) kind: ExchangeKind,
    pub(crate) durability: ExchangeDurability,
    pub(crate) auto_delete: bool,
    pub(crate) internal: bool,
    pub(crate) arguments: FieldTable,
}

/// Whether an exchange survives a restart, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExchangeDurability {
    Transient,
    Durable,
    /// Durable, and there in every virtual host: nothing of it is recorded.
    Builtin,
}

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

#[derive(Debug)]
enum Router {
    Direct(KeyTable),
    Fanout(Destinations),
    Topic(TopicTrie),
    Headers(HeaderTable),
}

impl Exchange {
    pub(crate) fn new(id: ExchangeId, spec: ExchangeSpec, recorded: Option<Lsn>) -> Self {
        let router = match spec.kind {
            ExchangeKind::Direct => Router::Direct(KeyTable::default()),
            ExchangeKind::Fanout => Router::Fanout(Destinations::default()),
            ExchangeKind::Topic => Router::Topic(TopicTrie::new()),
            ExchangeKind::Headers => Router::Headers(HeaderTable::default()),
        };
        let alternate = crate::arguments::name(&spec.arguments, "alternate-exchange");
        Self { id, spec, alternate, recorded, router }
    }

    pub(crate) const fn is_durable(&self) -> bool {
        !matches!(self.spec.durability, ExchangeDurability::Transient)
    }

    /// Adds a binding that the binding table has taken in.
    pub(crate) fn add(&mut self, id: BindingId, binding: &BindingSpec) -> Result<(), BindError> {
        match &mut self.router {
            Router::Direct(keys) => keys.add(&binding.key, binding.destination),
            Router::Fanout(all) => all.add(binding.destination),
            Router::Topic(trie) => trie.add(&binding.key, binding.destination),
            Router::Headers(table) => {
                let wanted = HeaderMatch::parse(&binding.arguments)?;
                table.add(id, wanted, binding.destination);
            }
        }
        Ok(())
    }

    /// Removes a binding that the binding table has given up.
    pub(crate) fn remove(&mut self, id: BindingId, binding: &BindingSpec) {
        match &mut self.router {
            Router::Direct(keys) => keys.remove(&binding.key, binding.destination),
            Router::Fanout(all) => all.remove(binding.destination),
            Router::Topic(trie) => trie.remove(&binding.key, binding.destination),
            Router::Headers(table) => table.remove(id),
        }
    }

    /// Adds where a message goes from here to `found`; a place may come more than once.
    fn find(&self, keys: &Keys<'_>, properties: &Properties, found: &mut Vec<Destination>) {
        match &self.router {
            Router::Direct(table) => found.extend(keys.iter().flat_map(|key| table.find(key))),
            Router::Fanout(all) => found.extend(all.iter()),
            Router::Topic(trie) => keys.iter().for_each(|key| trie.find(key, found)),
            Router::Headers(table) => {
                found.extend(table.find(&properties.headers().unwrap_or_default()));
            }
        }
    }
}

/// The routing keys of one message: its own, and those of its CC and BCC headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys<'a> {
    pub(crate) own: &'a ShortStr,
    pub(crate) extra: &'a [ShortStr],
}

impl<'a> Keys<'a> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a ShortStr> + use<'a> {
        core::iter::once(self.own).chain(self.extra)
    }
}
