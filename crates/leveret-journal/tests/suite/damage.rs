//! Files that changed while nobody was looking.

use expect_test::{Expect, expect};
use leveret_journal::{FaultKind, Flaw, OpenError, Repeat, SimDisk};

use crate::{
    ledger::Record,
    run::{Run, Step, open},
};

const FIRST: &str = "segment-00000000000000000001.journal";
const SECOND: &str = "segment-00000000000000000002.journal";
const THIRD: &str = "segment-00000000000000000003.journal";

/// Three segments, two records a commit.
fn log(is_closed: bool) -> (SimDisk, Vec<Record>) {
    let mut run = Run::new();
    for _ in 0..11 {
        assert!(run.steps(&[Step::Append(300), Step::Append(600), Step::Commit]).is_ok());
    }
    if is_closed {
        run.journal.take().expect("open").close().expect("closed");
    }
    let disk = run.disk.fork();
    assert_eq!(disk.names(), [FIRST, SECOND, THIRD]);
    let (_, _, records) = open(&disk.fork()).expect("intact");
    assert_eq!(records.len(), 22);
    (disk, records)
}

fn change(disk: &SimDisk, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = disk.read(name).expect("there");
    change(&mut bytes);
    disk.put(name, &bytes);
}

#[track_caller]
fn check_refusal(damage: impl FnOnce(&SimDisk), expected: Expect) {
    let (disk, _) = log(false);
    damage(&disk);
    let names = disk.names();
    let error = open(&disk).expect_err("damaged");
    expected.assert_eq(&error.to_string());
    assert_eq!(disk.names(), names, "a refused journal is left as it is");
}

fn flip_every_byte(is_closed: bool, least: usize) {
    let (intact, records) = log(is_closed);
    for name in intact.names() {
        let bytes = intact.read(&name).expect("there");
        for at in 0..bytes.len() {
            let disk = SimDisk::new();
            for other in intact.names() {
                disk.put(&other, &intact.read(&other).expect("there"));
            }
            change(&disk, &name, |bytes| bytes[at] ^= 1 << (at % 8));
            match open(&disk) {
                Ok((_, _, found)) => {
                    assert!(records.starts_with(&found), "{name} {at}: a wrong record");
                    assert!(found.len() >= least, "{name} {at}: {} found", found.len());
                }
                Err(OpenError::Damage { file, .. }) => {
                    assert!(file.ends_with(".journal"), "{file}");
                }
                Err(error) => panic!("{name} {at}: {error}"),
            }
        }
    }
}

#[test]
fn a_flipped_bit_is_found_or_costs_what_the_last_commit_wrote() {
    flip_every_byte(false, 20);
}

#[test]
fn a_flipped_bit_in_a_closed_journal_is_always_found() {
    flip_every_byte(true, 22);
}

#[test]
fn a_close_covers_what_an_earlier_process_left_and_adds_nothing_the_second_time() {
    let (disk, _) = log(false);
    open(&disk).expect("intact").0.close().expect("closed");
    let closed = disk.read(THIRD);
    open(&disk).expect("intact").0.close().expect("closed");
    assert!(disk.read(THIRD) == closed);
    let last = closed.expect("there").iter().rposition(|byte| *byte != 0).expect("data");
    change(&disk, THIRD, |bytes| bytes[last - 100] ^= 1);
    let error = open(&disk).expect_err("damaged");
    assert!(matches!(error, OpenError::Damage { flaw: Flaw::Overtaken { .. }, .. }));
}

#[test]
fn a_file_cut_short_anywhere_is_found_or_costs_what_the_last_commit_wrote() {
    let (intact, records) = log(false);
    for name in intact.names() {
        let length = intact.read(&name).expect("there").len();
        for length in 0..length {
            let disk = intact.fork();
            change(&disk, &name, |bytes| bytes.truncate(length));
            if let Ok((_, _, found)) = open(&disk) {
                assert!(records.starts_with(&found), "{name} {length}: a wrong record");
                let is_last = name == THIRD;
                assert!(found.len() == 22 || is_last, "{name} {length}: {}", found.len());
            }
        }
    }
}

#[test]
fn a_torn_tail_is_cut_and_reported_once() {
    let (disk, records) = log(false);
    disk.crash(0);
    let (mut journal, _, _) = open(&disk).expect("intact");
    let record = Record::numbered(99, 1200);
    journal.append(record.stream, record.seq, &record.bytes).expect("appended");
    disk.inject(FaultKind::ShortWrite, 0, Repeat::Once);
    journal.commit().expect_err("half written");
    drop(journal);
    disk.crash(1);
    let (_, recovered, found) = open(&disk).expect("torn, not damaged");
    assert_eq!(found, records);
    let cut = recovered.cut.expect("reported");
    assert_eq!(cut.file, format!("sim:/{THIRD}"));
    assert!((400..=1300).contains(&cut.bytes), "{cut:?}");
    disk.crash(0);
    let (_, recovered, found) = open(&disk).expect("intact");
    assert_eq!((recovered.cut, found), (None, records));
}

#[test]
fn a_tail_of_zeros_behind_the_watermark_is_cut_and_before_it_is_damage() {
    let (disk, records) = log(false);
    let end = disk.read(THIRD).expect("there").iter().rposition(|b| *b != 0).expect("data") + 1;
    let commit = 40 + 2 * 16 + 900;
    change(&disk, THIRD, |bytes| bytes[end - commit..].fill(0));
    let (_, _, found) = open(&disk.fork()).expect("as if never written");
    assert_eq!(found, records[..20]);
    let (disk, _) = log(false);
    change(&disk, THIRD, |bytes| bytes[end - 2 * commit..end - commit].fill(0));
    assert!(matches!(open(&disk), Err(OpenError::Damage { flaw: Flaw::Overtaken { .. }, .. })));
}

#[test]
fn a_missing_segment_is_named() {
    check_refusal(
        |disk| disk.take(SECOND),
        expect![
            "sim:/segment-00000000000000000002.journal: damaged at byte 0: the file is missing"
        ],
    );
    check_refusal(
        |disk| disk.take(FIRST),
        expect![
            "sim:/segment-00000000000000000001.journal: damaged at byte 0: the file is missing"
        ],
    );
}

#[test]
fn segments_that_changed_places_are_named() {
    check_refusal(
        |disk| {
            let (first, second) = (disk.read(FIRST), disk.read(SECOND));
            disk.put(FIRST, &second.expect("there"));
            disk.put(SECOND, &first.expect("there"));
        },
        expect![
            "sim:/segment-00000000000000000001.journal: damaged at byte 0: the header belongs to segment 2"
        ],
    );
}

#[test]
fn a_segment_that_is_there_twice_is_named() {
    check_refusal(
        |disk| {
            let fourth = "segment-00000000000000000004.journal";
            disk.put(fourth, &disk.read(THIRD).expect("there"));
        },
        expect![
            "sim:/segment-00000000000000000004.journal: damaged at byte 0: the header belongs to segment 3"
        ],
    );
    check_refusal(
        |disk| disk.put("segment-2 (copy).journal", &disk.read(SECOND).expect("there")),
        expect!["sim:/segment-2 (copy).journal: damaged at byte 0: the name is not a segment's"],
    );
}

#[test]
fn a_file_of_somebody_else_is_named() {
    check_refusal(
        |disk| disk.put(THIRD, b"GIF89a"),
        expect![
            "sim:/segment-00000000000000000003.journal: damaged at byte 0: not a journal segment"
        ],
    );
    check_refusal(
        |disk| disk.put(SECOND, b""),
        expect![
            "sim:/segment-00000000000000000002.journal: damaged at byte 0: not a journal segment"
        ],
    );
}

#[test]
fn a_segment_of_another_journal_is_named() {
    let disk = Run::new().disk;
    let options = leveret_journal::Options { seed: Some(2), ..crate::run::options() };
    let journal = leveret_journal::Journal::open(disk.clone(), options, |_, _, _| Ok(()));
    let (mut journal, _) = journal.expect("new");
    for seq in 0..22 {
        let record = Record::numbered(seq, if seq % 2 == 0 { 300 } else { 600 });
        journal.append(record.stream, record.seq, &record.bytes).expect("appended");
        if seq % 2 == 1 {
            journal.commit().expect("committed");
        }
    }
    let other = disk.read(SECOND).expect("there");
    check_refusal(
        |disk| disk.put(SECOND, &other),
        expect![
            "sim:/segment-00000000000000000002.journal: damaged at byte 0: the segment belongs to another journal"
        ],
    );
}

#[test]
fn damage_in_a_full_segment_names_the_place() {
    check_refusal(
        |disk| change(disk, FIRST, |bytes| bytes[5000] ^= 1),
        expect![
            "sim:/segment-00000000000000000001.journal: damaged at byte 4096: invalid data before the end of the segment"
        ],
    );
    check_refusal(
        |disk| change(disk, SECOND, |bytes| bytes.truncate(6000)),
        expect![
            "sim:/segment-00000000000000000002.journal: damaged at byte 5896: invalid data before the end of the segment"
        ],
    );
    check_refusal(
        |disk| change(disk, THIRD, |bytes| bytes[70] ^= 1),
        expect![
            "sim:/segment-00000000000000000003.journal: damaged at byte 0: the header fails its checksum"
        ],
    );
    check_refusal(
        |disk| change(disk, THIRD, |bytes| bytes[4100] ^= 1),
        expect![
            "sim:/segment-00000000000000000003.journal: damaged at byte 4096: invalid data, though what follows at byte 4768 was written after it was durable"
        ],
    );
}

#[test]
fn a_newer_format_is_refused_by_name_and_number() {
    check_refusal(
        |disk| {
            change(disk, THIRD, |bytes| {
                bytes[8] = 2;
                let crc = crc32c::crc32c(&bytes[..12]).to_le_bytes();
                bytes[12..16].copy_from_slice(&crc);
            });
        },
        expect![
            "sim:/segment-00000000000000000003.journal: journal format 2, this release reads up to 1"
        ],
    );
}

#[test]
fn files_that_are_not_the_journals_are_left_alone() {
    let (disk, records) = log(false);
    disk.put("lock", b"4711");
    let (_, _, found) = open(&disk).expect("intact");
    assert_eq!(found, records);
    assert_eq!(disk.read("lock").expect("still there"), b"4711");
}
