//! The spans of a message, with OpenTelemetry's attributes.

use leveret_client::Publish as Sealed;
use leveret_protocol::ShortStr;
use tracing::field::{Empty, display};
use tracing::{Span, info_span};

use super::context::TraceContext;
use crate::message::Message;
use crate::publish::Publish;

/// One message being handled, all attempts at once; disabled it costs a look at its callsite.
pub(crate) fn process_span(message: &Message, queue: &ShortStr, handler: &str) -> Span {
    info_span!(
        "process",
        "otel.name" = format_args!("process {queue}"),
        "otel.kind" = "consumer",
        "messaging.system" = "rabbitmq",
        "messaging.operation.name" = "process",
        "messaging.operation.type" = "process",
        "messaging.destination.name" = source_name(message, queue),
        "messaging.rabbitmq.destination.routing_key" = %message.routing_key(),
        "messaging.message.id" = message.message_id().map(display),
        "messaging.message.conversation_id" = message.properties().correlation_id().map(display),
        "messaging.message.body.size" = message.body().len(),
        "leveret.handler" = handler,
        "leveret.attempts" = Empty,
        "leveret.outcome" = Empty,
        "error.type" = Empty,
        trace_id = Empty,
    )
}

/// One message on its way out.
pub(super) fn publish_span(publish: &Publish) -> Span {
    info_span!(
        "publish",
        "otel.name" = format_args!("publish {}", target_name(publish, false)),
        "otel.kind" = "producer",
        "messaging.system" = "rabbitmq",
        "messaging.operation.name" = "publish",
        "messaging.operation.type" = "send",
        "messaging.destination.name" = target_name(publish, true),
        "messaging.rabbitmq.destination.routing_key" = %publish.routing_key,
        "messaging.message.id" = Empty,
        "messaging.message.body.size" = publish.body.len(),
        "error.type" = Empty,
    )
}

/// The id is known only when the message is sealed.
pub(super) fn note_id(span: &Span, sealed: &Sealed) {
    if span.is_disabled() {
        return;
    }
    if let Some(id) = sealed.properties.message_id() {
        span.record("messaging.message.id", display(id));
    }
}

/// The trace that the message came with, for logs.
pub(super) fn note_trace(span: &Span, context: &TraceContext) {
    span.record("trace_id", context.trace_id_text());
}

/// Why the message in hand failed.
pub(crate) fn note_failure(class: &str) {
    Span::current().record("error.type", class);
}

/// Exchange, routing key and queue, without what is empty or said already.
fn source_name(message: &Message, queue: &ShortStr) -> String {
    let (exchange, key, queue) = (message.exchange(), message.routing_key(), queue.to_string());
    let key = if *key == queue { "" } else { &*key };
    let parts = [&*exchange, key, &queue].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(":")
}

/// Exchange and routing key, without what is empty. A name of few values has no key beside an exchange.
fn target_name(publish: &Publish, is_whole: bool) -> String {
    let (exchange, key) = (publish.exchange.to_string(), publish.routing_key.to_string());
    match (exchange.is_empty(), key.is_empty()) {
        (true, true) => "amq.default".to_owned(),
        (true, false) => key,
        (false, false) if is_whole => format!("{exchange}:{key}"),
        (false, true | false) => exchange,
    }
}
