//! Shape of a file: its length, its name, its opening words.

use super::source::{Finding, Source};

/// Rule 3: the wall of a file, in lines.
pub(super) const FILE_LINES_MAX: usize = 500;

/// Rule 5: the first line of a module's docs, in characters.
const FIRST_LINE_CHARS_MAX: usize = 80;

/// Rule 1: names that say nothing of the idea inside.
const EMPTY_NAMES: [&str; 8] =
    ["utils", "util", "helpers", "helper", "common", "misc", "impls", "types2"];

pub(super) fn check(file: &Source, findings: &mut Vec<Finding>) {
    name(file, findings);
    opening(file, findings);
}

fn name(file: &Source, findings: &mut Vec<Finding>) {
    for part in file.path.trim_end_matches(".rs").split('/') {
        if EMPTY_NAMES.contains(&part) {
            findings.push(file.finding(1, format!("rule 1: `{part}` names no idea")));
        }
    }
}

fn opening(file: &Source, findings: &mut Vec<Finding>) {
    let first = file.text.lines().next().unwrap_or_default();
    let Some(words) = first.strip_prefix("//! ") else {
        findings.push(file.finding(1, "rule 5: the file does not open with `//! `"));
        return;
    };
    if words.chars().count() >= FIRST_LINE_CHARS_MAX {
        findings.push(file.finding(1, "rule 5: the first line is 80 characters or longer"));
    }
}

/// Rule 3 for one file; `was` is its length in the ratchet, if it stands there.
pub(super) fn length(file: &Source, was: Option<usize>, findings: &mut Vec<Finding>) {
    let lines = file.text.lines().count();
    let wall = was.unwrap_or(FILE_LINES_MAX);
    if lines > wall && !file.is_generated() {
        findings.push(file.finding(1, format!("rule 3: {lines} lines, the wall is {wall}")));
    }
}
