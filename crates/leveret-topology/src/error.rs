//! What is wrong in a topology file: line, caret, what was probably meant.

use std::{
    fmt::{self, Display, Formatter},
    ops::Range,
    path::{Path, PathBuf},
};

/// Problems that are told; a file with more has them told after these are mended.
const TOLD_MAX: usize = 50;

/// A topology file that cannot be used, with all that is wrong in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TopologyError {
    /// What is wrong, from the first line to the last; never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong in a file; its text shows file, line and caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    file: PathBuf,
    line: usize,
    column: usize,
    source: String,
    width: usize,
    message: String,
    advice: Option<String>,
}

impl Problem {
    pub(crate) fn at(
        (file, text): (&Path, &str),
        span: Range<usize>,
        message: impl Display,
    ) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = text.get(line_start..).unwrap_or_default();
        let until_line_end = after.lines().next().unwrap_or_default().chars().count();
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            source: rest.lines().next().unwrap_or_default().to_owned(),
            width: span.len().clamp(1, until_line_end.max(1)),
            message: message.to_string(),
            advice: None,
        }
    }

    pub(crate) fn advise(mut self, advice: Option<String>) -> Self {
        self.advice = advice;
        self
    }

    pub(crate) const fn place(&self) -> (usize, usize) {
        (self.line, self.column)
    }
}

impl Display for TopologyError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(TOLD_MAX).enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{problem}")?;
        }
        match self.problems.len().saturating_sub(TOLD_MAX) {
            0 => Ok(()),
            more => write!(f, "\n\nand {more} more"),
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, source, width, message, advice } = self;
        let margin = " ".repeat(line.to_string().len());
        writeln!(f, "{}:{line}:{column}: {message}", file.display())?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{line} | {source}")?;
        write!(f, "{margin} | {}{}", " ".repeat(column - 1), "^".repeat(*width))?;
        match advice {
            Some(advice) => write!(f, "\n{margin} = {advice}"),
            None => Ok(()),
        }
    }
}

/// The known name closest to what was written, if it is close enough to be a slip.
pub(crate) fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (edit_distance(found, name), name))
        .filter(|(distance, name)| {
            *distance > 0 && *distance <= name.len().max(found.len()) / 4 + 1
        })
        .min()
        .map(|(_, name)| name)
}

fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (right, above) in b.chars().zip(row.iter().skip(1)) {
            before = (diagonal + usize::from(left != right)).min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
