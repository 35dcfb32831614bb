//! Verifying a log beside its writer.

use leveret_journal::{Checker, Disk, Journal, OpenError, SimDisk};

use crate::run::{Run, Step};

/// All segments with how many bytes of them were written.
fn listed<D: Disk>(journal: &Journal<D>) -> Vec<(String, u64)> {
    journal.segments().map(|segment| (segment.file(), segment.bytes())).collect()
}

fn check(disk: &SimDisk, (file, bytes): &(String, u64)) -> Result<u64, OpenError> {
    let mut checker = Checker::new(disk.clone());
    checker.begin(file, *bytes)?;
    let mut verified = 0;
    loop {
        match checker.go_on()? {
            0 => return Ok(verified),
            more => verified += more,
        }
    }
}

#[test]
fn a_log_that_is_written_to_and_recycled_is_whole_at_any_time() {
    let mut run = Run::new();
    for round in 0..60 {
        assert!(run.steps(&[Step::Append(300), Step::Append(900)]).is_ok());
        if round % 3 == 2 {
            assert!(run.steps(&[Step::Commit]).is_ok());
        }
        let journal = run.journal.as_ref().expect("open");
        for segment in listed(journal) {
            let verified = check(&run.disk, &segment).expect("whole");
            assert_eq!(verified, segment.1 - 4096, "{segment:?} of round {round}");
        }
        if journal.segments().count() > 3 {
            assert!(run.steps(&[Step::Commit, Step::DropOldest]).is_ok());
        }
    }
}

#[test]
fn a_flipped_bit_in_what_was_written_is_found() {
    let mut run = Run::new();
    for _ in 0..12 {
        assert!(run.steps(&[Step::Append(300), Step::Append(600), Step::Commit]).is_ok());
    }
    let segments = listed(run.journal.as_ref().expect("open"));
    assert!(segments.len() > 2);
    for segment in &segments {
        let bytes = run.disk.read(&segment.0).expect("there");
        let written = usize::try_from(segment.1).expect("small");
        for at in (0..written).step_by(13) {
            let disk = SimDisk::new();
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            disk.put(&segment.0, &flipped);
            assert!(matches!(check(&disk, segment), Err(OpenError::Damage { .. })), "byte {at}");
        }
    }
}

#[test]
fn a_segment_that_became_another_meanwhile_is_not_listed_any_more() {
    let mut run = Run::new();
    let commit = [Step::Append(900), Step::Commit];
    while run.journal.as_ref().is_none_or(|journal| journal.segments().count() < 3) {
        assert!(run.steps(&commit).is_ok());
    }
    let (file, bytes) = listed(run.journal.as_ref().expect("open")).remove(0);
    let mut checker = Checker::new(run.disk.clone());
    checker.begin(&file, bytes).expect("whole");
    assert!(run.steps(&[Step::DropOldest]).is_ok());
    while run.journal.as_ref().is_some_and(|journal| journal.segments().count() < 3) {
        assert!(run.steps(&commit).is_ok());
    }
    checker.go_on().expect_err("its file is another segment by now");
    let segments = listed(run.journal.as_ref().expect("open"));
    assert!(segments.iter().all(|(listed, _)| *listed != file));
}
