//! What a program is told of a message besides its body.
//!
//! As JSON, and as variables of its environment.

use leveret::ShortStr;
use serde_json::{Value, json};

use crate::delivery::Delivery;

/// All that is known of a message. The names are those of `RabbitMQ`'s HTTP API and of
/// rabbitmq-cli-consumer, where they have one.
pub(crate) fn metadata(delivery: &Delivery, queue: &str) -> Value {
    let (request, message) = (delivery.request(), delivery.message());
    let mut properties = leveret_json::properties(message.properties());
    if let Some(object) = properties.as_object_mut()
        && let Some(headers) = object.get("headers").cloned()
    {
        object.insert("application_headers".to_owned(), headers);
    }
    json!({
        "handler": request.handler(),
        "queue": queue,
        "attempt": request.attempt(),
        "attempts_max": request.attempts_max(),
        "captures": delivery.captures(),
        "properties": properties,
        "delivery_info": {
            "exchange": message.exchange(),
            "routing_key": message.routing_key(),
            "redelivered": message.is_redelivered(),
        },
    })
}

/// The same as variables; one whose value the environment cannot hold is left out.
pub(crate) fn environment(delivery: &Delivery, queue: &str) -> Vec<(String, String)> {
    let (request, message) = (delivery.request(), delivery.message());
    let properties = message.properties();
    let text = |text: Option<ShortStr>| text.map(|text| text.to_string_lossy().into_owned());
    let known = [
        ("LEVERET_HANDLER", Some(request.handler().to_owned())),
        ("LEVERET_QUEUE", Some(queue.to_owned())),
        ("LEVERET_EXCHANGE", Some(message.exchange().into_owned())),
        ("LEVERET_ROUTING_KEY", Some(message.routing_key().into_owned())),
        ("LEVERET_REDELIVERED", Some(u8::from(message.is_redelivered()).to_string())),
        ("LEVERET_ATTEMPT", Some(request.attempt().to_string())),
        ("LEVERET_ATTEMPTS_MAX", Some(request.attempts_max().to_string())),
        ("LEVERET_MESSAGE_ID", text(properties.message_id())),
        ("LEVERET_CORRELATION_ID", text(properties.correlation_id())),
        ("LEVERET_REPLY_TO", text(properties.reply_to())),
        ("LEVERET_CONTENT_TYPE", text(properties.content_type())),
        ("LEVERET_CONTENT_ENCODING", text(properties.content_encoding())),
        ("LEVERET_TYPE", text(properties.kind())),
        ("LEVERET_APP_ID", text(properties.app_id())),
        ("LEVERET_USER_ID", text(properties.user_id())),
        ("LEVERET_PRIORITY", properties.priority().map(|priority| priority.to_string())),
        ("LEVERET_TIMESTAMP", properties.timestamp().map(|secs| secs.to_string())),
        ("TRACEPARENT", message.header_text("traceparent")),
        ("TRACESTATE", message.header_text("tracestate")),
    ];
    let captured = delivery.captures().iter().map(|(name, word)| {
        (format!("LEVERET_CAPTURE_{}", name.to_ascii_uppercase()), Some(word.clone()))
    });
    let known = known.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(captured);
    known
        .filter_map(|(name, value)| Some((name, value?)))
        .filter(|(_, value)| !value.contains('\0'))
        .collect()
}
