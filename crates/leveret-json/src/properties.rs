//! Properties as an object with the names of AMQP, and back.

use leveret_protocol::{Properties, PropertiesBuilder, ShortStr};
use serde_json::{Map, Value};

use crate::{
    error::{JsonError, kind},
    field::{table, to_table},
};

/// The properties that are there; unreadable headers are not.
pub fn properties(properties: &Properties) -> Value {
    let mut object = Map::new();
    for (name, text) in texts(properties) {
        if let Some(text) = text {
            object.insert(name.to_owned(), text.to_string_lossy().into_owned().into());
        }
    }
    let numbers = [
        ("delivery_mode", properties.delivery_mode().map(u64::from)),
        ("priority", properties.priority().map(u64::from)),
        ("timestamp", properties.timestamp()),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            object.insert(name.to_owned(), number.into());
        }
    }
    if let Some(headers) = properties.headers() {
        object.insert("headers".to_owned(), table(&headers));
    }
    Value::Object(object)
}

fn texts(properties: &Properties) -> [(&'static str, Option<ShortStr>); 10] {
    [
        ("content_type", properties.content_type()),
        ("content_encoding", properties.content_encoding()),
        ("correlation_id", properties.correlation_id()),
        ("reply_to", properties.reply_to()),
        ("expiration", properties.expiration()),
        ("message_id", properties.message_id()),
        ("type", properties.kind()),
        ("user_id", properties.user_id()),
        ("app_id", properties.app_id()),
        ("cluster_id", properties.cluster_id()),
    ]
}

/// An object of properties; `null` is as good as absent, and so is an empty array, which some
/// tools write for an empty object.
pub fn to_properties(value: &Value) -> Result<Properties, JsonError> {
    let Some(object) = object("properties", value)? else { return Ok(Properties::EMPTY) };
    let present = object.iter().filter(|(_, value)| !value.is_null());
    present
        .into_iter()
        .try_fold(Properties::builder(), |builder, (name, value)| with(builder, name, value))
        .map(PropertiesBuilder::build)
}

fn with(
    builder: PropertiesBuilder,
    name: &str,
    value: &Value,
) -> Result<PropertiesBuilder, JsonError> {
    Ok(match name {
        "content_type" => builder.content_type(text(name, value)?),
        "content_encoding" => builder.content_encoding(text(name, value)?),
        "correlation_id" => builder.correlation_id(text(name, value)?),
        "reply_to" => builder.reply_to(text(name, value)?),
        "expiration" => builder.expiration(text(name, value)?),
        "message_id" => builder.message_id(text(name, value)?),
        "type" => builder.kind(text(name, value)?),
        "user_id" => builder.user_id(text(name, value)?),
        "app_id" => builder.app_id(text(name, value)?),
        "cluster_id" => builder.cluster_id(text(name, value)?),
        "delivery_mode" => builder.delivery_mode(octet(name, value)?),
        "priority" => builder.priority(octet(name, value)?),
        "timestamp" => builder
            .timestamp(value.as_u64().ok_or_else(|| mismatch(name, value, "seconds since 1970"))?),
        "headers" => match object(name, value)? {
            Some(fields) => builder.headers(to_table(fields)?),
            None => builder,
        },
        other => return Err(JsonError::Unknown { name: other.to_owned() }),
    })
}

/// The object, unless it is as good as absent.
fn object<'a>(name: &str, value: &'a Value) -> Result<Option<&'a Map<String, Value>>, JsonError> {
    if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    value.as_object().map(Some).ok_or_else(|| mismatch(name, value, "an object"))
}

fn text(name: &str, value: &Value) -> Result<ShortStr, JsonError> {
    // Old tools write an expiration as a number.
    let number = value.as_number().filter(|_| name == "expiration").map(ToString::to_string);
    let text = value.as_str().map(str::to_owned).or(number);
    let text = text.ok_or_else(|| mismatch(name, value, "a string"))?;
    ShortStr::try_from(text.as_str())
        .map_err(|error| JsonError::TooLong { what: format!("`{name}`"), bytes: error.bytes })
}

fn octet(name: &str, value: &Value) -> Result<u8, JsonError> {
    value
        .as_u64()
        .and_then(|number| u8::try_from(number).ok())
        .ok_or_else(|| mismatch(name, value, "a whole number from 0 to 255"))
}

fn mismatch(what: &str, value: &Value, wanted: &'static str) -> JsonError {
    JsonError::Type { what: format!("`{what}`"), found: kind(value), wanted }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_properties_come_back() {
        let object = json!({
            "content_type": "application/json", "content_encoding": "gzip", "correlation_id": "c",
            "reply_to": "r", "expiration": "500", "message_id": "m", "type": "t", "user_id": "u",
            "app_id": "a", "cluster_id": "k", "delivery_mode": 2, "priority": 9,
            "timestamp": 1_600_000_000u64, "headers": { "x": [1, { "y": true }] },
        });
        assert_eq!(properties(&to_properties(&object).unwrap()), object);
        assert_eq!(to_properties(&json!([])).unwrap(), Properties::EMPTY);
        assert_eq!(properties(&Properties::EMPTY), json!({}));
    }

    #[test]
    fn wrong_ones_are_named() {
        let error = |value| to_properties(&value).unwrap_err().to_string();
        assert_eq!(error(json!(7)), "`properties` is a number, wanted an object");
        assert_eq!(error(json!({ "colour": "red" })), "`colour` is no property of a message");
        assert_eq!(
            error(json!({ "priority": 256 })),
            "`priority` is a number, wanted a whole number from 0 to 255"
        );
        assert_eq!(error(json!({ "type": [] })), "`type` is an array, wanted a string");
        let long = "x".repeat(300);
        assert_eq!(
            error(json!({ "message_id": long })),
            "`message_id` has 300 bytes, at most 255 are possible"
        );
    }
}
