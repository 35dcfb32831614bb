//! Where an exchange's bindings lead, in the form its type asks for.

use alloc::vec::Vec;

use leveret_protocol::Properties;

use super::{
    bindings::BindingSpec,
    destinations::{Destination, Destinations},
    hashing::{HashOn, HashTable, ModulusTable, parse_weight},
    headers::{HeaderMatch, HeaderTable},
    keys::KeyTable,
    kind::ExchangeKind,
    routing_keys::Keys,
    spec::ExchangeSpec,
    topic::TopicTrie,
};
use crate::{chance::Chance, error::BindError, identity::BindingId};

#[derive(Debug)]
pub(super) enum Router {
    Direct(KeyTable),
    Fanout(Destinations),
    Topic(TopicTrie),
    Headers(HeaderTable),
    ConsistentHash(HashTable),
    ModulusHash(ModulusTable),
    Random(ModulusTable),
}

impl Router {
    pub(super) fn new(spec: &ExchangeSpec) -> Self {
        match spec.routes_as() {
            ExchangeKind::Direct => Self::Direct(KeyTable::default()),
            ExchangeKind::Fanout => Self::Fanout(Destinations::default()),
            ExchangeKind::Topic => Self::Topic(TopicTrie::new()),
            ExchangeKind::Headers => Self::Headers(HeaderTable::default()),
            ExchangeKind::ConsistentHash => {
                // The arguments were legal when it was declared.
                let on = HashOn::parse(&spec.arguments).unwrap_or(HashOn::RoutingKey);
                Self::ConsistentHash(HashTable::new(on))
            }
            ExchangeKind::ModulusHash => Self::ModulusHash(ModulusTable::default()),
            ExchangeKind::Random | ExchangeKind::LocalRandom | ExchangeKind::Delayed => {
                Self::Random(ModulusTable::default())
            }
        }
    }

    pub(super) fn add(&mut self, id: BindingId, binding: &BindingSpec) -> Result<(), BindError> {
        match self {
            Self::Direct(keys) => keys.add(&binding.key, binding.destination),
            Self::Fanout(all) => all.add(binding.destination),
            Self::Topic(trie) => trie.add(&binding.key, binding.destination),
            Self::Headers(table) => {
                let wanted = HeaderMatch::parse(&binding.arguments)?;
                table.add(id, wanted, binding.destination);
            }
            Self::ConsistentHash(table) => {
                table.add(id, parse_weight(&binding.key)?, binding.destination);
            }
            Self::ModulusHash(table) | Self::Random(table) => table.add(id, binding.destination),
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, id: BindingId, binding: &BindingSpec) {
        match self {
            Self::Direct(keys) => keys.remove(&binding.key, binding.destination),
            Self::Fanout(all) => all.remove(binding.destination),
            Self::Topic(trie) => trie.remove(&binding.key, binding.destination),
            Self::Headers(table) => table.remove(id),
            Self::ConsistentHash(table) => table.remove(id),
            Self::ModulusHash(table) | Self::Random(table) => table.remove(id),
        }
    }

    /// Adds where a message goes from here to `found`; a place may come more than once.
    pub(super) fn find(
        &self,
        (keys, properties): (&Keys<'_>, &Properties),
        chance: &mut Chance,
        found: &mut Vec<Destination>,
    ) {
        match self {
            Self::Direct(table) => found.extend(keys.iter().flat_map(|key| table.find(key))),
            Self::Fanout(all) => found.extend(all.iter()),
            Self::Topic(trie) => keys.iter().for_each(|key| trie.find(key, found)),
            Self::Headers(table) => {
                found.extend(table.find(&properties.headers().unwrap_or_default()));
            }
            Self::ConsistentHash(table) => found.extend(table.find(keys, properties)),
            Self::ModulusHash(table) => found.extend(table.find(keys)),
            Self::Random(table) => found.extend(table.at(chance.next())),
        }
    }
}
