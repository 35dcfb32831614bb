//! The spans of a message, with OpenTelemetry's attributes.

use std::fmt::{self, Display, Formatter};

use leveret_client::Publish as Sealed;
use leveret_protocol::ShortStr;
use tracing::field::{Empty, display};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span, info_span};

use super::context::TraceContext;
use crate::message::Message;
use crate::publish::Publish;

/// Exchange, routing key and queue, without what is empty or said already.
struct Source<'a> {
    message: &'a Message,
    queue: &'a ShortStr,
}

/// Exchange and routing key, without what is empty. A name of few values has no key beside an exchange.
struct Target<'a> {
    publish: &'a Publish,
    is_whole: bool,
}

/// One message being handled, all attempts at once. With nobody who wants a span of that level it
/// costs a look at a number: where the feature `log` of `tracing` is on, even a span that is
/// disabled has all its fields written.
pub(crate) fn process_span(message: &Message, queue: &ShortStr, handler: &str) -> Span {
    if LevelFilter::current() < Level::INFO {
        return Span::none();
    }
    info_span!(
        "process",
        "otel.name" = format_args!("process {queue}"),
        "otel.kind" = "consumer",
        "messaging.system" = "rabbitmq",
        "messaging.operation.name" = "process",
        "messaging.operation.type" = "process",
        "messaging.destination.name" = %Source { message, queue },
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

/// A batch being handled, one call; it has links to its messages' traces instead of a parent.
pub(crate) fn batch_span(messages: usize, queue: &ShortStr, handler: &str) -> Span {
    info_span!(
        "process",
        "otel.name" = format_args!("process {queue}"),
        "otel.kind" = "consumer",
        "messaging.system" = "rabbitmq",
        "messaging.operation.name" = "process",
        "messaging.operation.type" = "process",
        "messaging.destination.name" = %queue,
        "messaging.batch.message_count" = messages,
        "leveret.handler" = handler,
        "leveret.outcome" = Empty,
        "error.type" = Empty,
    )
}

/// One message on its way out.
pub(super) fn publish_span(publish: &Publish) -> Span {
    info_span!(
        "publish",
        "otel.name" = format_args!("publish {}", Target { publish, is_whole: false }),
        "otel.kind" = "producer",
        "messaging.system" = "rabbitmq",
        "messaging.operation.name" = "publish",
        "messaging.operation.type" = "send",
        "messaging.destination.name" = %Target { publish, is_whole: true },
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

impl Display for Source<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Message { exchange, routing_key: key, .. } = self.message;
        let key = if key == self.queue { &ShortStr::EMPTY } else { key };
        let mut parts = [exchange, key, self.queue].into_iter().filter(|part| !part.is_empty());
        if let Some(first) = parts.next() {
            write!(f, "{first}")?;
        }
        parts.try_for_each(|part| write!(f, ":{part}"))
    }
}

impl Display for Target<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Publish { exchange, routing_key: key, .. } = self.publish;
        match (exchange.is_empty(), key.is_empty()) {
            (true, true) => f.write_str("amq.default"),
            (true, false) => write!(f, "{key}"),
            (false, false) if self.is_whole => write!(f, "{exchange}:{key}"),
            (false, true | false) => write!(f, "{exchange}"),
        }
    }
}
