//! Segments that are emptied and used again.

use leveret_journal::{Journal, Options, Seq, SimDisk, StreamId};

use crate::run::{Run, Step, Stop, open};

fn fill_and_drop(run: &mut Run) -> Result<(), Stop> {
    while run.journal.as_ref().is_some_and(|journal| journal.segments().count() < 3) {
        run.steps(&[Step::Append(100), Step::Commit])?;
    }
    run.steps(&[Step::DropOldest])
}

/// Sixteen frames of 256 bytes fill a segment, so that behind each new frame one of the file's former life
/// stands exactly where the next would.
#[test]
fn what_a_segment_held_before_never_reappears() {
    let mut run = Run::new();
    let commit = [Step::Append(200), Step::Commit];
    for round in 0..8 {
        for frame in 0..16 {
            assert!(run.steps(&commit).is_ok(), "round {round}");
            for seed in 0..3 {
                let mut crashed = run.fork();
                crashed.disk.crash(seed);
                if let Err(stop) = crashed.open() {
                    panic!("round {round}, frame {frame}, crash {seed}: {stop:?}");
                }
            }
        }
        if round % 2 == 1 {
            assert!(run.steps(&[Step::DropOldest, Step::DropOldest]).is_ok(), "round {round}");
        }
    }
    // The disk does not grow with what passes through.
    assert!(run.disk.names().len() <= 4, "{:?}", run.disk.names());
}

#[test]
fn a_recycled_file_is_not_reported_as_torn() {
    let mut run = Run::new();
    assert!(run.steps(&[]).is_ok());
    for _ in 0..4 {
        assert!(fill_and_drop(&mut run).is_ok());
    }
    let (journal, recovered, _) = open(&run.disk).expect("intact");
    assert_eq!(recovered.cut, None);
    assert_eq!(journal.bytes(), recovered.bytes);
}

#[test]
fn segments_tell_the_last_record_of_each_stream() {
    let (mut journal, _, _) = open(&Run::new().disk).expect("empty");
    assert!(journal.oldest().is_none());
    assert!(journal.drop_oldest().expect("nothing to drop").is_none());
    for seq in 1..=60 {
        journal.append(StreamId(1), Seq(seq), &[7; 90]).expect("appended");
        journal.append(StreamId(2), Seq(seq * 10), &[8; 10]).expect("appended");
    }
    journal.commit().expect("committed");
    let oldest = journal.oldest().expect("a full one").clone();
    let last = oldest.last(StreamId(1)).expect("there are some");
    assert!(oldest.last(StreamId(2)) <= Some(Seq(last.0 * 10)));
    assert_eq!(oldest.last(StreamId(3)), None);
    let bytes = journal.bytes();
    let dropped = journal.drop_oldest().expect("dropped");
    assert_eq!(dropped.as_ref(), Some(&oldest));
    assert_eq!(journal.bytes(), bytes - oldest.bytes() + 40);
}

#[test]
fn what_was_dropped_stays_dropped() {
    let mut run = Run::new();
    assert!(run.steps(&[]).is_ok());
    for _ in 0..3 {
        let oldest = run.disk.names().remove(0);
        assert!(fill_and_drop(&mut run).is_ok());
        let crashed = run.fork();
        crashed.disk.crash(0);
        assert!(!crashed.disk.names().contains(&oldest), "{oldest}");
    }
}

#[test]
fn a_commit_is_one_write_and_one_sync_whatever_the_number_of_records() {
    let disk = SimDisk::new();
    let journal = Journal::open(disk.clone(), Options::default(), |_, _, _| Ok(()));
    let (mut journal, _) = journal.expect("new");
    let calls = disk.calls();
    for seq in 0..5000 {
        journal.append(StreamId(1), Seq(seq), &[7; 20]).expect("appended");
    }
    assert_eq!(disk.calls(), calls, "no call for a record");
    journal.commit().expect("committed");
    assert_eq!(disk.calls(), calls + 2);
    journal.commit().expect("nothing to commit");
    assert_eq!(disk.calls(), calls + 2);
}
