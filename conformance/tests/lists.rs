//! The lists beside the table say what is there, and the same as the documents.

use std::{collections::BTreeSet, fs, path::PathBuf};

use leveret_conformance::{Case, Reasons, read_cases};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_listed_case_exists() {
    let cases: BTreeSet<String> =
        read_cases(&path("cases")).unwrap().iter().map(Case::name).collect();
    for list in ["deviations.txt", "pending.txt"] {
        let reasons = Reasons::read(&path(list)).unwrap();
        let missing: Vec<&String> = reasons.cases().filter(|name| !cases.contains(*name)).collect();
        assert!(missing.is_empty(), "{list} names cases that are not there: {missing:?}");
    }
}

#[test]
fn every_deviation_has_its_row_in_the_protocol_document() {
    let document = fs::read_to_string(path("../docs/protocol.md")).unwrap();
    let (_, table) = document.split_once("## Deviations from RabbitMQ").unwrap();
    let rows: BTreeSet<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    for (heading, cases) in Reasons::read(&path("deviations.txt")).unwrap().all {
        assert!(rows.contains(heading.as_str()), "no row `{heading}` in docs/protocol.md");
        assert!(!cases.is_empty(), "`{heading}` has no case; the row alone is enough");
    }
}
