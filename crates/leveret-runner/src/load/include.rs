//! Files from the disk, with those that they include.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use leveret::ConfigText;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problems::{Problems, RunFileError};
use crate::values::{Lists, get, overlay, placed_table};

/// A larger file is a mistake, not a configuration.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The most files that are put together.
const FILES_MAX: usize = 64;

/// Reads the file and what it includes; nothing if some of it is no TOML. Of two that say the same, the one that includes wins, and
/// of its files the later; lists are joined.
pub(super) fn read<'a>(
    text: &'a ConfigText,
    path: &Path,
    problems: &mut Problems,
) -> Result<Option<DeTable<'a>>, RunFileError> {
    let mut reader = Reader { text, seen: Vec::new(), is_broken: false, problems };
    let content = content(path).map_err(|source| unreadable(path, source))?;
    let table = reader.table(path, &content);
    Ok(Some(table).filter(|_| !reader.is_broken))
}

struct Reader<'a, 'p> {
    text: &'a ConfigText,
    seen: Vec<PathBuf>,
    /// Whether some of it is no TOML.
    is_broken: bool,
    problems: &'p mut Problems,
}

impl<'a> Reader<'a, '_> {
    fn table(&mut self, path: &Path, content: &[u8]) -> DeTable<'a> {
        self.seen.push(path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let valid = String::from_utf8_lossy(content);
        let (written, start) = self.text.add(path, valid.as_ref());
        if let Err(error) = std::str::from_utf8(content) {
            let at = start + error.valid_up_to();
            self.problems.add(self.text, at..at + 1, "not UTF-8 from here on", None);
            return DeTable::new();
        }
        let (table, errors) = DeTable::parse_recoverable(written);
        self.is_broken |= !errors.is_empty();
        for error in &errors {
            let at = start + error.span().unwrap_or(0..0).start;
            self.problems.push(at, self.text.toml_error(error, start));
        }
        let place = |span: std::ops::Range<usize>| start + span.start..start + span.end;
        let own = placed_table(table.into_inner(), &place);
        let mut all = DeTable::new();
        for include in includes(get(&own, "include")) {
            if let Some(table) = self.include(path, &include) {
                overlay(&mut all, table, Lists::Join);
            }
        }
        overlay(&mut all, own, Lists::Join);
        all
    }

    fn include(&mut self, from: &Path, include: &Spanned<String>) -> Option<DeTable<'a>> {
        let path = from.parent().unwrap_or_else(|| Path::new("")).join(include.get_ref());
        let shown = path.display();
        let resolved = path.canonicalize().unwrap_or_else(|_| path.clone());
        let objection = if self.seen.contains(&resolved) {
            Some(format!("`{shown}` is included already"))
        } else if self.seen.len() >= FILES_MAX {
            Some(format!("more than {FILES_MAX} files are included"))
        } else {
            None
        };
        let content = match objection {
            Some(objection) => Err(objection),
            None => content(&path).map_err(|error| format!("cannot read `{shown}`: {error}")),
        };
        match content {
            Ok(content) => Some(self.table(&path, &content)),
            Err(objection) => {
                self.problems.add(self.text, include.span(), objection, None);
                None
            }
        }
    }
}

/// The texts of a list; what is none is left to the check of the shape.
fn includes(value: Option<&Spanned<DeValue<'_>>>) -> Vec<Spanned<String>> {
    let Some(value) = value else { return Vec::new() };
    let Some(list) = value.get_ref().as_array() else { return Vec::new() };
    let text = |item: &Spanned<DeValue<'_>>| {
        Some(Spanned::new(item.span(), item.get_ref().as_str()?.to_owned()))
    };
    list.iter().filter_map(text).collect()
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("it has more than {FILE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, source: io::Error) -> RunFileError {
    RunFileError::Unreadable { path: path.to_owned(), source }
}
