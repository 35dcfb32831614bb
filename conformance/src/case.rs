//! The files of cases: a title and the steps below it.
//!
//! `case TITLE` begins one; indented lines are its steps; `#` begins a remark.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

/// One thing to try on a broker.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file's name without its ending: the concept.
    pub concept: String,
    /// What is tried, unique in its file.
    pub title: String,
    pub(crate) steps: Vec<String>,
}

impl Case {
    /// How lists name it: `queue.declare: a missing queue`.
    pub fn name(&self) -> String {
        format!("{}: {}", self.concept, self.title)
    }
}

/// Reads every file of the folder, in the order of their names.
pub fn read_cases(folder: &Path) -> Result<Vec<Case>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let concept = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        cases.extend(parse(&concept, &text)?);
    }
    Ok(cases)
}

fn parse(concept: &str, text: &str) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix("case ") {
            ensure!(cases.iter().all(|case| case.title != title), "{concept}: `{title}` twice");
            let (concept, title) = (concept.to_owned(), title.to_owned());
            cases.push(Case { concept, title, steps: Vec::new() });
            continue;
        }
        ensure!(line.starts_with("  "), "{concept}: neither a case nor a step: {line}");
        let case = cases.last_mut().with_context(|| format!("{concept}: a step before a case"))?;
        case.steps.push(line.trim().to_owned());
    }
    Ok(cases)
}
