//! One object of a file, and where it stands.

use leveret_protocol::{FieldTable, ShortStr};
use serde_json::{Map, Value};

use super::error::DefinitionsError;
use crate::registry::Pattern;

/// Something, and where in the file it comes from.
#[derive(Debug)]
pub(super) struct Placed<T> {
    pub(super) place: String,
    pub(super) what: T,
}

/// An object of a list in the file.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) place: String,
    pub(super) fields: &'a Map<String, Value>,
    /// The virtual host that everything in the file is for.
    pub(super) scope: Option<&'a str>,
}

type Read<T> = Result<T, DefinitionsError>;

impl<'a> Item<'a> {
    /// The objects of one list; a list that is not there has none.
    pub(super) fn list(
        document: &'a Map<String, Value>,
        key: &str,
        scope: Option<&'a str>,
    ) -> Read<Vec<Self>> {
        let list = match document.get(key) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(DefinitionsError::invalid(key, "is no list")),
        };
        let item = |(index, value): (usize, &'a Value)| {
            let place = format!("{key}[{index}]");
            let Value::Object(fields) = value else {
                return Err(DefinitionsError::invalid(&place, "is no JSON object"));
            };
            Ok(Self { place, fields, scope })
        };
        list.iter().enumerate().map(item).collect()
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> DefinitionsError {
        DefinitionsError::invalid(&self.place, problem)
    }

    pub(super) fn placed<T>(&self, what: T) -> Placed<T> {
        Placed { place: self.place.clone(), what }
    }

    /// A text that may be left out.
    pub(super) fn text_if_there(&self, key: &str) -> Read<Option<&'a str>> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(format!("`{key}` is no string"))),
        }
    }

    pub(super) fn text(&self, key: &str) -> Read<&'a str> {
        self.text_if_there(key)?.ok_or_else(|| self.error(format!("`{key}` is missing")))
    }

    /// A name as AMQP can say it.
    pub(super) fn name(&self, key: &str) -> Read<ShortStr> {
        let text = self.text(key)?;
        ShortStr::try_from(text).map_err(|error| {
            self.error(format!("`{key}` has {} bytes, at most 255 are possible", error.bytes))
        })
    }

    /// The virtual host it is for.
    pub(super) fn virtual_host(&self) -> Read<&'a str> {
        self.scope.map_or_else(|| self.text("vhost"), Ok)
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> Read<bool> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(_) => Err(self.error(format!("`{key}` is neither true nor false"))),
        }
    }

    /// An object that may be left out; some tools write an empty one as an empty list.
    pub(super) fn object(&self, key: &str) -> Read<Option<&'a Map<String, Value>>> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) if list.is_empty() => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(self.error(format!("`{key}` is no JSON object"))),
        }
    }

    pub(super) fn arguments(&self) -> Read<FieldTable> {
        let Some(fields) = self.object("arguments")? else { return Ok(FieldTable::default()) };
        leveret_json::to_table(fields).map_err(|error| self.error(format!("`arguments`: {error}")))
    }

    pub(super) fn pattern(&self, key: &str) -> Read<Pattern> {
        Pattern::parse(self.text(key)?).map_err(|reason| self.error(format!("`{key}`: {reason}")))
    }

    /// Tags, as a list or parted by commas.
    pub(super) fn tags(&self) -> Read<Vec<String>> {
        let wrong = || self.error("`tags` is neither a text nor a list of texts");
        let list: Vec<&str> = match self.fields.get("tags") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => text.split(',').map(str::trim).collect(),
            Some(Value::Array(list)) => {
                list.iter().map(|tag| tag.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(wrong()),
        };
        Ok(list.into_iter().filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
    }
}
