//! Journals as earlier releases wrote them.

use std::{fs, path::PathBuf};

use leveret_journal::{Journal, SimDisk};

use crate::{
    ledger::Record,
    run::{Run, Step, open, options},
};

/// Written once by the release that introduced the format; never written again.
const FORMAT_1: &str = "tests/fixtures/format-1";

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(FORMAT_1)
}

/// Every feature of the format: a dropped segment, a recycled one, a record that spans two and whose
/// beginning is gone, another that never became whole, a clean end.
fn steps() -> Vec<Step> {
    let mut steps = vec![Step::Append(0), Step::Append(2500), Step::Commit, Step::Append(3500)];
    steps.extend([Step::Commit, Step::DropOldest, Step::Append(600), Step::Commit]);
    steps.extend([Step::Append(5000), Step::Restart, Step::Append(2000), Step::Commit]);
    steps
}

fn written_now() -> SimDisk {
    let mut run = Run::new();
    assert!(run.steps(&steps()).is_ok());
    run.journal.take().map(Journal::close).expect("open").expect("closed");
    run.disk
}

#[test]
#[ignore = "writes the fixture of a new format; the old ones stay as they are"]
fn write_the_fixture() {
    fs::create_dir_all(directory()).expect("created");
    let disk = written_now();
    for name in disk.names() {
        fs::write(directory().join(&name), disk.read(&name).expect("there")).expect("written");
    }
}

fn fixture() -> SimDisk {
    let disk = SimDisk::new();
    for entry in fs::read_dir(directory()).expect("the fixture") {
        let entry = entry.expect("listed");
        let name = entry.file_name().into_string().expect("a name");
        disk.put(&name, &fs::read(entry.path()).expect("read"));
    }
    disk
}

#[test]
fn a_journal_of_format_1_is_read() {
    let (_, recovered, found) = open(&fixture()).expect("readable for ever");
    let expected = [(3, 600), (5, 2000)].map(|(seq, bytes)| Record::numbered(seq, bytes));
    assert_eq!(found, expected);
    assert_eq!(recovered.cut, None);
    assert_eq!(recovered.segments, 2);
}

#[test]
fn this_release_writes_format_1_byte_for_byte() {
    let (fixture, now) = (fixture(), written_now());
    assert_eq!(fixture.names(), now.names());
    for name in now.names() {
        assert!(fixture.read(&name) == now.read(&name), "{name} differs: is the format new?");
    }
    assert_eq!(options().seed, Some(1));
}
