//! What is wrong in a topology file: line, caret, what was probably meant.

use std::{
    fmt::{self, Display, Formatter},
    ops::Range,
    path::{Path, PathBuf},
};

use leveret_settings::Excerpt;

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
    excerpt: Excerpt,
    message: String,
    advice: Option<String>,
}

impl Problem {
    pub(crate) fn at(
        (file, text): (&Path, &str),
        span: Range<usize>,
        message: impl Display,
    ) -> Self {
        let excerpt = Excerpt::open(text, span);
        Self { file: file.to_owned(), excerpt, message: message.to_string(), advice: None }
    }

    pub(crate) fn advise(mut self, advice: Option<String>) -> Self {
        self.advice = advice;
        self
    }

    pub(crate) const fn place(&self) -> (usize, usize) {
        self.excerpt.place()
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
        let Self { file, excerpt, message, advice } = self;
        excerpt.show(file.display(), message, advice.as_ref()).fmt(f)
    }
}
