//! Every setting as it holds, and where it comes from.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use leveret::ConfigText;

use crate::load::RunFile;
use crate::shape::{FILE, Key, Presence, Shape};
use crate::values::get;

/// Parts of keys whose values nobody is shown.
const SECRETS: [&str; 4] = ["password", "secret", "token", "authorization"];

/// One setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its path: `consumers.orders.concurrency`.
    pub name: String,
    /// Its value as TOML; passwords are not shown.
    pub value: String,
    /// Where it comes from: a file and line, an environment variable, a flag, or `default`.
    pub origin: String,
    /// Of the value as it is: two passwords look the same where they are not shown.
    digest: u64,
}

impl Setting {
    fn new(name: String, value: String, origin: String, whole: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        whole.hash(&mut hasher);
        Self { name, value, origin, digest: hasher.finish() }
    }

    /// Whether both have the same value, wherever it comes from.
    pub fn is_like(&self, other: &Self) -> bool {
        self.value == other.value && self.digest == other.digest
    }
}

impl RunFile<'_> {
    /// Every setting that the files, the environment or flags say, and the defaults beside them.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        self.table_of(&FILE, "", &self.table, &mut settings);
        settings
    }

    fn table_of(&self, shape: &Shape, path: &str, table: &DeTable<'_>, all: &mut Vec<Setting>) {
        let keys: &[Key] = match shape {
            Shape::Table(keys) | Shape::Either(_, Shape::Table(keys)) => keys,
            Shape::Text
            | Shape::Bool
            | Shape::Integer(..)
            | Shape::Span
            | Shape::Address
            | Shape::Words(_)
            | Shape::Any
            | Shape::Names(_)
            | Shape::List(_)
            | Shape::Either(..) => &[],
        };
        for key in keys {
            let name = joined(path, key.name);
            match (get(table, key.name), key.presence) {
                (Some(value), _) => self.value_of(key.shape, &name, value, all),
                (None, Presence::Default(default)) => {
                    let is_bare = matches!(key.shape, Shape::Bool | Shape::Integer(..));
                    let value = if is_bare { default.to_owned() } else { format!("{default:?}") };
                    all.push(Setting::new(name, value, "default".to_owned(), default));
                }
                (None, Presence::Required | Presence::Optional) => {}
            }
        }
        let each = match shape {
            Shape::Names(each) => each,
            Shape::Any => &Shape::Any,
            Shape::Text
            | Shape::Bool
            | Shape::Integer(..)
            | Shape::Span
            | Shape::Address
            | Shape::Words(_)
            | Shape::Table(_)
            | Shape::List(_)
            | Shape::Either(..) => return,
        };
        for (key, value) in table {
            self.value_of(each, &joined(path, key.get_ref()), value, all);
        }
    }

    fn value_of(
        &self,
        shape: &Shape,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        all: &mut Vec<Setting>,
    ) {
        match value.get_ref() {
            DeValue::Table(table) => self.table_of(shape, path, table, all),
            DeValue::Array(list) if list.iter().any(|item| item.get_ref().is_table()) => {
                let each = if let Shape::List(each) = shape { each } else { &Shape::Any };
                for (number, item) in list.iter().enumerate() {
                    self.value_of(each, &format!("{path}[{number}]"), item, all);
                }
            }
            DeValue::Array(_)
            | DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {
                let whole = toml::Value::deserialize(ValueDeserializer::from(value.clone()))
                    .map_or_else(|error| error.to_string(), |value| value.to_string());
                let origin = self.origin(value.span().start);
                all.push(Setting::new(path.to_owned(), shown(path, &whole), origin, &whole));
            }
        }
    }

    fn origin(&self, at: usize) -> String {
        let Some((file, line)) = self.text.place(at) else { return "default".to_owned() };
        let name = file.display().to_string();
        let is_outside = name.starts_with("environment variable ") || name.starts_with("--set ");
        if is_outside { name } else { format!("{name}:{line}") }
    }
}

fn shown(path: &str, whole: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or(path).to_lowercase();
    if SECRETS.iter().any(|secret| key.contains(secret)) {
        return "\"***\"".to_owned();
    }
    ConfigText::without_passwords(whole)
}

/// A path with one more key, in quotes where it is no bare one.
fn joined(path: &str, key: &str) -> String {
    let is_bare =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
