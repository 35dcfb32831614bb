//! Bodies of requests, and what stands in them.

use axum::body::Bytes;
use leveret_protocol::FieldTable;
use serde_json::{Map, Value};

use super::{document::Document, refusal::Refusal};

/// The object in a body; an empty body is an empty object.
pub(super) fn object(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Document(Value::Object(object))) => Ok(object),
        Ok(_) => Err(Refusal::bad_request("not_json: the body is no JSON object")),
        Err(error) => Err(Refusal::bad_request(format!("not_json: {error}"))),
    }
}

/// Adds the fields of one object to another.
pub(super) fn put(shown: &mut Value, more: Value) {
    if let (Value::Object(shown), Value::Object(more)) = (shown, more) {
        shown.extend(more);
    }
}

/// A text of the body; required.
pub(super) fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a str, Refusal> {
    let value = object.get(key);
    value
        .and_then(Value::as_str)
        .ok_or_else(|| Refusal::bad_request(format!("`{key}` is no string")))
}

/// A number of the body, 1 or more.
pub(super) fn number(object: &Map<String, Value>, key: &str, default: u64) -> Result<u64, Refusal> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value
            .as_u64()
            .filter(|number| *number > 0)
            .ok_or_else(|| Refusal::bad_request(format!("`{key}` is no number of 1 or more"))),
    }
}

/// A whole number of the body that is not below 0, if it is there; old tools write it as a text.
pub(super) fn whole(object: &Map<String, Value>, key: &str) -> Result<Option<u64>, Refusal> {
    let number = match object.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    let wrong = || Refusal::bad_request(format!("`{key}` is no whole number of 0 or more"));
    number.map(Some).ok_or_else(wrong)
}

/// A flag of the body, which old tools write as a text.
pub(super) fn flag(object: &Map<String, Value>, key: &str, default: bool) -> Result<bool, Refusal> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_) => Err(Refusal::bad_request(format!("`{key}` is neither true nor false"))),
    }
}

/// The arguments of a body.
pub(super) fn arguments(object: &Map<String, Value>) -> Result<FieldTable, Refusal> {
    match object.get("arguments") {
        None | Some(Value::Null) => Ok(FieldTable::default()),
        // Some tools write an empty object so.
        Some(Value::Array(list)) if list.is_empty() => Ok(FieldTable::default()),
        Some(Value::Object(fields)) => leveret_json::to_table(fields)
            .map_err(|error| Refusal::bad_request(format!("`arguments`: {error}"))),
        Some(_) => Err(Refusal::bad_request("`arguments` is no JSON object")),
    }
}
