//! The processor time this process has used.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// Linux counts it in hundredths of a second, whatever the kernel's own tick (`man 5 proc`).
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all threads so far.
pub(crate) fn used() -> anyhow::Result<Duration> {
    let line = fs::read_to_string("/proc/self/stat")?;
    // The second field is the command in brackets and may hold anything.
    let (_, rest) = line.rsplit_once(')').context("/proc/self/stat has no command")?;
    let mut ticks = 0;
    for field in rest.split_ascii_whitespace().skip(11).take(2) {
        ticks += field.parse::<u32>()?;
    }
    Ok(TICK * ticks)
}
