//! The journal on the machine's own disk.

use std::{fs, os::unix::fs::symlink, path::Path};

use leveret_journal::{AppendError, Journal, OpenError, Options, RealDisk, Seq, StreamId, inspect};

fn open(path: &Path) -> Result<(Journal<RealDisk>, Vec<Vec<u8>>), OpenError> {
    let mut found = Vec::new();
    let (journal, _) = Journal::open(RealDisk::new(path), Options::default(), |_, _, record| {
        found.push(record.to_vec());
        Ok(())
    })?;
    Ok((journal, found))
}

fn fails(path: &Path) -> String {
    let error = open(path).expect_err("cannot be opened");
    error.to_string().replace(&path.display().to_string(), "DIR")
}

#[test]
fn records_come_back_small_and_large() {
    let directory = tempfile::tempdir().expect("a directory");
    let large = vec![5; 20 << 20];
    let (mut journal, found) = open(directory.path()).expect("new");
    assert!(found.is_empty());
    journal.append(StreamId(1), Seq(1), b"small").expect("appended");
    journal.append(StreamId(1), Seq(2), &large).expect("appended");
    journal.commit().expect("committed");
    assert_eq!(journal.segments().count(), 2);
    drop(journal);
    let (mut journal, found) = open(directory.path()).expect("intact");
    assert_eq!(found, [b"small".to_vec(), large]);
    assert!(journal.drop_oldest().expect("dropped").is_some());
    journal.close().expect("closed");
    let (_, found) = open(directory.path()).expect("intact");
    assert!(found.is_empty());
}

#[test]
fn a_record_that_is_too_long_is_refused_and_the_journal_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options { record_bytes_max: 4, ..Options::default() };
    let disk = RealDisk::new(directory.path());
    let (mut journal, _) = Journal::open(disk, options, |_, _, _| Ok(())).expect("new");
    let error = journal.append(StreamId(1), Seq(1), b"12345").expect_err("too long");
    assert!(matches!(error, AppendError::TooLarge { bytes: 5, bytes_max: 4 }));
    journal.append(StreamId(1), Seq(1), b"1234").expect("appended");
    journal.commit().expect("committed");
}

#[test]
fn a_directory_that_cannot_be_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    assert_eq!(fails(&directory.path().join("none")), "DIR: no such directory");
    let file = directory.path().join("file");
    fs::write(&file, b"").expect("written");
    assert_eq!(fails(&file), "DIR: not a directory");
}

#[test]
fn a_segment_that_is_a_link_or_a_directory_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    drop(open(path).expect("new"));
    let name = path.join("segment-00000000000000000001.journal");
    fs::rename(&name, path.join("elsewhere")).expect("renamed");
    symlink(path.join("elsewhere"), &name).expect("linked");
    assert_eq!(fails(path), "cannot open DIR/segment-00000000000000000001.journal");
    fs::remove_file(&name).expect("removed");
    fs::create_dir(&name).expect("created");
    assert_eq!(fails(path), "cannot open DIR/segment-00000000000000000001.journal");
}

#[test]
fn a_visitor_that_refuses_is_told_apart_from_damage() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = open(directory.path()).expect("new");
    journal.append(StreamId(1), Seq(1), b"1234").expect("appended");
    journal.commit().expect("committed");
    let disk = RealDisk::new(directory.path());
    let error = inspect(disk, |_, _, _| Err("no such kind".into())).expect_err("refused");
    let OpenError::Refused { offset, source, .. } = error else { panic!("{error}") };
    assert_eq!((offset, source.to_string().as_str()), (4096 + 40, "no such kind"));
}

#[test]
fn an_inspection_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = open(directory.path()).expect("new");
    journal.append(StreamId(1), Seq(1), b"1234").expect("appended");
    journal.commit().expect("committed");
    let name = directory.path().join("segment-00000000000000000001.journal");
    let before = fs::read(&name).expect("read");
    let recovered = inspect(RealDisk::new(directory.path()), |_, _, _| Ok(())).expect("intact");
    assert_eq!((recovered.records, recovered.segments, recovered.cut), (1, 1, None));
    assert_eq!(fs::read(&name).expect("read"), before);
}
