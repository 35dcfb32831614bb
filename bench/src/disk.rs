//! What the disk itself takes: a bare write and `fdatasync`.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

const WRITES: usize = 300;

const BLOCK: [u8; 4096] = [7; 4096];

/// The median of overwriting 4 KiB of a file that has its space, and syncing it.
pub(crate) fn sync_p50(folder: &Path) -> anyhow::Result<Duration> {
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
    Ok(times.get(WRITES / 2).copied().unwrap_or_default())
}
