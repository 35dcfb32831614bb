//! File names made from what strangers wrote, which never leave their directory.
//!
//! A pattern's own slashes make folders; whatever is filled in can neither add nor climb one.

use std::path::{Component, Path, PathBuf};

use uuid::Uuid;

/// The longest name of one file or folder, in bytes: what common file systems allow, less room for a suffix.
const SEGMENT_BYTES_MAX: usize = 200;

/// A pattern for file names: text, slashes and the variables `${msgid}`, `${routing_key}`,
/// `${date}`, `${xfilename}` and `${unique}`.
///
/// ```
/// use leveret::files::NamePattern;
///
/// assert!("${date}/${msgid}.json".parse::<NamePattern>().is_ok());
/// assert_eq!("${msgig}".parse::<NamePattern>().unwrap_err().to_string(), "unknown variable `${msgig}`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(Vec<Vec<Piece>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    MessageId,
    RoutingKey,
    Date,
    FileName,
    Unique,
}

/// The pattern cannot make file names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NamePatternError {
    /// A `${…}` that nothing fills.
    #[error("unknown variable `${{{0}}}`")]
    UnknownVariable(String),
    /// A `${` without its `}`.
    #[error("a variable is not closed by `}}`")]
    Unclosed,
    /// It would be absolute, climb out with `..`, or have an empty part.
    #[error("a pattern names files below its directory, without `..` or empty parts")]
    Outside,
}

/// What the variables stand for in one message.
#[derive(Debug, Clone, Default)]
pub(super) struct NameValues<'a> {
    pub(super) message_id: &'a str,
    pub(super) routing_key: &'a str,
    pub(super) file_name: &'a str,
    pub(super) timestamp_secs: u64,
}

impl std::str::FromStr for NamePattern {
    type Err = NamePatternError;

    fn from_str(text: &str) -> Result<Self, NamePatternError> {
        let segments = text.split('/').map(pieces).collect::<Result<Vec<_>, _>>()?;
        let stays_inside = segments.iter().all(|pieces| match pieces.as_slice() {
            [] => false,
            [Piece::Text(text)] => text != "." && text != ".." && !text.contains('\0'),
            _ => true,
        });
        if stays_inside { Ok(Self(segments)) } else { Err(NamePatternError::Outside) }
    }
}

impl Default for NamePattern {
    /// `${msgid}`: the same message gives the same file.
    fn default() -> Self {
        Self(vec![vec![Piece::Variable(Variable::MessageId)]])
    }
}

impl NamePattern {
    /// A relative path of plain names only.
    pub(super) fn fill(&self, values: &NameValues<'_>) -> PathBuf {
        let path: PathBuf = self.0.iter().map(|pieces| segment(pieces, values)).collect();
        assert!(is_plain(&path), "a filled pattern stays below its directory");
        path
    }
}

fn pieces(segment: &str) -> Result<Vec<Piece>, NamePatternError> {
    let mut pieces = Vec::new();
    let mut rest = segment;
    while let Some((text, tail)) = rest.split_once("${") {
        let (name, tail) = tail.split_once('}').ok_or(NamePatternError::Unclosed)?;
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        pieces.push(Piece::Variable(variable(name)?));
        rest = tail;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn variable(name: &str) -> Result<Variable, NamePatternError> {
    match name {
        "msgid" => Ok(Variable::MessageId),
        "routing_key" => Ok(Variable::RoutingKey),
        "date" => Ok(Variable::Date),
        "xfilename" => Ok(Variable::FileName),
        "unique" => Ok(Variable::Unique),
        other => Err(NamePatternError::UnknownVariable(other.to_owned())),
    }
}

fn segment(pieces: &[Piece], values: &NameValues<'_>) -> String {
    let raw: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable(Variable::MessageId) => values.message_id.to_owned(),
            Piece::Variable(Variable::RoutingKey) => values.routing_key.to_owned(),
            Piece::Variable(Variable::Date) => date(values.timestamp_secs),
            Piece::Variable(Variable::FileName) => values.file_name.to_owned(),
            Piece::Variable(Variable::Unique) => Uuid::now_v7().to_string(),
        })
        .collect();
    plain_name(&raw)
}

/// One harmless name. Whatever had to be changed gets a digest of the original, so two names never meet.
pub(super) fn plain_name(raw: &str) -> String {
    let plain: String = raw.chars().map(|c| if is_harmless(c) { c } else { '_' }).collect();
    let (stem, extension) = match plain.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 16 => {
            (stem, Some(extension))
        }
        _ => (plain.as_str(), None),
    };
    let is_unchanged = plain == raw && !plain.is_empty() && !plain.starts_with('.');
    if is_unchanged && plain.len() <= SEGMENT_BYTES_MAX && !ends_in_digest(stem) {
        return plain;
    }
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, raw.as_bytes()).simple().to_string();
    let mut stem = stem.trim_start_matches('.').to_owned();
    stem.truncate(stem.floor_char_boundary(SEGMENT_BYTES_MAX - digest.len() - 20));
    match extension {
        Some(extension) => format!("{stem}-{digest}.{extension}"),
        None => format!("{stem}-{digest}"),
    }
}

/// A sender could forge the name that another message was given here.
fn ends_in_digest(stem: &str) -> bool {
    stem.rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == 32 && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_harmless(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+' | '=' | ',' | ' ' | '<' | '>')
}

fn is_plain(path: &Path) -> bool {
    path.components().all(|component| matches!(component, Component::Normal(_)))
}

/// The day of a Unix time as `2026-11-21`.
fn date(timestamp_secs: u64) -> String {
    // Days to a civil date, after Howard Hinnant's algorithm; years begin in March there.
    let days = timestamp_secs / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pattern: &str, values: &NameValues<'_>) -> String {
        pattern.parse::<NamePattern>().unwrap().fill(values).display().to_string()
    }

    #[test]
    fn variables_are_filled() {
        let values = NameValues {
            message_id: "id-1",
            routing_key: "a.b",
            file_name: "x.eml",
            timestamp_secs: 1_709_164_800,
        };
        assert_eq!(
            filled("${date}/${routing_key}-${msgid}.json", &values),
            "2024-02-29/a.b-id-1.json"
        );
        assert_eq!(filled("${xfilename}", &values), "x.eml");
        assert_ne!(filled("${unique}", &values), filled("${unique}", &values));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(951_782_399), "2000-02-28");
        assert_eq!(date(951_782_400), "2000-02-29");
        assert_eq!(date(1_798_761_599), "2026-12-31");
    }

    #[test]
    fn a_hostile_name_stays_in_its_directory() {
        let long = "x".repeat(5000);
        for hostile in [
            "../../etc/passwd",
            "/etc/passwd",
            "..",
            ".",
            "",
            "a\0b",
            "a/../b",
            ".hidden",
            "~/x",
            "C:\\x",
            &long,
        ] {
            let values = NameValues { file_name: hostile, ..NameValues::default() };
            let path = "in/${xfilename}".parse::<NamePattern>().unwrap().fill(&values);
            assert_eq!(path.components().count(), 2, "{hostile:?} gave {}", path.display());
            assert!(path.file_name().unwrap().len() <= 255);
        }
    }

    #[test]
    fn two_hostile_names_never_meet() {
        assert_ne!(plain_name("a/b"), plain_name("a\\b"));
        assert_ne!(plain_name("a/b"), plain_name("a_b"));
        assert_eq!(plain_name("a/b.eml"), plain_name("a/b.eml"));
        assert_ne!(plain_name("a/b.eml"), plain_name(&plain_name("a/b.eml")));
    }

    #[test]
    fn a_pattern_cannot_climb() {
        for pattern in ["../${msgid}", "/abs/${msgid}", "a//b", "", "."] {
            assert_eq!(pattern.parse::<NamePattern>(), Err(NamePatternError::Outside), "{pattern}");
        }
        assert_eq!("${msgid".parse::<NamePattern>(), Err(NamePatternError::Unclosed));
    }
}
