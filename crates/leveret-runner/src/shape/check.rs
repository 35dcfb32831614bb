//! Holds a file against its shape; all that does not fit is told at once.

use std::net::SocketAddr;
use std::ops::Range;

use leveret::{ConfigText, parse_span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::REFUSED;
use super::{Key, Presence, Shape};
use crate::problems::Problems;
use crate::values::placed;

/// Checks the value; texts that come from outside of TOML (an environment variable, a flag) become
/// what is wanted.
pub(crate) fn check<'a>(
    text: &'a ConfigText,
    shape: &Shape,
    value: &mut Spanned<DeValue<'a>>,
    problems: &mut Problems,
) {
    Check { text, problems }.value(shape, "the file", value);
}

struct Check<'a, 'p> {
    text: &'a ConfigText,
    problems: &'p mut Problems,
}

impl<'a> Check<'a, '_> {
    fn value(&mut self, shape: &Shape, name: &str, value: &mut Spanned<DeValue<'a>>) {
        self.take_from_outside(shape, value);
        let span = value.span();
        match (shape, value.get_mut()) {
            // Within it, too, may be what comes from outside.
            (Shape::Any, DeValue::Table(table)) => {
                for (name, value) in table.iter_mut() {
                    self.value(&Shape::Any, name.get_ref(), value);
                }
            }
            (Shape::Any, _) | (Shape::Bool, DeValue::Boolean(_)) => {}
            (Shape::Text, DeValue::String(text)) => {
                if text.is_empty() && !name.ends_with("key") && name != "body" {
                    self.wrong(span, format!("`{name}` is empty"), None);
                }
            }
            (Shape::Integer(min, max), DeValue::Integer(number)) => {
                let found = i64::from_str_radix(number.as_str(), number.radix());
                if !found.is_ok_and(|found| (*min..=*max).contains(&found)) {
                    let text = format!("`{name}` is {min} to {max}, found {number}");
                    self.wrong(span, text, None);
                }
            }
            (Shape::Span, DeValue::String(text)) => {
                if parse_span(text).is_none_or(|span| span.is_zero()) {
                    let message = format!("`{text}` is no length of time");
                    self.wrong(span, message, Some(format!("expected {}", shape.wanted())));
                }
            }
            (Shape::Address, DeValue::String(text)) => {
                if text.parse::<SocketAddr>().is_err() {
                    let message = format!("`{text}` is no address to listen on");
                    self.wrong(span, message, Some(format!("expected {}", shape.wanted())));
                }
            }
            (Shape::Words(words), DeValue::String(word)) => self.word(words, span, name, word),
            (Shape::Table(keys), DeValue::Table(table)) => self.table(keys, span, name, table),
            (Shape::Names(shape), DeValue::Table(table)) => {
                for (name, value) in table.iter_mut() {
                    self.value(shape, name.get_ref(), value);
                }
            }
            (Shape::List(shape), DeValue::Array(list)) => {
                for item in list.iter_mut() {
                    self.value(shape, name, item);
                }
            }
            (Shape::Either(one, _), DeValue::String(_)) => self.value(one, name, value),
            (Shape::Either(_, other), DeValue::Table(_)) => self.value(other, name, value),
            (shape, found) => {
                let text = format!("`{name}` is {}, found {}", shape.wanted(), kind(found));
                self.wrong(span, text, None);
            }
        }
    }

    fn word(&mut self, words: &[&str], span: Range<usize>, name: &str, word: &str) {
        if words.contains(&word) {
            return;
        }
        let near = ConfigText::nearest(word, words.iter().copied());
        let hint = near.map_or_else(
            || format!("expected one of {}", words.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.wrong(span, format!("`{word}` is no `{name}`"), Some(hint));
    }

    fn table(&mut self, keys: &[Key], span: Range<usize>, name: &str, table: &mut DeTable<'a>) {
        for key in keys.iter().filter(|key| key.presence == Presence::Required) {
            if !table.iter().any(|(written, _)| written.get_ref() == key.name) {
                self.wrong(span.clone(), format!("`{name}` has no `{}`", key.name), None);
            }
        }
        for (written, value) in table.iter_mut() {
            if let Some(key) = keys.iter().find(|key| key.name == written.get_ref()) {
                self.value(key.shape, key.name, value);
                continue;
            }
            if let Some((name, instead)) = refused(keys, written.get_ref()) {
                let text = format!("`{name}` cannot be here");
                self.wrong(written.span(), text, Some(instead.to_owned()));
                continue;
            }
            let known = keys.iter().map(|key| key.name);
            let near = ConfigText::nearest(written.get_ref(), known.clone());
            let hint = near.map_or_else(
                || format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let text = format!("unknown key `{}`", written.get_ref());
            self.wrong(written.span(), text, Some(hint));
        }
    }

    /// A text that stands for something else than text where it comes from.
    fn take_from_outside(&self, shape: &Shape, value: &mut Spanned<DeValue<'a>>) {
        let DeValue::String(text) = value.get_ref() else { return };
        let written = self.text.slice(value.span()).unwrap_or("");
        let is_toml = written.starts_with('"') || written.starts_with('\'');
        if is_toml && !written.contains("${") {
            return;
        }
        let is_wanted = match shape {
            Shape::Bool
            | Shape::Integer(..)
            | Shape::Table(_)
            | Shape::Names(_)
            | Shape::List(_) => true,
            Shape::Any => !is_toml,
            Shape::Either(..) => text.starts_with('{'),
            Shape::Text | Shape::Span | Shape::Address | Shape::Words(_) => false,
        };
        if !is_wanted {
            return;
        }
        let span = value.span();
        // Within a text that was put together there are no places of their own.
        let (text, _) = self.text.add("", text.as_ref());
        if let Ok(parsed) = DeValue::parse(text) {
            *value = placed(parsed, &|_| span.clone());
        }
    }

    fn wrong(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        self.problems.add(self.text, span, message, hint);
    }
}

/// What is known, and not here: its name, and what there is instead.
fn refused(keys: &[Key], name: &str) -> Option<(&'static str, &'static str)> {
    let is_handler = keys.iter().any(|key| key.name == "concurrency");
    REFUSED.iter().find(|(refused, _)| is_handler && *refused == name).copied()
}

/// In words, with its article.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a broken number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
