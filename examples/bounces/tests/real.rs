//! A directory of real bounces; without one these tests say so and pass.
//!
//! The directory is named by `LEVERET_BOUNCES`, or lies at `../shared/data/bounces` beside
//! the workspace. The labels in `labels.tsv` were set by reading the mails.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use bounces::{Class, Verdict, classify};

/// At most so many of a hundred mails may stay unknown.
const UNKNOWN_PERCENT_MAX: usize = 5;
/// At least so many of a hundred labelled mails must get the class of their label.
const RIGHT_PERCENT_MIN: usize = 95;

fn directory() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/bounces");
    let named = std::env::var_os("LEVERET_BOUNCES").map(PathBuf::from);
    let found = named.or_else(|| beside.is_dir().then_some(beside));
    if found.is_none() {
        std::io::stderr()
            .write_all(b"skipped: no real bounces; name their directory in LEVERET_BOUNCES\n")
            .unwrap();
    }
    found
}

fn verdicts(directory: &Path) -> BTreeMap<String, Verdict> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mails = entries.filter(|entry| entry.path().is_file());
    mails
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let verdict = classify(&std::fs::read(entry.path()).unwrap());
            let verdict = verdict.unwrap_or_else(|reason| panic!("{name}: {reason}"));
            (name, verdict)
        })
        .collect()
}

#[test]
fn few_real_mails_stay_unknown() {
    let Some(directory) = directory() else { return };
    let verdicts = verdicts(&directory);
    let unknown: Vec<_> =
        verdicts.iter().filter(|(_, verdict)| verdict.class == Class::Unknown).collect();
    assert!(unknown.len() * 100 <= verdicts.len() * UNKNOWN_PERCENT_MAX, "{unknown:?}");
}

#[test]
fn feedback_reports_are_complaints_and_answers_are_answers() {
    let Some(directory) = directory() else { return };
    for (name, verdict) in verdicts(&directory) {
        if name.starts_with("arf-") {
            assert_eq!(verdict.class, Class::Complaint, "{name}");
        }
        if name.starts_with("rfc3834-") {
            assert_eq!(verdict.class, Class::AutoReply, "{name}");
        }
    }
}

/// The labels that a verdict does not agree with, by the label's column.
fn disagreements(column: usize, told: impl Fn(&Verdict) -> String) -> Option<Vec<String>> {
    let verdicts = verdicts(&directory()?);
    let lines = include_str!("../labels.tsv").lines();
    let wrong = lines.filter_map(|line| {
        let mut columns = line.split('\t');
        let name = columns.next().unwrap();
        // The name is gone from the columns, so the others move up by one.
        let label = columns.nth(column - 1).unwrap();
        let found = verdicts.get(name).map_or_else(|| "no such mail".to_owned(), &told);
        (found != label).then(|| format!("{name}: {label}, found {found}"))
    });
    Some(wrong.collect())
}

fn check(wrong: Option<Vec<String>>) {
    let Some(wrong) = wrong else { return };
    let labels = include_str!("../labels.tsv").lines().count();
    assert!(wrong.len() * 100 <= labels * (100 - RIGHT_PERCENT_MIN), "{wrong:#?}");
}

#[test]
fn the_classes_are_those_that_a_reader_gave() {
    check(disagreements(1, |verdict| verdict.class.name().trim_end_matches("-bounce").to_owned()));
}

#[test]
fn the_status_codes_are_those_that_a_reader_found() {
    check(disagreements(2, |verdict| {
        verdict.enhanced_status.map_or_else(|| "-".to_owned(), |status| status.to_string())
    }));
}
