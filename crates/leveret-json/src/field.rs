//! Field values as JSON, and JSON as field values.

use leveret_protocol::{FieldTable, FieldValue, ShortStr};
use serde_json::{Map, Value};

use crate::error::JsonError;

/// How deep arrays and objects may lie within each other on their way to AMQP.
pub const DEPTH_MAX: usize = 16;

/// A table as an object. Of a name that stands there twice the last counts.
pub fn table(table: &FieldTable) -> Value {
    let fields = table
        .iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), self::value(&value)));
    Value::Object(fields.collect())
}

/// One value: a timestamp as its seconds, bytes as text, a decimal as `"314e-2"`.
pub fn value(value: &FieldValue) -> Value {
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
        FieldValue::Table(inner) => table(inner),
        FieldValue::Array(array) => array.iter().map(|inner| self::value(&inner)).collect(),
        FieldValue::Void => Value::Null,
    }
}

/// An object as a table: whole numbers as 64 bits with a sign, texts as long strings.
pub fn to_table(fields: &Map<String, Value>) -> Result<FieldTable, JsonError> {
    table_within(fields, DEPTH_MAX)
}

/// One value, as [`to_table`] has it.
pub fn to_value(value: &Value) -> Result<FieldValue, JsonError> {
    value_within(value, DEPTH_MAX)
}

fn table_within(fields: &Map<String, Value>, depth: usize) -> Result<FieldTable, JsonError> {
    fields
        .iter()
        .map(|(name, value)| {
            let name = ShortStr::try_from(name.as_str()).map_err(|error| JsonError::TooLong {
                what: "a field's name".to_owned(),
                bytes: error.bytes,
            })?;
            Ok((name, value_within(value, depth)?))
        })
        .collect::<Result<Vec<_>, JsonError>>()
        .map(|fields| fields.into_iter().collect())
}

fn value_within(value: &Value, depth: usize) -> Result<FieldValue, JsonError> {
    let inner = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
    Ok(match value {
        Value::Null => FieldValue::Void,
        Value::Bool(flag) => FieldValue::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => FieldValue::I64(whole),
            (None, Some(fraction)) if !number.is_u64() => FieldValue::F64(fraction),
            (None, _) => return Err(JsonError::TooLarge { number: number.to_string() }),
        },
        Value::String(text) => FieldValue::LongString(text.clone().into()),
        Value::Array(list) => {
            let list: Result<Vec<_>, _> =
                list.iter().map(|value| value_within(value, inner)).collect();
            FieldValue::Array(list?.into_iter().collect())
        }
        Value::Object(fields) => FieldValue::Table(table_within(fields, inner)?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_come_back_as_they_went() {
        let object = json!({ "a": [1, "two", { "b": null }], "c": true, "d": 1.5, "e": -7 });
        let Value::Object(fields) = &object else { unreachable!() };
        assert_eq!(table(&to_table(fields).unwrap()), object);
    }

    #[test]
    fn what_amqp_has_no_room_for_is_named() {
        let mut deep = json!(1);
        for _ in 0..DEPTH_MAX {
            deep = json!([deep]);
        }
        assert_eq!(to_value(&deep), Err(JsonError::TooDeep));
        let large = JsonError::TooLarge { number: u64::MAX.to_string() };
        assert_eq!(to_value(&json!(u64::MAX)), Err(large));
        let long = "n".repeat(256);
        let error = to_value(&json!({ long: 1 })).unwrap_err();
        assert_eq!(error.to_string(), "a field's name has 256 bytes, at most 255 are possible");
    }
}
