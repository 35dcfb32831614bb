//! What was counted, at two looks: rates are what came between them.
//!
//! Looks are taken while the HTTP API is on. Keeps true: a look changes nothing, asks an engine a
//! page at a time, and remembers two looks at a bounded number of things.

mod change;
mod machine;
mod traffic;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use leveret_engine::{
    ChannelView, Churn, ConnectionId, Counts, ExchangeCounts, ExchangeView, Listing, Page,
    QueueView, Sought,
};
use leveret_protocol::{ChannelNumber, ShortStr, Timestamp};

pub(crate) use self::{
    change::{Change, Span},
    machine::{MachineLook, MachineSamples},
    traffic::{Octets, TrafficSamples},
};
use crate::host::Ingress;

/// Things of one kind in one virtual host that are remembered; others have no rates.
const REMEMBERED_MAX: usize = 50_000;

/// Asked of an engine at a time.
const PAGE_ITEMS: usize = 500;

/// How much of the last look is left in the figure of how busy consumers are.
const UTILISATION_KEPT: f64 = 0.8;

/// The last looks at all virtual hosts.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    // Written once in an interval; read for as long as it takes to count one up.
    hosts: Mutex<BTreeMap<String, Arc<HostSamples>>>,
    machine: Mutex<MachineSamples>,
    traffic: Mutex<Arc<TrafficSamples>>,
}

/// The last two looks at one virtual host.
#[derive(Debug, Default)]
pub(crate) struct HostSamples {
    pub(crate) span: Option<Span>,
    looked_at: Timestamp,
    pub(crate) queues: HashMap<ShortStr, QueueSamples>,
    pub(crate) exchanges: HashMap<ShortStr, Change<ExchangeCounts>>,
    pub(crate) channels: HashMap<(ConnectionId, ChannelNumber), Change<Counts>>,
    /// Of all channels, also those that are closed.
    pub(crate) totals: Change<Counts>,
    pub(crate) churn: Change<Churn>,
    /// Of the queues that are remembered.
    pub(crate) waiting: Change<Waiting>,
}

/// The last two looks at a queue.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct QueueSamples {
    pub(crate) counts: Change<Counts>,
    pub(crate) waiting: Change<Waiting>,
    /// How much of the time some consumer would have taken a message: 0 to 1.
    pub(crate) utilisation: f64,
    /// When something was last seen to have happened; since then it is idle.
    pub(crate) changed_at: Timestamp,
}

/// Messages in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Waiting {
    pub(crate) ready: u64,
    pub(crate) unacked: u64,
}

impl Samples {
    /// The last looks at a virtual host.
    pub(crate) fn host(&self, name: &str) -> Arc<HostSamples> {
        self.lock().get(name).map(Arc::clone).unwrap_or_default()
    }

    /// Looks once more at a virtual host.
    pub(crate) async fn look_at(&self, name: &str, ingress: &Ingress, at: Timestamp) {
        let before = self.host(name);
        let look = Look::take(ingress, at).await;
        self.lock().insert(name.to_owned(), Arc::new(before.followed_by(look)));
    }

    /// The last looks at the broker beside its virtual hosts.
    pub(crate) fn machine(&self) -> MachineSamples {
        *self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last looks at connections; they were when those at the broker were.
    pub(crate) fn traffic(&self) -> Arc<TrafficSamples> {
        Arc::clone(&self.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks once more at the broker and its connections.
    pub(crate) fn note_machine(
        &self,
        look: MachineLook,
        connections: impl Iterator<Item = (ConnectionId, Octets)>,
        at: Timestamp,
    ) {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = machine.is_empty();
        *traffic = Arc::new(traffic.followed_by(connections.take(REMEMBERED_MAX), is_first));
        *machine = machine.followed_by(look, at);
    }

    /// Forgets the virtual hosts that are gone.
    pub(crate) fn retain(&self, is_there: impl Fn(&str) -> bool) {
        self.lock().retain(|name, _| is_there(name));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<HostSamples>>> {
        // A panic leaves no half entry.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one look saw.
#[derive(Debug, Default)]
struct Look {
    at: Timestamp,
    queues: Vec<QueueView>,
    exchanges: Vec<ExchangeView>,
    channels: Vec<ChannelView>,
    totals: Counts,
    churn: Churn,
}

impl Look {
    async fn take(ingress: &Ingress, at: Timestamp) -> Self {
        let mut look = Self { at, ..Self::default() };
        for listing in [Listing::Queues, Listing::Exchanges, Listing::Channels] {
            let (mut after, mut seen) = (0, 0);
            while seen < REMEMBERED_MAX {
                let Some((page, next)) = ingress.page(listing, after, PAGE_ITEMS).await else {
                    return look;
                };
                look.note(page);
                let Some(cursor) = next else { break };
                (after, seen) = (cursor, seen + PAGE_ITEMS);
            }
        }
        if let Some(page) = ingress.seek(Sought::Totals, 1).await {
            look.note(page);
        }
        if let Some(vitals) = ingress.vitals().await {
            look.churn = vitals.churn;
        }
        look
    }

    fn note(&mut self, page: Page) {
        match page {
            Page::Queues(queues) => self.queues.extend(queues),
            Page::Exchanges(exchanges) => self.exchanges.extend(exchanges),
            Page::Channels(channels) => self.channels.extend(channels),
            Page::Totals(totals) => {
                self.totals = totals.channels;
                let counts = totals.default_exchange;
                self.exchanges.push(ExchangeView {
                    name: ShortStr::EMPTY,
                    kind: "direct",
                    durable: true,
                    auto_delete: false,
                    internal: false,
                    arguments: leveret_protocol::FieldTable::default(),
                    counts,
                });
            }
            Page::Bindings(_) | Page::Consumers(_) => {}
        }
    }
}

impl HostSamples {
    /// These looks with one more; the older of the two before is forgotten.
    fn followed_by(&self, look: Look) -> Self {
        let is_first = self.looked_at == Timestamp::default();
        // What was there at the first look did not come since a look before.
        let queues = look.queues.into_iter().map(|queue| {
            let before = self.queues.get(&queue.name);
            (queue.name.clone(), QueueSamples::next(before, &queue, (look.at, is_first)))
        });
        let queues: HashMap<ShortStr, QueueSamples> = queues.collect();
        let exchanges = look.exchanges.into_iter().map(|exchange| {
            let before = self.exchanges.get(&exchange.name);
            (exchange.name, Change::next(before, exchange.counts, is_first))
        });
        let channels = look.channels.into_iter().map(|channel| {
            let key = (channel.connection, channel.number);
            (key, Change::next(self.channels.get(&key), channel.counts, is_first))
        });
        let waiting = queues.values().fold(Change::<Waiting>::default(), |sum, queue| Change {
            before: sum.before.plus(queue.waiting.before),
            last: sum.last.plus(queue.waiting.last),
        });
        Self {
            span: (!is_first).then_some(Span { before: self.looked_at, last: look.at }),
            looked_at: look.at,
            exchanges: exchanges.collect(),
            channels: channels.collect(),
            totals: Change::next((!is_first).then_some(&self.totals), look.totals, is_first),
            churn: Change::next((!is_first).then_some(&self.churn), look.churn, is_first),
            waiting,
            queues,
        }
    }
}

impl QueueSamples {
    fn next(before: Option<&Self>, queue: &QueueView, (at, is_first): (Timestamp, bool)) -> Self {
        let waiting = Waiting { ready: queue.ready, unacked: queue.unacked };
        let counts = Change::next(before.map(|seen| &seen.counts), queue.counts, is_first);
        let is_idle = before.is_some() && counts.before == counts.last;
        let now = if queue.has_taker { 1.0 } else { 0.0 };
        let utilisation = before.map_or(now, |seen| {
            seen.utilisation * UTILISATION_KEPT + now * (1.0 - UTILISATION_KEPT)
        });
        Self {
            counts,
            waiting: Change::next(before.map(|seen| &seen.waiting), waiting, is_first),
            utilisation: if queue.consumers == 0 { 0.0 } else { utilisation },
            changed_at: before.filter(|_| is_idle).map_or(at, |seen| seen.changed_at),
        }
    }
}

impl Waiting {
    pub(crate) const fn plus(self, other: Self) -> Self {
        let ready = self.ready.saturating_add(other.ready);
        Self { ready, unacked: self.unacked.saturating_add(other.unacked) }
    }
}
