//! Reading typed settings out of a TOML document; every problem is gathered.

use std::{ops::Range, time::Duration};

use leveret_settings::{nearest, parse_duration};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::problem::{Place, Problem};

/// A document being read: its text for the carets, and what was found wrong so far.
pub(super) struct Document<'i> {
    name: &'i str,
    text: &'i str,
    problems: Vec<(usize, Problem)>,
    is_broken: bool,
}

impl<'i> Document<'i> {
    /// Parses the text. What is no TOML becomes problems, one a line; settings are then not judged,
    /// since most of what would be found wrong follows from those.
    pub(super) fn parse(name: &'i str, text: &'i str) -> (Self, Spanned<DeTable<'i>>) {
        let mut document = Self { name, text, problems: Vec::new(), is_broken: false };
        let (table, mut errors) = DeTable::parse_recoverable(text);
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let mut last_line = 0;
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            let line = text.get(..span.start).unwrap_or(text).matches('\n').count() + 1;
            if line != last_line {
                document.note(span, error.message().to_owned(), None, None);
            }
            last_line = line;
        }
        document.is_broken = !errors.is_empty();
        (document, table)
    }

    /// Notes a problem at a place of the text.
    fn report(&mut self, span: Range<usize>, message: String) {
        if !self.is_broken {
            self.note(span, message, None, None);
        }
    }

    fn note(
        &mut self,
        span: Range<usize>,
        message: String,
        help: Option<String>,
        secret: Option<&str>,
    ) {
        let start = span.start;
        let place = Place::in_file(self.name, self.text, span, secret);
        self.problems.push((start, Problem { place, message, help }));
    }

    /// The problems in the order of the lines.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|(start, _)| *start);
        self.problems.into_iter().map(|(_, problem)| problem).collect()
    }
}

/// One table of the document; remembers which keys were asked for, to name the unknown ones.
pub(super) struct Section<'d, 'i> {
    document: &'d mut Document<'i>,
    table: &'d DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'d, 'i> Section<'d, 'i> {
    pub(super) fn new(document: &'d mut Document<'i>, table: &'d DeTable<'i>) -> Self {
        Self { document, table, known: Vec::new() }
    }

    /// The raw value of a key.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'i>>> {
        self.known.push(key);
        self.table.get(key)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<&'d str> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.mistyped(value, key, "a string");
        }
        text
    }

    /// A text that `parse` makes something of; what it says otherwise becomes a problem.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(key)?;
        let span = self.table.get(key)?.span();
        parse(text).map_err(|message| self.document.report(span, message)).ok()
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.mistyped(value, key, "`true` or `false`");
        }
        flag
    }

    /// A whole number within a range.
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.mistyped(value, key, "a whole number");
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            let message = format!("`{key}` is {integer}, wanted a number from {low} to {high}");
            self.document.report(value.span(), message);
        }
        number
    }

    /// A time with its unit, such as `"10s"`.
    pub(super) fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let value = self.value(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.mistyped(value, key, "a time with its unit, such as `\"10s\"`");
            return None;
        };
        duration_of(text).map_err(|message| self.document.report(value.span(), message)).ok()
    }

    /// A list of texts, each given to `parse`.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.mistyped(value, key, "a list of strings");
            return None;
        };
        let mut items = Vec::new();
        for item in array {
            let Some(text) = item.get_ref().as_str() else {
                self.mistyped(item, key, "a list of strings");
                continue;
            };
            match parse(text) {
                Ok(item) => items.push(item),
                Err(message) => self.document.report(item.span(), message),
            }
        }
        if array.is_empty() {
            self.document.report(value.span(), format!("`{key}` is empty, wanted at least one"));
        }
        Some(items)
    }

    /// A table within this one.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'_, 'i>> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.mistyped(value, key, "a table");
            return None;
        };
        Some(Section { document: &mut *self.document, table, known: Vec::new() })
    }

    /// Each table of a list of tables, given to `read`.
    pub(super) fn sections<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Section<'_, 'i>, Range<usize>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.mistyped(value, key, &format!("tables, written `[[{key}]]`"));
            return None;
        };
        let mut items = Vec::new();
        for item in array {
            let Some(table) = item.get_ref().as_table() else {
                self.mistyped(item, key, &format!("tables, written `[[{key}]]`"));
                continue;
            };
            let mut section = Section { document: &mut *self.document, table, known: Vec::new() };
            items.extend(read(&mut section, item.span()));
            section.finish();
        }
        Some(items)
    }

    /// Where the value of a key stands.
    pub(super) fn span(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or(0..0, Spanned::span)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn report(&mut self, span: Range<usize>, message: String) {
        self.document.report(span, message);
    }

    /// Names every key that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let written = key.get_ref().as_ref();
            if self.known.contains(&written) {
                continue;
            }
            let meant = nearest(written, self.known.iter().copied());
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            let secret = meant.filter(|meant| *meant == "password").map(|_| written);
            if !self.document.is_broken {
                self.document.note(
                    key.span(),
                    format!("unknown key `{written}`"),
                    Some(help),
                    secret,
                );
            }
        }
    }

    fn mistyped(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let found = match value.get_ref().type_str() {
            kind @ ("integer" | "array") => format!("an {kind}"),
            kind => format!("a {kind}"),
        };
        self.document.report(value.span(), format!("`{key}` is {found}, wanted {wanted}"));
    }
}

fn duration_of(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| {
        format!(
            "`{text}` is no time, wanted a whole number and a unit such as `10s`, `500ms` or `2min`"
        )
    })
}
