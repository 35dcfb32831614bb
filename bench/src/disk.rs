//! What the disk itself takes: a bare write and `fdatasync`.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

const WRITES: usize = 300;

const BLOCK: [u8; 4096] = [7; 4096];

/// How long overwriting 4 KiB of a file that has its space, and syncing it, takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Syncs {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Syncs {
    pub(crate) fn measure(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("sync");
        let mut file = File::create(&path)?;
        for _ in 0..WRITES {
            file.write_all(&BLOCK)?;
        }
        file.sync_all()?;
        file.seek(SeekFrom::Start(0))?;
        let mut times = Vec::with_capacity(WRITES);
        for _ in 0..WRITES {
            let start = Instant::now();
            file.write_all(&BLOCK)?;
            file.sync_data()?;
            times.push(start.elapsed());
        }
        std::fs::remove_file(path)?;
        times.sort();
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        Ok(Self { p50: at(WRITES / 2), p99: at(WRITES * 99 / 100) })
    }
}
