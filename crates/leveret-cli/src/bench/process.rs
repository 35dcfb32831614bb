//! What a process of this machine has used, from `/proc` (`man 5 proc`).

use std::{fs, io, time::Duration};

/// Linux counts processor time in hundredths of a second here, whatever its own tick.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all its threads so far.
pub(super) fn processor_time(process: &str) -> io::Result<Duration> {
    let line = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the command in brackets and may hold anything.
    let (_, rest) = line.rsplit_once(')').ok_or(io::ErrorKind::InvalidData)?;
    let ticks: u32 = rest
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    Ok(TICK * ticks)
}

/// Its memory in use, in bytes.
pub(super) fn resident_bytes(process: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    Ok(kib.unwrap_or(0_u64) * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        assert!(resident_bytes("self").unwrap() > 1024 * 1024);
        assert!(processor_time("self").is_ok());
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(processor_time("0").is_err());
    }
}
