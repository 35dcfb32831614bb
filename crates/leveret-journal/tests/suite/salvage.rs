//! What is left of a damaged log.

use leveret_journal::{Flaw, Loss, Salvaged, SimDisk, salvage};

use crate::{
    ledger::Record,
    run::{Run, Step, open},
};

const FIRST: &str = "segment-00000000000000000001.journal";
const SECOND: &str = "segment-00000000000000000002.journal";
const THIRD: &str = "segment-00000000000000000003.journal";

/// Three segments of records, closed cleanly; and the records.
fn log() -> (SimDisk, Vec<Record>) {
    let mut run = Run::new();
    for _ in 0..11 {
        assert!(run.steps(&[Step::Append(300), Step::Append(600), Step::Commit]).is_ok());
    }
    run.journal.take().expect("open").close().expect("closed");
    let disk = run.disk.fork();
    let (_, _, records) = open(&disk.fork()).expect("intact");
    assert_eq!((disk.names().len(), records.len()), (3, 22));
    (disk, records)
}

fn change(disk: &SimDisk, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = disk.read(name).expect("there");
    change(&mut bytes);
    disk.put(name, &bytes);
}

/// Salvages; every record must be one that was written, in order.
fn saved(disk: &SimDisk, written: &[Record]) -> (usize, Salvaged) {
    let mut found: Vec<Record> = Vec::new();
    let salvaged = salvage(disk.clone(), |stream, seq, bytes| {
        found.push(Record { stream, seq, bytes: bytes.to_vec() });
        Ok(())
    })
    .expect("readable");
    let mut rest = written.iter();
    for record in &found {
        assert!(rest.any(|known| known == record), "a record that was not written, or twice");
    }
    assert_eq!(salvaged.records, found.len() as u64);
    (found.len(), salvaged)
}

#[test]
fn an_intact_log_is_salvaged_whole() {
    let (disk, records) = log();
    let (count, salvaged) = saved(&disk, &records);
    assert_eq!((count, salvaged.losses), (22, Vec::<Loss>::new()));
}

#[test]
fn a_damaged_place_costs_the_records_of_its_frame_and_is_named() {
    let (disk, records) = log();
    change(&disk, SECOND, |bytes| bytes[4096 + 50] ^= 1);
    open(&disk.fork()).expect_err("damaged");
    let (count, salvaged) = saved(&disk, &records);
    assert!((19..22).contains(&count), "{count}");
    let [loss] = &salvaged.losses[..] else { panic!("{salvaged:?}") };
    assert!(loss.file.ends_with(SECOND));
    assert_eq!((loss.offset, loss.flaw), (4096, Flaw::Frame));
    assert!(loss.bytes > 0);
}

#[test]
fn a_missing_segment_and_an_unreadable_header_cost_their_own_records_only() {
    let (disk, records) = log();
    change(&disk, SECOND, |bytes| bytes[20] ^= 1);
    let (count, salvaged) = saved(&disk, &records);
    assert!((8..20).contains(&count), "{count}");
    assert_eq!(salvaged.losses.len(), 1, "{salvaged:?}");
    assert_eq!(salvaged.losses[0].flaw, Flaw::Header);

    let bare = SimDisk::new();
    for name in [FIRST, THIRD] {
        bare.put(name, &disk.read(name).expect("there"));
    }
    let (again, salvaged) = saved(&bare, &records);
    assert_eq!(again, count);
    assert_eq!(salvaged.losses[0].flaw, Flaw::Missing);
}

#[test]
fn wherever_one_byte_is_flipped_most_is_saved_and_nothing_made_up() {
    let (intact, records) = log();
    for name in intact.names() {
        let length = intact.read(&name).expect("there").len();
        for at in (0..length).step_by(13) {
            let disk = intact.fork();
            change(&disk, &name, |bytes| bytes[at] ^= 1 << (at % 8));
            let (count, salvaged) = saved(&disk, &records);
            assert!(count >= 10, "{name} {at}: {count} saved");
            let opens = open(&disk).is_ok();
            assert_eq!(opens, salvaged.losses.is_empty(), "{name} {at}: {salvaged:?}");
        }
    }
}
