//! Fields with names in a text, as delivery and feedback reports are made of.
//!
//! Takes them from anywhere in a text, since broken mails show them in the wrong part.
//! Keeps true: names are in lower case, values are one line and bounded.

use crate::text::squeeze;

/// How many fields of a text are looked at.
const FIELDS_MAX: usize = 2048;
/// How long a field's value may be; more is cut.
const VALUE_BYTES_MAX: usize = 2048;

/// A line of a report.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A field: its name and its value, unfolded.
    Field(String, String),
    /// The end of a block.
    Blank,
}

/// Reads the fields of a text; other lines are skipped.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut read = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines().take(FIELDS_MAX) {
        let is_folded = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if let (true, Some((_, value))) = (is_folded, open.as_mut()) {
            if value.len() < VALUE_BYTES_MAX {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        if let Some((name, value)) = open.take() {
            read.push(Line::Field(name, squeeze(&value, VALUE_BYTES_MAX)));
        }
        if line.trim().is_empty() {
            read.push(Line::Blank);
        } else if let Some((name, value)) = line.split_once(':')
            && is_name(name.trim_end())
        {
            open = Some((name.trim_end().to_ascii_lowercase(), value.to_owned()));
        }
    }
    if let Some((name, value)) = open {
        read.push(Line::Field(name, squeeze(&value, VALUE_BYTES_MAX)));
    }
    read
}

/// Gives the values of the fields of that name; names are lower case.
pub(super) fn values<'a>(lines: &'a [Line], wanted: &'a str) -> impl Iterator<Item = &'a str> {
    lines.iter().filter_map(move |line| match line {
        Line::Field(name, value) if name == wanted && !value.is_empty() => Some(value.as_str()),
        Line::Field(..) | Line::Blank => None,
    })
}

/// Takes the name of a field such as `dns; mx.example.org (note)`.
pub(super) fn host(value: &str) -> Option<String> {
    let name = value.split_once(';').map_or(value, |(_, name)| name);
    let name = name.split_whitespace().next()?.trim_matches(['<', '>', '[', ']']);
    (!name.is_empty()).then(|| squeeze(name, 255))
}

fn is_name(name: &str) -> bool {
    name.len() < 80
        && name.contains(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_values_become_one_line() {
        let read = lines(
            "Status: 5.0.0\nDiagnostic-Code: smtp; 550\n  no such user\n\nwords here\nAction : failed",
        );
        let field = |name: &str, value: &str| Line::Field(name.to_owned(), value.to_owned());
        assert_eq!(
            read,
            [
                field("status", "5.0.0"),
                field("diagnostic-code", "smtp; 550 no such user"),
                Line::Blank,
                field("action", "failed")
            ]
        );
    }
}
