//! Field tables as JSON, and JSON as field tables; bodies of requests.

use axum::body::Bytes;
use leveret_protocol::{FieldTable, FieldValue, ShortStr};
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Arrays and objects within each other, of a body's arguments.
const DEPTH_MAX: usize = 16;

/// The object in a body; an empty body is an empty object.
pub(super) fn object(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::bad_request("the body is no JSON object")),
        Err(error) => Err(Refusal::bad_request(format!("the body is no JSON: {error}"))),
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
        Some(Value::Object(fields)) => table(fields, DEPTH_MAX),
        Some(_) => Err(Refusal::bad_request("`arguments` is no JSON object")),
    }
}

fn table(fields: &Map<String, Value>, depth: usize) -> Result<FieldTable, Refusal> {
    fields
        .iter()
        .map(|(name, value)| {
            let name = ShortStr::try_from(name.as_str())
                .map_err(|_| Refusal::bad_request("an argument's name has more than 255 bytes"))?;
            Ok((name, field(value, depth)?))
        })
        .collect::<Result<Vec<_>, Refusal>>()
        .map(|fields| fields.into_iter().collect())
}

fn field(value: &Value, depth: usize) -> Result<FieldValue, Refusal> {
    let inner =
        depth.checked_sub(1).ok_or_else(|| Refusal::bad_request("`arguments` is too deep"))?;
    Ok(match value {
        Value::Null => FieldValue::Void,
        Value::Bool(flag) => FieldValue::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => FieldValue::I64(whole),
            (None, Some(fraction)) => FieldValue::F64(fraction),
            (None, None) => return Err(Refusal::bad_request("an argument is too large a number")),
        },
        Value::String(text) => FieldValue::LongString(text.clone().into()),
        Value::Array(list) => {
            let list: Result<Vec<_>, _> = list.iter().map(|value| field(value, inner)).collect();
            FieldValue::Array(list?.into_iter().collect())
        }
        Value::Object(fields) => FieldValue::Table(table(fields, inner)?),
    })
}

/// A table as an object.
pub(super) fn shown(table: &FieldTable) -> Value {
    let fields =
        table.iter().map(|(name, value)| (name.to_string_lossy().into_owned(), value_of(&value)));
    Value::Object(fields.collect())
}

fn value_of(value: &FieldValue) -> Value {
    match value {
        FieldValue::Bool(flag) => (*flag).into(),
        FieldValue::I8(number) => (*number).into(),
        FieldValue::U8(number) => (*number).into(),
        FieldValue::I16(number) => (*number).into(),
        FieldValue::U16(number) => (*number).into(),
        FieldValue::I32(number) => (*number).into(),
        FieldValue::U32(number) => (*number).into(),
        FieldValue::I64(number) => (*number).into(),
        FieldValue::F32(number) => (*number).into(),
        FieldValue::F64(number) => (*number).into(),
        FieldValue::Decimal { scale, value } => format!("{value}e-{scale}").into(),
        FieldValue::LongString(bytes) | FieldValue::Bytes(bytes) => {
            String::from_utf8_lossy(bytes).into_owned().into()
        }
        FieldValue::Timestamp(seconds) => (*seconds).into(),
        FieldValue::Table(table) => shown(table),
        FieldValue::Array(array) => {
            Value::Array(array.iter().map(|value| value_of(&value)).collect())
        }
        FieldValue::Void => Value::Null,
    }
}
