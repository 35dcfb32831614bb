//! What there is, a page at a time.

use alloc::vec::Vec;

use super::{
    ChannelView, Listing, Page,
    shown::{binding_view, channel_view, consumer_view, exchange_view, queue_view},
};
use crate::{
    engine::Engine,
    host::Host,
    identity::{BindingId, ConsumerId, ExchangeId, QueueId},
};

impl Engine {
    /// At most `max` of what is listed after the cursor `after` (0 at first), and the next cursor,
    /// if there may be more.
    pub fn page(&self, listing: Listing, after: u64, max: usize) -> (Page, Option<u64>) {
        let host = self.host();
        match listing {
            Listing::Queues => {
                let (queues, next) = take(host.queues.after(QueueId(after)), max, |(id, _)| id.0);
                let views = queues.into_iter().map(|(_, queue)| queue_view(host, queue));
                (Page::Queues(views.collect()), next)
            }
            Listing::Exchanges => {
                let all = host.exchanges.after(ExchangeId(after));
                let (exchanges, next) = take(all, max, |exchange| exchange.id.0);
                (Page::Exchanges(exchanges.into_iter().map(exchange_view).collect()), next)
            }
            Listing::Bindings => {
                let all = host.bindings.after(BindingId(after));
                let (bindings, next) = take(all, max, |(id, _)| id.0);
                let views = bindings.into_iter().filter_map(|(_, spec)| binding_view(host, spec));
                (Page::Bindings(views.collect()), next)
            }
            Listing::Consumers => {
                let all = host.consumers.range(ConsumerId(after.saturating_add(1))..);
                let (consumers, next) = take(all, max, |(id, _)| id.0);
                let consumers = consumers.into_iter();
                let views =
                    consumers.filter_map(|(id, consumer)| consumer_view(host, *id, consumer));
                (Page::Consumers(views.collect()), next)
            }
            Listing::Channels => channels(host, after, max),
        }
    }
}

/// The first `max`, and the cursor of the last, if there are more.
fn take<T>(
    mut all: impl Iterator<Item = T>,
    max: usize,
    cursor: impl Fn(&T) -> u64,
) -> (Vec<T>, Option<u64>) {
    let page: Vec<T> = all.by_ref().take(max).collect();
    let next = if all.next().is_some() { page.last().map(cursor) } else { None };
    (page, next)
}

/// The cursor counts channels: they have no number of their own.
fn channels(host: &Host, after: u64, max: usize) -> (Page, Option<u64>) {
    let all = host.connections.iter().flat_map(|(id, connection)| {
        connection.channels.iter().map(|(number, channel)| (*id, *number, channel))
    });
    let skipped = usize::try_from(after).unwrap_or(usize::MAX);
    let mut rest = all.skip(skipped);
    let waiting = host.confirms.waiting();
    let views: Vec<ChannelView> = rest
        .by_ref()
        .take(max)
        .map(|(connection, number, channel)| {
            let unconfirmed = waiting.get(&channel.opening).copied().unwrap_or_default();
            channel_view((connection, number), channel, unconfirmed)
        })
        .collect();
    let count = u64::try_from(views.len()).unwrap_or(u64::MAX);
    let next = rest.next().map(|_| after.saturating_add(count));
    (Page::Channels(views), next)
}
