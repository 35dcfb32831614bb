//! Files with anything in them.

use leveret_journal::{Journal, SimDisk};
use proptest::prelude::*;

use crate::run::{Run, Step, open, options};

const NAME: &str = "segment-00000000000000000001.journal";

fn log() -> SimDisk {
    let mut run = Run::new();
    let steps =
        [Step::Append(900), Step::Append(50), Step::Commit, Step::Append(300), Step::Commit];
    assert!(run.steps(&steps).is_ok());
    run.disk
}

/// Opening may fail; it must not panic, and what it accepts it must accept again.
fn open_twice(disk: &SimDisk) {
    if let Ok((journal, _, first)) = open(disk) {
        drop(journal);
        let (_, _, second) = open(disk).expect("nothing changed since");
        assert_eq!(first, second);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_of_random_bytes_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..9000)) {
        let disk = SimDisk::new();
        disk.put(NAME, &bytes);
        prop_assert!(Journal::open(disk, options(), |_, _, _| Ok(())).is_err());
    }

    #[test]
    fn random_bytes_in_a_log_never_make_a_record(
        at in 0..8192_usize,
        noise in prop::collection::vec(any::<u8>(), 1..600),
    ) {
        let disk = log();
        let (_, _, before) = open(&disk).expect("intact");
        let mut bytes = disk.read(NAME).expect("there");
        let end = (at + noise.len()).min(bytes.len());
        bytes[at.min(end)..end].copy_from_slice(&noise[..end - at.min(end)]);
        disk.put(NAME, &bytes);
        if let Ok((_, _, after)) = open(&disk) {
            prop_assert!(before.starts_with(&after));
        }
        open_twice(&disk);
    }

    #[test]
    fn pieces_of_a_log_in_the_wrong_place_never_make_a_record(
        from in 0..6000_usize, to in 0..6000_usize, length in 1..3000_usize,
    ) {
        let disk = log();
        let (_, _, before) = open(&disk).expect("intact");
        let mut bytes = disk.read(NAME).expect("there");
        let length = length.min(bytes.len() - from.max(to));
        bytes.copy_within(from..from + length, to);
        disk.put(NAME, &bytes);
        if let Ok((_, _, after)) = open(&disk) {
            prop_assert!(before.starts_with(&after));
        }
        open_twice(&disk);
    }
}
