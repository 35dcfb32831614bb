//! The exchanges of a virtual host, and the way of a message through them.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use leveret_protocol::{FieldTable, Properties, ShortStr};

use super::{
    Exchange, ExchangeDurability, ExchangeKind, ExchangeSpec, Keys, Named, Routed, delay::delay_of,
    destinations::Destination, memory::KeyMemory,
};
use crate::{chance::Chance, counts::ExchangeCounts, identity::ExchangeId};

/// All exchanges by number and by name.
#[derive(Debug)]
pub(crate) struct Exchanges {
    by_id: BTreeMap<ExchangeId, Exchange>,
    by_name: BTreeMap<ShortStr, ExchangeId>,
    memory: KeyMemory,
    /// Of the exchange without a name.
    pub(crate) default_counts: ExchangeCounts,
}

/// Where a message is handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entrance {
    /// The exchange without a name: keys are the queues' names.
    Default,
    Exchange(ExchangeId),
}

/// The exchanges that are in every virtual host, numbered in this order from 1.
const BUILTIN: [(&str, ExchangeKind, bool); 6] = [
    ("amq.direct", ExchangeKind::Direct, false),
    ("amq.fanout", ExchangeKind::Fanout, false),
    ("amq.topic", ExchangeKind::Topic, false),
    ("amq.headers", ExchangeKind::Headers, false),
    ("amq.match", ExchangeKind::Headers, false),
    (Exchanges::TRACE, ExchangeKind::Topic, true),
];

impl Exchanges {
    /// Numbers up to this one are kept for the exchanges of every virtual host.
    pub(crate) const NUMBERS_KEPT: u64 = 15;

    /// Where traces go.
    pub(crate) const TRACE: &str = "amq.rabbitmq.trace";

    /// The exchanges of every virtual host.
    pub(crate) fn builtin() -> Self {
        let (by_id, by_name) = (BTreeMap::new(), BTreeMap::new());
        let (memory, default_counts) = (KeyMemory::default(), ExchangeCounts::default());
        let mut all = Self { by_id, by_name, memory, default_counts };
        for (number, (name, kind, internal)) in (1..).zip(BUILTIN) {
            let spec = ExchangeSpec {
                name: ShortStr::from_static(name),
                kind,
                durability: ExchangeDurability::Builtin,
                auto_delete: false,
                internal,
                arguments: FieldTable::default(),
            };
            all.insert(Exchange::new(ExchangeId(number), spec, None));
        }
        all
    }

    pub(crate) fn insert(&mut self, exchange: Exchange) {
        self.by_name.insert(exchange.spec.name.clone(), exchange.id);
        self.by_id.insert(exchange.id, exchange);
    }

    pub(crate) fn remove(&mut self, id: ExchangeId) -> Option<Exchange> {
        let exchange = self.by_id.remove(&id)?;
        self.by_name.remove(&exchange.spec.name);
        Some(exchange)
    }

    pub(crate) fn get(&self, id: ExchangeId) -> Option<&Exchange> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn next_after(&self, id: ExchangeId) -> Option<ExchangeId> {
        self.after(id).next().map(|exchange| exchange.id)
    }

    pub(crate) fn after(&self, id: ExchangeId) -> impl Iterator<Item = &Exchange> {
        let next = ExchangeId(id.0.saturating_add(1));
        self.by_id.range(next..).map(|(_, exchange)| exchange)
    }

    pub(crate) fn named(&self, name: &ShortStr) -> Option<&Exchange> {
        self.get(*self.by_name.get(name)?)
    }

    pub(crate) fn entrance(&self, name: &ShortStr) -> Option<Entrance> {
        if name.is_empty() {
            return Some(Entrance::Default);
        }
        self.by_name.get(name).copied().map(Entrance::Exchange)
    }

    /// A client has published to it, and that reached so many queues.
    pub(crate) fn count(&mut self, entrance: Entrance, queues: usize) {
        let counts = match entrance {
            Entrance::Default => Some(&mut self.default_counts),
            Entrance::Exchange(id) => self.by_id.get_mut(&id).map(|exchange| &mut exchange.counts),
        };
        if let Some(counts) = counts {
            counts.publish_in += 1;
            counts.publish_out += u64::try_from(queues).unwrap_or_default();
        }
    }

    /// Adds each place that a message reaches to `routed`, once, in a fixed order.
    ///
    /// An exchange is passed once, however the bindings run in circles. One that leads nowhere
    /// passes the message to its alternate.
    pub(crate) fn route(
        &mut self,
        entrance: Entrance,
        (keys, properties): (Keys<'_>, &Properties),
        (chance, find_named): (&mut Chance, impl Fn(&ShortStr) -> Option<Named>),
        routed: &mut Routed,
    ) {
        let mut passed = BTreeSet::new();
        let mut waiting = Vec::new();
        let mut found = Vec::new();
        let mut next = Some(entrance);
        while let Some(at) = next {
            let exchange = match at {
                Entrance::Default => {
                    keys.iter().for_each(|key| routed.add(key, find_named(key)));
                    None
                }
                Entrance::Exchange(id) => self.by_id.get(&id),
            };
            if let Some(exchange) = exchange {
                if exchange.spec.kind == ExchangeKind::Delayed
                    && let Some(millis) = delay_of(properties)
                {
                    routed.held.push((exchange.id, millis));
                    passed.insert(at);
                    next = waiting.pop();
                    continue;
                }
                exchange.find((&keys, properties), (chance, &mut self.memory), &mut found);
                if let (true, Some(alternate)) = (found.is_empty(), &exchange.alternate) {
                    // RabbitMQ: the default exchange is no alternate.
                    let alternate = self.by_name.get(alternate).copied();
                    waiting.extend(alternate.map(Entrance::Exchange));
                }
            }
            for destination in found.drain(..) {
                match destination {
                    Destination::Queue(queue) => routed.queues.push(queue),
                    Destination::Exchange(id) => waiting.push(Entrance::Exchange(id)),
                }
            }
            if !waiting.is_empty() {
                passed.insert(at);
                waiting.retain(|place| !passed.contains(place));
            }
            next = waiting.pop();
        }
        routed.make_unique();
    }
}
