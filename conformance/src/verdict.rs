//! Lists of cases with a reason: what deviates, and what is not there yet.
//!
//! A line is a reason; the indented lines below it are the cases it is the reason of.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result, ensure};

/// Reasons in their order, and the case names under each.
#[derive(Debug, Default)]
pub struct Reasons {
    /// Each reason with its cases.
    pub all: Vec<(String, Vec<String>)>,
}

impl Reasons {
    /// Reads a list.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let mut all: Vec<(String, Vec<String>)> = Vec::new();
        let mut seen = BTreeSet::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("  ") {
                Some(case) => {
                    let (_, cases) = all.last_mut().context("a case before a reason")?;
                    cases.push(case.trim().to_owned());
                    ensure!(seen.insert(case.trim().to_owned()), "twice: {case}");
                }
                None => all.push((line.to_owned(), Vec::new())),
            }
        }
        Ok(Self { all })
    }

    /// Whether the case stands under any reason.
    pub fn contains(&self, case: &str) -> bool {
        self.all.iter().any(|(_, cases)| cases.iter().any(|name| name == case))
    }

    /// Every case named.
    pub fn cases(&self) -> impl Iterator<Item = &String> {
        self.all.iter().flat_map(|(_, cases)| cases)
    }
}
