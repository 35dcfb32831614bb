//! The shape as a JSON schema, for editors.

use serde_json::{Map, Value, json};

use super::{FILE, Key, Presence, Shape};

/// The schema of a run file, by draft 2020-12.
pub(crate) fn schema() -> Value {
    let mut schema = of(&FILE);
    if let Some(object) = schema.as_object_mut() {
        object.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        object.insert("title".to_owned(), json!("Leveret run file"));
    }
    schema
}

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Address => json!({ "type": "string", "examples": ["127.0.0.1:5672"] }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Integer(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Span => {
            json!({ "type": "string", "pattern": "^\\s*[0-9]+\\s*(ms|s|m|min|h|d)\\s*$" })
        }
        Shape::Words(words) => json!({ "enum": words }),
        Shape::Any => json!({}),
        Shape::Table(keys) => table(keys),
        Shape::Names(each) => json!({ "type": "object", "additionalProperties": of(each) }),
        Shape::List(each) => json!({ "type": "array", "items": of(each) }),
        Shape::Either(one, other) => json!({ "anyOf": [of(one), of(other)] }),
    }
}

fn table(keys: &[Key]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut property = of(key.shape);
        if let Some(object) = property.as_object_mut() {
            object.insert("description".to_owned(), json!(key.about));
            if let Presence::Default(value) = key.presence {
                let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
                object.insert("default".to_owned(), value);
            }
        }
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<_> =
        keys.iter().filter(|key| key.presence == Presence::Required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
