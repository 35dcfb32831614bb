//! What the fuzzer runs, and the tests too: over the committed corpus.

use leveret_journal::{Journal, Options, Seq, SimDisk, StreamId};

/// A log whose files hold what the fuzzer wrote into them: opening is refused or gives records
/// that were appended, in order; what was accepted once is accepted again, and can be gone on with.
///
/// The data is a list of edits: two octets say where, one how many bytes, then the bytes.
pub(crate) fn scan(data: &[u8]) {
    let (disk, appended) = log();
    let mut edits = data;
    while let [file, low, high, count, rest @ ..] = edits {
        let count = usize::from(*count).min(rest.len());
        let (bytes, later) = rest.split_at(count);
        edit(&disk, *file, usize::from(u16::from_le_bytes([*low, *high])), bytes);
        edits = later;
    }
    let Some(first) = open(&disk) else { return };
    assert!(appended.starts_with(&first) || is_suffix(&appended, &first), "no record is made up");
    let again = open(&disk).expect("nothing changed since");
    assert_eq!(first, again);
    let next = first.last().map_or(1, |(seq, _)| seq + 1);
    if let Ok((mut journal, _)) = Journal::open(disk.clone(), options(), |_, _, _| Ok(())) {
        assert!(journal.append(StreamId(1), Seq(next), b"more").is_ok());
        assert!(journal.commit().is_ok());
    }
    let last = open(&disk).expect("a log that was written to").pop();
    assert_eq!(last, Some((next, b"more".to_vec())));
}

/// The oldest segments may be gone, the newest records torn off.
fn is_suffix(appended: &[(u64, Vec<u8>)], found: &[(u64, Vec<u8>)]) -> bool {
    found.is_empty() || appended.windows(found.len()).any(|window| window == found)
}

fn options() -> Options {
    let mut options = Options::default();
    options.segment_bytes = 8_192;
    options
}

fn open(disk: &SimDisk) -> Option<Vec<(u64, Vec<u8>)>> {
    let mut found = Vec::new();
    let opened = Journal::open(disk.clone(), options(), |_, seq, record| {
        found.push((seq.0, record.to_vec()));
        Ok(())
    });
    opened.is_ok().then_some(found)
}

/// A log of a few segments, and what is in it.
fn log() -> (SimDisk, Vec<(u64, Vec<u8>)>) {
    let disk = SimDisk::new();
    let mut appended = Vec::new();
    if let Ok((mut journal, _)) = Journal::open(disk.clone(), options(), |_, _, _| Ok(())) {
        for seq in 1..=24 {
            let record = vec![seq as u8; 37 * seq as usize];
            assert!(journal.append(StreamId(1), Seq(seq), &record).is_ok());
            if seq % 3 == 0 {
                assert!(journal.commit().is_ok());
            }
            appended.push((seq, record));
        }
        assert!(journal.commit().is_ok());
    }
    (disk, appended)
}

/// Overwrites, cuts (no bytes, and an odd file number) or appends, by where it is.
fn edit(disk: &SimDisk, file: u8, at: usize, bytes: &[u8]) {
    let names = disk.names();
    let Some(name) = names.get(usize::from(file) % names.len().max(1)) else { return };
    let Some(mut content) = disk.read(name) else { return };
    if bytes.is_empty() {
        match file >> 6 {
            0 => content.truncate(at),
            1 => return disk.take(name),
            2 => {
                if let Some(other) = names.get(at % names.len()) {
                    content = disk.read(other).unwrap_or_default();
                }
            }
            _ => content.resize(at, 0),
        }
    } else {
        if content.len() < at + bytes.len() {
            content.resize(at + bytes.len(), 0);
        }
        content[at..at + bytes.len()].copy_from_slice(bytes);
    }
    disk.put(name, &content);
}
