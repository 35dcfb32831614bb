//! Fields of a TOML table, each with its place.
//!
//! What is wrong is collected, and reading goes on.

use std::{ops::Range, path::Path};

use leveret_settings::nearest;
use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{error::Problem, model::Arguments};

/// A name of AMQP has no more bytes.
const NAME_BYTES_MAX: usize = 255;

/// A text that is read, and what is wrong in it so far.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    file: &'t Path,
    text: &'t str,
    pub(super) problems: Vec<Problem>,
}

/// A table with what it describes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'t> {
    pub(super) table: &'t DeTable<'t>,
    place: (usize, usize),
}

impl Fields<'_> {
    pub(super) fn span(&self) -> Range<usize> {
        self.place.0..self.place.1
    }
}

impl<'t> Reader<'t> {
    pub(super) const fn new(file: &'t Path, text: &'t str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    pub(super) fn refuse(&mut self, span: Range<usize>, message: String, advice: Option<String>) {
        let problem = Problem::at((self.file, self.text), span, message);
        self.problems.push(problem.advise(advice));
    }

    /// A table of which no other fields are known.
    pub(super) fn fields(
        &mut self,
        value: &'t Spanned<DeValue<'t>>,
        known: &[&str],
    ) -> Option<Fields<'t>> {
        let Some(table) = value.get_ref().as_table() else {
            let found = value.get_ref().type_str();
            self.refuse(
                value.span(),
                format!("found a value of type {found}, wanted a table"),
                None,
            );
            return None;
        };
        self.know(table, known);
        Some(Fields { table, place: (value.span().start, value.span().end) })
    }

    /// Complains of fields that are not known.
    pub(super) fn know(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name = &**key.get_ref();
            if !known.contains(&name) {
                let advice = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known are {}", known.join(", ")),
                };
                self.refuse(key.span(), format!("unknown field `{name}`"), Some(advice));
            }
        }
    }

    pub(super) fn text(
        &mut self,
        fields: Fields<'t>,
        name: &str,
    ) -> Option<(String, Range<usize>)> {
        let value = find(fields.table, name)?;
        match value.get_ref().as_str() {
            Some(text) => Some((text.to_owned(), value.span())),
            None => self.misshapen(value, name, "a text"),
        }
    }

    /// A text that has to be there and fits into a name of AMQP.
    pub(super) fn name(&mut self, fields: Fields<'t>, name: &str) -> Option<String> {
        if find(fields.table, name).is_none() {
            self.refuse(fields.span(), format!("`{name}` is missing"), None);
        }
        let (text, span) = self.text(fields, name)?;
        self.short(&text, span);
        Some(text)
    }

    /// Complains of a name that AMQP has no room for.
    pub(super) fn short(&mut self, text: &str, span: Range<usize>) {
        let bytes = text.len();
        if bytes > NAME_BYTES_MAX {
            let text = format!("has {bytes} bytes, at most {NAME_BYTES_MAX} are possible");
            self.refuse(span, text, None);
        }
    }

    pub(super) fn flag(&mut self, fields: Fields<'t>, name: &str) -> Option<bool> {
        let value = find(fields.table, name)?;
        let flag = value.get_ref().as_bool();
        flag.or_else(|| self.misshapen(value, name, "true or false"))
    }

    pub(super) fn whole(&mut self, fields: Fields<'t>, name: &str) -> Option<i64> {
        let value = find(fields.table, name)?;
        match self.json(value) {
            Some(Value::Number(number)) if number.is_i64() => number.as_i64(),
            Some(_) => self.misshapen(value, name, "a whole number"),
            None => None,
        }
    }

    /// One of these words.
    pub(super) fn word(
        &mut self,
        fields: Fields<'t>,
        name: &str,
        known: &[&str],
    ) -> Option<(String, bool)> {
        let (text, span) = self.text(fields, name)?;
        let is_known = known.contains(&text.as_str());
        if !is_known {
            let advice = match nearest(&text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", known.join(", ")),
            };
            self.refuse(span, format!("unknown {name} `{text}`"), Some(advice));
        }
        Some((text, is_known))
    }

    /// The items of a list.
    pub(super) fn list(
        &mut self,
        fields: Fields<'t>,
        name: &str,
    ) -> impl Iterator<Item = &'t Spanned<DeValue<'t>>> + use<'t> {
        let value = find(fields.table, name);
        let items = value.and_then(|value| {
            let items = value.get_ref().as_array();
            items.or_else(|| self.misshapen(value, name, "a list"))
        });
        items.into_iter().flat_map(|items| items.iter())
    }

    /// A table of arguments, each with its place.
    pub(super) fn arguments(
        &mut self,
        fields: Fields<'t>,
        name: &str,
    ) -> Vec<(String, Value, Range<usize>)> {
        let Some(value) = find(fields.table, name) else { return Vec::new() };
        let DeValue::Table(table) = value.get_ref() else {
            let _: Option<()> = self.misshapen(value, name, "a table");
            return Vec::new();
        };
        let mut arguments = Vec::new();
        for (name, value) in table {
            self.short(name.get_ref(), name.span());
            if let Some(json) = self.json(value) {
                let span = name.span().start..value.span().end;
                arguments.push((name.get_ref().clone().into_owned(), json, span));
            }
        }
        arguments
    }

    /// A table of arguments of which nothing is known.
    pub(super) fn plain_arguments(&mut self, fields: Fields<'t>, name: &str) -> Arguments {
        let arguments = self.arguments(fields, name);
        arguments.into_iter().map(|(name, value, _)| (name, value)).collect()
    }

    fn misshapen<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        name: &str,
        wanted: &str,
    ) -> Option<T> {
        let found = value.get_ref().type_str();
        let text = format!("`{name}` is of type {found}, wanted {wanted}");
        self.refuse(value.span(), text, None);
        None
    }

    /// A value as JSON has it.
    fn json(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        let span = value.span();
        Some(match value.get_ref() {
            DeValue::String(text) => text.clone().into_owned().into(),
            DeValue::Boolean(flag) => (*flag).into(),
            DeValue::Integer(number) => {
                let Ok(number) = i64::from_str_radix(number.as_str(), number.radix()) else {
                    self.refuse(span, "does not fit into 64 bits".to_owned(), None);
                    return None;
                };
                number.into()
            }
            DeValue::Float(number) => {
                let number = number.as_str().parse().ok().and_then(Number::from_f64);
                let Some(number) = number else {
                    self.refuse(span, "is no number that AMQP can carry".to_owned(), None);
                    return None;
                };
                number.into()
            }
            DeValue::Datetime(_) => {
                let advice = "write it as a text, or as a whole number of seconds".to_owned();
                self.refuse(span, "a date cannot be an argument".to_owned(), Some(advice));
                return None;
            }
            DeValue::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.json(item)).collect();
                Value::Array(items.into_iter().collect::<Option<_>>()?)
            }
            DeValue::Table(table) => {
                let fields: Vec<_> = table
                    .iter()
                    .map(|(name, value)| {
                        Some((name.get_ref().clone().into_owned(), self.json(value)?))
                    })
                    .collect();
                Value::Object(fields.into_iter().collect::<Option<Map<_, _>>>()?)
            }
        })
    }
}

/// The value of a field.
pub(super) fn find<'t>(table: &'t DeTable<'t>, name: &str) -> Option<&'t Spanned<DeValue<'t>>> {
    table.iter().find(|(key, _)| **key.get_ref() == *name).map(|(_, value)| value)
}
