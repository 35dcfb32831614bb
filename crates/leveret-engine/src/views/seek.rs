//! What is found by name.

use super::{
    Page, Sought, Totals,
    shown::{binding_view, exchange_view, queue_view},
};
use crate::{
    engine::Engine,
    exchange::{BindingSpec, Destination},
    host::Host,
};

impl Engine {
    /// What has that name, or starts or ends where it says; at most `max`.
    pub fn seek(&self, sought: &Sought, max: usize) -> Page {
        let host = self.host();
        match sought {
            Sought::Queue(name) => {
                let found = host.queues.named(name).map(|queue| queue_view(host, queue));
                Page::Queues(found.into_iter().collect())
            }
            Sought::Exchange(name) => {
                Page::Exchanges(host.exchanges.named(name).map(exchange_view).into_iter().collect())
            }
            Sought::BindingsFrom(name) => {
                let exchange = host.exchanges.named(name);
                let all = exchange.into_iter().flat_map(|found| host.bindings.from(found.id));
                bindings(host, all, max)
            }
            Sought::BindingsToQueue(name) => {
                let queue = host.queues.id_of(name).map(Destination::Queue);
                bindings(host, queue.into_iter().flat_map(|to| host.bindings.to(to)), max)
            }
            Sought::BindingsToExchange(name) => {
                let exchange = host.exchanges.named(name);
                let exchange = exchange.map(|found| Destination::Exchange(found.id));
                bindings(host, exchange.into_iter().flat_map(|to| host.bindings.to(to)), max)
            }
            Sought::Totals => Page::Totals(totals(host)),
        }
    }
}

fn bindings<'a>(host: &Host, all: impl Iterator<Item = &'a BindingSpec>, max: usize) -> Page {
    Page::Bindings(all.take(max).filter_map(|spec| binding_view(host, spec)).collect())
}

/// The channels that are open now, and those that were.
fn totals(host: &Host) -> Totals {
    let waiting = host.confirms.waiting();
    let open = host.connections.values().flat_map(|connection| connection.channels.values());
    let channels = open.fold(host.closed, |sum, channel| {
        let unconfirmed = waiting.get(&channel.opening).copied().unwrap_or_default();
        sum.plus(channel.total(unconfirmed))
    });
    Totals { channels, default_exchange: host.exchanges.default_counts }
}
