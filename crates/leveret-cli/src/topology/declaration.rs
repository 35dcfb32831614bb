//! Objects of a topology as the client declares them.

use leveret_client::{
    ExchangeBinding, ExchangeDeclare, ExchangeKind, FieldTable, QueueBinding, QueueDeclare,
    ShortStr,
};
use leveret_topology::{Arguments, Binding, Exchange, Queue};

use super::failure::TopologyFailure;

/// A name; files and brokers have none that is too long.
pub(super) fn short(name: &str) -> ShortStr {
    ShortStr::truncated(name)
}

fn table(object: &str, arguments: Arguments) -> Result<FieldTable, TopologyFailure> {
    leveret_json::to_table(&arguments.into_iter().collect()).map_err(|error| {
        TopologyFailure::Argument { object: object.to_owned(), reason: error.to_string() }
    })
}

pub(super) fn of_exchange(exchange: &Exchange) -> Result<ExchangeDeclare, TopologyFailure> {
    let kind = match exchange.kind.as_str() {
        "direct" => ExchangeKind::Direct,
        "fanout" => ExchangeKind::Fanout,
        "topic" => ExchangeKind::Topic,
        "headers" => ExchangeKind::Headers,
        other => ExchangeKind::Other(short(other)),
    };
    Ok(ExchangeDeclare {
        name: short(&exchange.name),
        kind,
        passive: false,
        durable: exchange.durable,
        auto_delete: exchange.auto_delete,
        internal: exchange.internal,
        arguments: table(&exchange.name, exchange.arguments.clone())?,
    })
}

pub(super) fn of_queue(queue: &Queue) -> Result<QueueDeclare, TopologyFailure> {
    Ok(QueueDeclare {
        name: short(&queue.name),
        passive: false,
        durable: queue.durable,
        exclusive: false,
        auto_delete: queue.auto_delete,
        arguments: table(&queue.name, queue.declared_arguments())?,
    })
}

/// Of a queue to an exchange.
pub(super) fn of_queue_binding(
    binding: &Binding,
    queue: &str,
) -> Result<QueueBinding, TopologyFailure> {
    Ok(QueueBinding {
        queue: short(queue),
        exchange: short(&binding.source),
        routing_key: short(&binding.key),
        arguments: table(queue, binding.arguments.clone())?,
    })
}

/// Of an exchange to an exchange.
pub(super) fn of_exchange_binding(
    binding: &Binding,
    exchange: &str,
) -> Result<ExchangeBinding, TopologyFailure> {
    Ok(ExchangeBinding {
        destination: short(exchange),
        source: short(&binding.source),
        routing_key: short(&binding.key),
        arguments: table(exchange, binding.arguments.clone())?,
    })
}
