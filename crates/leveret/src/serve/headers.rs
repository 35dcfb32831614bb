//! A message's properties and headers as a request's.
//!
//! Keeps true: no value that HTTP forbids gets through, and none that a web server would believe
//! of a proxy.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use leveret_protocol::{FieldValue, ShortStr};

use crate::message::Message;

/// How many headers of a message are taken; the rest is in the message itself.
const HEADERS_MAX: usize = 100;

/// The longest value that is taken, in bytes.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// What web servers believe of a proxy, and what is the framework's own.
const LEFT_OUT: [&str; 6] =
    ["x-forwarded-", "x-real-ip", "x-original-", "x-rewrite-", "x-http-method", "x-leveret-"];

/// Headers that are taken though they do not begin with `x-`: trace context.
const TRACING: [&str; 2] = ["traceparent", "tracestate"];

/// A message's properties and headers as those of a request, as [this table](super) says, but for
/// `host`.
pub fn request_headers(message: &Message) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in message.headers().iter().filter_map(taken).take(HEADERS_MAX) {
        put(&mut headers, name, value.as_bytes());
    }
    let properties = message.properties();
    let own = |name| HeaderName::from_static(name);
    let fields: [(HeaderName, Option<ShortStr>); 6] = [
        (CONTENT_TYPE, properties.content_type()),
        (CONTENT_ENCODING, properties.content_encoding()),
        (own("message-id"), properties.message_id()),
        (own("correlation-id"), properties.correlation_id()),
        (own("reply-to"), properties.reply_to()),
        (own("user-id"), properties.user_id()),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            put(&mut headers, name, value.as_bytes());
        }
    }
    if let Some(secs) = properties.timestamp() {
        headers.insert(own("timestamp"), HeaderValue::from(secs));
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(message.body().len()));
    headers
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}

/// A header of the message, if the request gets it.
fn taken((name, value): (ShortStr, FieldValue)) -> Option<(HeaderName, String)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let text = name.as_str();
    let is_wanted = text.starts_with("x-") || TRACING.contains(&text);
    if !is_wanted || LEFT_OUT.iter().any(|prefix| text.starts_with(prefix)) {
        return None;
    }
    let value = scalar_text(&value).filter(|value| value.len() <= VALUE_BYTES_MAX)?;
    Some((name, value))
}

/// A field as the value of a header, which is UTF-8 or a number; nothing of other fields.
fn scalar_text(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::LongString(bytes) | FieldValue::Bytes(bytes) => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        FieldValue::Bool(value) => Some(value.to_string()),
        FieldValue::I8(value) => Some(value.to_string()),
        FieldValue::U8(value) => Some(value.to_string()),
        FieldValue::I16(value) => Some(value.to_string()),
        FieldValue::U16(value) => Some(value.to_string()),
        FieldValue::I32(value) => Some(value.to_string()),
        FieldValue::U32(value) => Some(value.to_string()),
        FieldValue::I64(value) => Some(value.to_string()),
        FieldValue::F32(value) => Some(value.to_string()),
        FieldValue::F64(value) => Some(value.to_string()),
        FieldValue::Timestamp(secs) => Some(secs.to_string()),
        FieldValue::Decimal { .. }
        | FieldValue::Array(_)
        | FieldValue::Table(_)
        | FieldValue::Void => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use leveret_protocol::{FieldTable, PropertiesBuilder};

    use super::*;

    #[test]
    fn properties_and_x_headers_are_text_and_nothing_else_gets_through() {
        let table = FieldTable::builder()
            .insert("X-Mood", "good")
            .insert("x-count", 7_i64)
            .insert("x-flag", true)
            .insert("x-death", FieldTable::default())
            .insert("x-split", "a\r\nhost: elsewhere")
            .insert("x-bytes", &b"\xff\xfe"[..])
            .insert("x-long", "x".repeat(VALUE_BYTES_MAX + 1))
            .insert("x-forwarded-for", "127.0.0.1")
            .insert("X-Real-IP", "127.0.0.1")
            .insert("x-http-method-override", "DELETE")
            .insert("x-leveret-user-id", "root")
            .insert("x a", "no name")
            .insert("cookie", "session=1")
            .insert("traceparent", "00-1-2-01")
            .build();
        let properties = PropertiesBuilder::default()
            .content_type(ShortStr::from_static("application/json"))
            .message_id(ShortStr::from_static("id\n1"))
            .correlation_id(ShortStr::from_static("c-1"))
            .user_id(ShortStr::from_static("ann"))
            .timestamp(7_u64)
            .headers(table)
            .build();
        expect![[r#"
            {
                "x-mood": "good",
                "x-count": "7",
                "x-flag": "true",
                "traceparent": "00-1-2-01",
                "content-type": "application/json",
                "correlation-id": "c-1",
                "user-id": "ann",
                "timestamp": "7",
                "content-length": "4",
            }
        "#]]
        .assert_debug_eq(&request_headers(&Message::new("k", properties, "body")));
    }

    #[test]
    fn headers_without_end_are_cut_off() {
        let table: FieldTable =
            (0..1000).map(|n| (ShortStr::truncated(&format!("x-{n}")), n)).collect();
        let properties = PropertiesBuilder::default().headers(table).build();
        assert_eq!(request_headers(&Message::new("k", properties, "")).len(), HEADERS_MAX + 1);
    }
}
