//! A configuration error: where it is, what was found, what was probably meant.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The exit code for a wrong configuration (`EX_CONFIG` of sysexits).
pub const EXIT_CONFIG: u8 = 78;

/// A configuration file that cannot be used; its text shows file, line, caret and a suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: PathBuf,
    place: Option<Place>,
    message: String,
    suggestion: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    source: String,
    width: usize,
}

impl ConfigError {
    /// The whole file is at fault: missing, unreadable, not text.
    #[doc(hidden)]
    pub fn of_file(file: &Path, message: impl Display) -> Self {
        Self { file: file.into(), place: None, message: message.to_string(), suggestion: None }
    }

    pub(super) fn at(file: &Path, text: &str, span: Range<usize>, message: impl Display) -> Self {
        let place = Some(Place::find(text, span));
        Self { file: file.into(), place, message: message.to_string(), suggestion: None }
    }

    pub(super) fn of_toml(error: &toml::de::Error, at: impl FnOnce(String) -> Self) -> Self {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        let suggestion = unknown_field(&message).and_then(|(found, wanted)| nearest(found, wanted));
        let short = match unknown_field(&message) {
            Some((found, _)) => format!("unknown field `{found}`"),
            None => message.clone(),
        };
        let mut out = at(short);
        out.suggestion = suggestion.map(|name| format!("did you mean `{name}`?")).or_else(|| {
            let (_, rest) = message.split_once(", expected ")?;
            Some(format!("expected {rest}"))
        });
        out
    }

    /// With this line below.
    #[doc(hidden)]
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

impl Place {
    fn find(text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let (_, line_and_more) = text.split_at(line_start);
        let written = line_and_more.lines().next().unwrap_or("");
        let source = without_passwords(written).replace(char::is_control, " ");
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        let on_this_line = after.lines().next().unwrap_or("").chars().count();
        let marked = text.get(start..span.end).unwrap_or(after).chars().count();
        // What is hidden behind the place makes the mark shorter.
        let shown = (source.chars().count() + 1).saturating_sub(column);
        let width = marked.min(on_this_line).min(shown).max(1);
        Self { line: before.matches('\n').count() + 1, column, source, width }
    }
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { file, place, message, suggestion } = self;
        match place {
            None => write!(f, "{}: {message}", file.display())?,
            Some(Place { line, column, source, width }) => {
                let margin = " ".repeat(line.to_string().len());
                writeln!(f, "{}:{line}:{column}: {message}", file.display())?;
                writeln!(f, "{margin} |")?;
                writeln!(f, "{line} | {source}")?;
                write!(f, "{margin} | {}{}", " ".repeat(column - 1), "^".repeat(*width))?;
            }
        }
        match suggestion {
            Some(suggestion) => write!(f, "\n  = {suggestion}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The text without the passwords of the addresses in it.
pub(super) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        // A password may hold what ends an authority elsewhere.
        let end = after.find(|c: char| c.is_whitespace() || c == '"');
        let (authority, behind) = after.split_at(end.unwrap_or(after.len()));
        shown.push_str(before);
        shown.push_str("://");
        match authority.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
            Some((Some((user, _)), host)) => {
                shown.push_str(user);
                shown.push_str(":***@");
                shown.push_str(host);
            }
            Some((None, _)) | None => shown.push_str(authority),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// The name that was found and the list of those that are known, out of the parser's message.
fn unknown_field(message: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let (found, rest) = message.strip_prefix("unknown field `")?.split_once('`')?;
    Some((found, rest.split('`').skip(1).step_by(2)))
}

/// The known name closest to what was written, if it is close enough to be a slip.
pub(crate) fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|name| (edit_distance(found, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(found.len()) / 3)
        .min()
        .map(|(_, name)| name.to_owned())
}

fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (right, above) in b.chars().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(left != right);
            diagonal = *above;
            before = replaced.min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["connection", "handlers", "files"];
        assert_eq!(nearest("conection", known.into_iter()).as_deref(), Some("connection"));
        assert_eq!(nearest("handler", known.into_iter()).as_deref(), Some("handlers"));
        assert_eq!(nearest("database", known.into_iter()), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
