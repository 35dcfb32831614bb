//! What a commit costs beside what the disk itself asks.
//!
//! `cargo run -p leveret-journal --release --example sync_cost [directory]`: a few seconds, about 64 MiB.

use std::{
    error::Error,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use leveret_journal::{Disk, Journal, Options, RealDisk, Seq, StreamId};

const ROUNDS: usize = 1500;
const BLOCK: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = tempfile::tempdir_in(parent)?;
    let mut out = std::io::stdout();
    let raw = |name: &str, is_preallocated| raw_syncs(directory.path(), name, is_preallocated);
    let opening = Instant::now();
    let disk = RealDisk::new(directory.path());
    let (mut journal, _) = Journal::open(disk, Options::default(), |_, _, _| Ok(()))?;
    writeln!(out, "first open             {:>9.2?}", opening.elapsed())?;
    report(&mut out, "raw, growing file", raw("growing", false)?)?;
    report(&mut out, "raw, overwriting", raw("overwriting", true)?)?;
    let mut seq = 0;
    for (name, bytes, count) in [
        ("commit of 1 x 200 B", 200, 1),
        ("commit of 1 x 4 KiB", BLOCK - 56, 1),
        ("commit of 100 x 200 B", 200, 100),
    ] {
        let times = commits(&mut journal, &mut seq, bytes, count)?;
        report(&mut out, name, times)?;
    }
    report(&mut out, "raw, overwriting again", raw("again", true)?)?;
    large_commit(&mut out, &mut journal)
}

/// A hundred thousand records in one commit: what the memory work costs.
fn large_commit(
    out: &mut impl std::io::Write,
    journal: &mut Journal<RealDisk>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    for seq in 0..100_000 {
        journal.append(StreamId(2), Seq(seq), &[7; 100])?;
    }
    let appended = start.elapsed();
    journal.commit()?;
    writeln!(
        out,
        "100,000 x 100 B        {appended:>9.2?} appended, {:.2?} in all",
        start.elapsed()
    )?;
    Ok(())
}

fn raw_syncs(
    directory: &Path,
    name: &str,
    is_preallocated: bool,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut disk = RealDisk::new(directory);
    let file = disk.create(name)?;
    if is_preallocated {
        disk.write_at(file, 0, &vec![0; ROUNDS * BLOCK])?;
    }
    disk.sync_data(file)?;
    disk.sync_dir()?;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let start = Instant::now();
        disk.write_at(file, (round * BLOCK) as u64, &[1; BLOCK])?;
        disk.sync_data(file)?;
        times.push(start.elapsed());
    }
    disk.remove(name)?;
    Ok(times)
}

fn commits(
    journal: &mut Journal<RealDisk>,
    seq: &mut u64,
    bytes: usize,
    count: usize,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let record = vec![7; bytes];
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..count {
            *seq += 1;
            journal.append(StreamId(1), Seq(*seq), &record)?;
        }
        journal.commit()?;
        times.push(start.elapsed());
        while journal.segments().count() > 2 {
            journal.drop_oldest()?;
        }
    }
    Ok(times)
}

fn report(
    out: &mut impl std::io::Write,
    name: &str,
    mut times: Vec<Duration>,
) -> Result<(), Box<dyn Error>> {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let (p50, p99, max) = (at(50), at(99), times.last().copied().unwrap_or_default());
    writeln!(out, "{name:<22} p50 {p50:>9.2?}  p99 {p99:>9.2?}  max {max:>9.2?}")?;
    Ok(())
}
