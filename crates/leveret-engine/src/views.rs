//! What an engine tells of itself to those who look: values, a page at a time.
//!
//! Looking changes nothing. A page is bounded by the caller, and goes on after a number that the
//! page before gave; what comes and goes meanwhile is seen or not.

use alloc::{collections::BTreeMap, vec::Vec};

use leveret_protocol::{ChannelNumber, FieldTable, ShortStr};

use crate::{
    channel::Mode,
    engine::Engine,
    exchange::Destination,
    host::Host,
    identity::{BindingId, ConnectionId, ConsumerId, ExchangeId, QueueId},
    queue::Queue,
};

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// Its name.
    pub name: ShortStr,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// The connection that has it for itself.
    pub owner: Option<ConnectionId>,
    /// `classic` or `quorum`.
    pub queue_type: &'static str,
    /// What it was declared with.
    pub arguments: FieldTable,
    /// Messages that wait.
    pub ready: u64,
    /// Bytes of their bodies.
    pub ready_bytes: u64,
    /// Messages delivered and not settled.
    pub unacked: u64,
    /// Bytes of their bodies.
    pub unacked_bytes: u64,
    /// How many consumers it has.
    pub consumers: u64,
}

/// An exchange; the default one is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeView {
    /// Its name.
    pub name: ShortStr,
    /// Its type.
    pub kind: &'static str,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether clients may not publish to it.
    pub internal: bool,
    /// What it was declared with.
    pub arguments: FieldTable,
}

/// A binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingView {
    /// The exchange it starts from.
    pub source: ShortStr,
    /// The queue or exchange it leads to.
    pub destination: ShortStr,
    /// Whether that is a queue.
    pub is_to_queue: bool,
    /// Its key.
    pub routing_key: ShortStr,
    /// Its arguments.
    pub arguments: FieldTable,
}

/// A consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerView {
    /// Its tag.
    pub tag: ShortStr,
    /// Its queue.
    pub queue: ShortStr,
    /// Its connection.
    pub connection: ConnectionId,
    /// Its channel.
    pub channel: ChannelNumber,
    /// Whether it acknowledges what it is given.
    pub ack_required: bool,
    /// How many unsettled deliveries it may have; 0 is no limit.
    pub prefetch: u16,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelView {
    /// Its connection.
    pub connection: ConnectionId,
    /// Its number there.
    pub number: ChannelNumber,
    /// How many consumers it has.
    pub consumers: u64,
    /// Deliveries that are not settled.
    pub unacked: u64,
    /// Whether publishes are confirmed.
    pub confirm: bool,
    /// Whether it is in a transaction.
    pub transactional: bool,
    /// What each new consumer may have unsettled.
    pub prefetch: u16,
}

/// What can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Queues, in the order they were declared.
    Queues,
    /// Exchanges, likewise.
    Exchanges,
    /// Bindings, likewise.
    Bindings,
    /// Consumers, in the order they came.
    Consumers,
    /// Channels by connection and number.
    Channels,
}

/// A page of a [`Listing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// Queues.
    Queues(Vec<QueueView>),
    /// Exchanges.
    Exchanges(Vec<ExchangeView>),
    /// Bindings.
    Bindings(Vec<BindingView>),
    /// Consumers.
    Consumers(Vec<ConsumerView>),
    /// Channels.
    Channels(Vec<ChannelView>),
}

impl Engine {
    /// At most `max` of what is listed after the cursor `after` (0 at first), and the next cursor,
    /// if there may be more.
    pub fn page(&self, listing: Listing, after: u64, max: usize) -> (Page, Option<u64>) {
        let host = self.host();
        match listing {
            Listing::Queues => {
                let (queues, next) = take(host.queues.after(QueueId(after)), max, |(id, _)| id.0);
                let unacked = unacked(host);
                let view = |(id, queue): (QueueId, &Queue)| {
                    queue_view(queue, unacked.get(&id).copied().unwrap_or_default())
                };
                (Page::Queues(queues.into_iter().map(view).collect()), next)
            }
            Listing::Exchanges => {
                let all = host.exchanges.after(ExchangeId(after));
                let (exchanges, next) = take(all, max, |exchange| exchange.id.0);
                let view = |exchange: &crate::exchange::Exchange| ExchangeView {
                    name: exchange.spec.name.clone(),
                    kind: exchange.spec.kind.name(),
                    durable: exchange.is_durable(),
                    auto_delete: exchange.spec.auto_delete,
                    internal: exchange.spec.internal,
                    arguments: exchange.spec.arguments.clone(),
                };
                (Page::Exchanges(exchanges.into_iter().map(view).collect()), next)
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
                let views = consumers.into_iter().filter_map(|(_, consumer)| {
                    Some(ConsumerView {
                        tag: (*consumer.tag).clone(),
                        queue: host.queues.get(consumer.queue)?.spec.name.clone(),
                        connection: consumer.at.connection,
                        channel: consumer.at.channel,
                        ack_required: !consumer.no_ack,
                        prefetch: consumer.prefetch,
                    })
                });
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

/// What was delivered of each queue and is not settled: messages and bytes.
fn unacked(host: &Host) -> BTreeMap<QueueId, (u64, u64)> {
    let mut of = BTreeMap::new();
    let channels = host.connections.values().flat_map(|connection| connection.channels.values());
    for delivery in channels.flat_map(|channel| channel.unacked.iter()) {
        let (messages, bytes): &mut (u64, u64) = of.entry(delivery.queue).or_default();
        *messages += 1;
        let body = delivery.entry.message.letter.body.len();
        *bytes = bytes.saturating_add(u64::try_from(body).unwrap_or(u64::MAX));
    }
    of
}

fn queue_view(queue: &Queue, (unacked, unacked_bytes): (u64, u64)) -> QueueView {
    let load = queue.ready.load();
    QueueView {
        name: queue.spec.name.clone(),
        durable: queue.spec.durable,
        auto_delete: queue.spec.auto_delete,
        owner: queue.spec.owner,
        queue_type: queue.settings.queue_type.name(),
        arguments: queue.spec.arguments.clone(),
        ready: load.messages,
        ready_bytes: load.bytes,
        unacked,
        unacked_bytes,
        consumers: u64::try_from(queue.consumers.len()).unwrap_or(u64::MAX),
    }
}

fn binding_view(host: &Host, spec: &crate::exchange::BindingSpec) -> Option<BindingView> {
    let (destination, is_to_queue) = match spec.destination {
        Destination::Queue(id) => (host.queues.get(id)?.spec.name.clone(), true),
        Destination::Exchange(id) => (host.exchanges.get(id)?.spec.name.clone(), false),
    };
    Some(BindingView {
        source: host.exchanges.get(spec.source)?.spec.name.clone(),
        destination,
        is_to_queue,
        routing_key: spec.key.clone(),
        arguments: spec.arguments.clone(),
    })
}

/// The cursor counts channels: they have no number of their own.
fn channels(host: &Host, after: u64, max: usize) -> (Page, Option<u64>) {
    let all = host.connections.iter().flat_map(|(id, connection)| {
        connection.channels.iter().map(|(number, channel)| (*id, *number, channel))
    });
    let skipped = usize::try_from(after).unwrap_or(usize::MAX);
    let mut rest = all.skip(skipped);
    let views: Vec<ChannelView> = rest
        .by_ref()
        .take(max)
        .map(|(connection, number, channel)| ChannelView {
            connection,
            number,
            consumers: u64::try_from(channel.consumers.len()).unwrap_or(u64::MAX),
            unacked: u64::try_from(channel.unacked.iter().count()).unwrap_or(u64::MAX),
            confirm: matches!(channel.mode, Mode::Confirm { .. }),
            transactional: matches!(channel.mode, Mode::Transaction(_)),
            prefetch: channel.prefetch.of_consumers,
        })
        .collect();
    let count = u64::try_from(views.len()).unwrap_or(u64::MAX);
    let next = rest.next().map(|_| after.saturating_add(count));
    (Page::Channels(views), next)
}
