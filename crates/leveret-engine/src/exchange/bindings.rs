//! All bindings: found by what they say, where they start and where they end.
//!
//! A binding is what it says; the same one made twice is one.

use alloc::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use super::destinations::Destination;
use crate::identity::{BindingId, ExchangeId, Lsn, QueueId};

/// What a binding says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BindingSpec {
    pub(crate) source: ExchangeId,
    pub(crate) destination: Destination,
    pub(crate) key: ShortStr,
    pub(crate) arguments: FieldTable,
}

/// A binding.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) spec: BindingSpec,
    /// Its newest record, if it has one.
    pub(crate) recorded: Option<Lsn>,
}

#[derive(Debug, Default)]
pub(crate) struct BindingTable {
    bindings: BTreeMap<BindingId, Binding>,
    by_spec: BTreeMap<SpecKey, BindingId>,
    by_destination: BTreeSet<(Destination, BindingId)>,
}

/// A spec in an order, first by source. Arguments are ordered by name: many clients write a
/// table's fields in another order every time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SpecKey {
    source: ExchangeId,
    destination: Destination,
    key: ShortStr,
    arguments: Bytes,
}

impl SpecKey {
    fn new(spec: &BindingSpec) -> Self {
        let arguments = if spec.arguments.is_empty() {
            Bytes::new()
        } else {
            let sorted: BTreeMap<ShortStr, FieldValue> = spec.arguments.iter().collect();
            let table: FieldTable = sorted.into_iter().collect();
            Bytes::copy_from_slice(table.as_bytes())
        };
        let (source, destination, key) = (spec.source, spec.destination, spec.key.clone());
        Self { source, destination, key, arguments }
    }

    /// Before every spec of that source.
    fn first_of(source: ExchangeId) -> Self {
        let destination = Destination::Queue(QueueId(0));
        Self { source, destination, key: ShortStr::EMPTY, arguments: Bytes::new() }
    }
}

impl BindingTable {
    pub(crate) fn find(&self, spec: &BindingSpec) -> Option<BindingId> {
        self.by_spec.get(&SpecKey::new(spec)).copied()
    }

    pub(crate) fn get(&self, id: BindingId) -> Option<&Binding> {
        self.bindings.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: BindingId) -> Option<&mut Binding> {
        self.bindings.get_mut(&id)
    }

    /// Adds a binding that [`find`](Self::find) does not know.
    pub(crate) fn insert(&mut self, id: BindingId, binding: Binding) {
        self.by_spec.insert(SpecKey::new(&binding.spec), id);
        self.by_destination.insert((binding.spec.destination, id));
        self.bindings.insert(id, binding);
    }

    pub(crate) fn remove(&mut self, id: BindingId) -> Option<Binding> {
        let binding = self.bindings.remove(&id)?;
        self.by_spec.remove(&SpecKey::new(&binding.spec));
        self.by_destination.remove(&(binding.spec.destination, id));
        Some(binding)
    }

    pub(crate) fn has_source(&self, source: ExchangeId) -> bool {
        self.of_source(source).next().is_some()
    }

    pub(crate) fn first_from(&self, source: ExchangeId) -> Option<BindingId> {
        self.of_source(source).next()
    }

    pub(crate) fn first_to(&self, destination: Destination) -> Option<BindingId> {
        let first = (destination, BindingId(0));
        let last = (destination, BindingId(u64::MAX));
        self.by_destination.range(first..=last).next().map(|(_, id)| *id)
    }

    pub(crate) fn after(&self, id: BindingId) -> impl Iterator<Item = (BindingId, &BindingSpec)> {
        let next = BindingId(id.0.saturating_add(1));
        self.bindings.range(next..).map(|(id, binding)| (*id, &binding.spec))
    }

    pub(crate) fn from(&self, source: ExchangeId) -> impl Iterator<Item = &BindingSpec> {
        self.of_source(source).filter_map(|id| Some(&self.get(id)?.spec))
    }

    pub(crate) fn to(&self, destination: Destination) -> impl Iterator<Item = &BindingSpec> {
        let all = (destination, BindingId(0))..=(destination, BindingId(u64::MAX));
        self.by_destination.range(all).filter_map(|(_, id)| Some(&self.get(*id)?.spec))
    }

    pub(crate) fn len(&self) -> usize {
        self.bindings.len()
    }

    fn of_source(&self, source: ExchangeId) -> impl Iterator<Item = BindingId> {
        self.by_spec
            .range(SpecKey::first_of(source)..)
            .take_while(move |(key, _)| key.source == source)
            .map(|(_, id)| *id)
    }
}
