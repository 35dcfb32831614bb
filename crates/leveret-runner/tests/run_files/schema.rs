//! The schema and the parser know the same keys.

use serde_json::{Map, Value, json};

use crate::read::Files;

/// A value that the schema allows, with every key that it knows.
fn sample(schema: &Value) -> Value {
    if let Some(words) = schema.get("enum") {
        return words[0].clone();
    }
    if let Some(forms) = schema.get("anyOf") {
        return sample(&forms[1]);
    }
    if let Some(examples) = schema.get("examples") {
        return examples[0].clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if schema.get("pattern").is_some() => json!("5s"),
        Some("boolean") => json!(false),
        Some("integer") => json!(schema["minimum"].as_i64().unwrap().max(1)),
        Some("array") => json!([sample(&schema["items"])]),
        Some("object") => match schema.get("properties") {
            Some(properties) => {
                let all = properties.as_object().unwrap().iter();
                all.map(|(name, schema)| (name.clone(), sample(schema))).collect()
            }
            None => {
                Map::from_iter([("a".to_owned(), sample(&schema["additionalProperties"]))]).into()
            }
        },
        Some(_) | None => json!("x"),
    }
}

#[test]
fn every_key_of_the_schema_is_understood() {
    let mut file = sample(&leveret_runner::schema());
    file.as_object_mut().unwrap().remove("include");
    let text = toml::to_string(&file).unwrap();
    let errors = Files::one(&text).errors();
    for slip in ["unknown", "invalid type", "missing field", " is empty", "has no `"] {
        assert!(!errors.contains(slip), "{slip}: {errors}");
    }
}
