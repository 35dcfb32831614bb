//! Each thing as it is shown.

use leveret_protocol::{ChannelNumber, ShortStr};

use super::{BindingView, ChannelView, ConsumerView, ExchangeView, QueueView};
use crate::{
    channel::{Channel, Consumer, Mode},
    exchange::{BindingSpec, Destination, Exchange},
    host::Host,
    identity::{ConnectionId, ConsumerId},
    queue::Queue,
};

pub(super) fn queue_view(host: &Host, queue: &Queue) -> QueueView {
    let (load, paged, unacked) = (queue.ready.load(), queue.ready.paged(), queue.unacked);
    let tag = |id: ConsumerId| Some((*host.consumers.get(&id)?.tag).clone());
    let head = queue.ready.front();
    QueueView {
        name: queue.spec.name.clone(),
        durable: queue.spec.durable,
        auto_delete: queue.spec.auto_delete,
        owner: queue.spec.owner,
        queue_type: queue.settings.queue_type.name(),
        arguments: queue.spec.arguments.clone(),
        ready: load.messages,
        ready_bytes: load.bytes,
        unacked: unacked.messages,
        unacked_bytes: unacked.bytes,
        paged: paged.messages,
        paged_bytes: paged.bytes,
        consumers: count(queue.consumers.len()),
        exclusive_consumer: queue.consumers.exclusive().and_then(tag),
        active_consumer: queue.consumers.active().and_then(tag),
        has_taker: queue.consumers.front().is_some(),
        head_timestamp: head.and_then(|entry| entry.message.letter.properties.timestamp()),
        counts: queue.counts,
    }
}

pub(super) fn exchange_view(exchange: &Exchange) -> ExchangeView {
    ExchangeView {
        name: exchange.spec.name.clone(),
        kind: exchange.spec.kind.name(),
        durable: exchange.is_durable(),
        auto_delete: exchange.spec.auto_delete,
        internal: exchange.spec.internal,
        arguments: exchange.spec.arguments.clone(),
        counts: exchange.counts,
    }
}

pub(super) fn binding_view(host: &Host, spec: &BindingSpec) -> Option<BindingView> {
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

pub(super) fn consumer_view(
    host: &Host,
    id: ConsumerId,
    consumer: &Consumer,
) -> Option<ConsumerView> {
    let queue = host.queues.get(consumer.queue)?;
    let is_single = queue.settings.single_active_consumer;
    Some(ConsumerView {
        tag: ShortStr::clone(&consumer.tag),
        queue: queue.spec.name.clone(),
        connection: consumer.at.connection,
        channel: consumer.at.channel,
        ack_required: !consumer.no_ack,
        prefetch: consumer.prefetch,
        exclusive: queue.consumers.exclusive() == Some(id),
        active: !is_single || queue.consumers.active() == Some(id),
        timeout: consumer.timeout,
        arguments: consumer.arguments.clone(),
    })
}

pub(super) fn channel_view(
    (connection, number): (ConnectionId, ChannelNumber),
    channel: &Channel,
    unconfirmed: u64,
) -> ChannelView {
    let (uncommitted_messages, uncommitted_acks) = match &channel.mode {
        Mode::Transaction(held) => (count(held.publishes.len()), count(held.settlements.len())),
        Mode::Plain | Mode::Confirm { .. } => (0, 0),
    };
    ChannelView {
        connection,
        number,
        consumers: count(channel.consumers.len()),
        unacked: count(channel.unacked.len()),
        confirm: matches!(channel.mode, Mode::Confirm { .. }),
        transactional: matches!(channel.mode, Mode::Transaction(_)),
        prefetch: channel.prefetch.of_consumers,
        global_prefetch: channel.prefetch.of_channel,
        unconfirmed,
        uncommitted_messages,
        uncommitted_acks,
        counts: channel.total(unconfirmed),
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
