//! What the process takes of the machine, as it was seen last.

use std::fs;

/// What the lookout has read; nothing, where it cannot be known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Readings {
    /// Bytes that the process has.
    pub(crate) memory_used: Option<u64>,
    /// Bytes beyond which there is an alarm.
    pub(crate) memory_limit: Option<u64>,
    /// Bytes free on the disk of the data directory.
    pub(crate) disk_free: Option<u64>,
}

/// Open files and sockets of the process.
pub(crate) fn descriptors_used() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |all| all.count() as u64)
}

/// How many it may have.
pub(crate) fn descriptors_max() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    soft.and_then(|soft| soft.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_of_descriptors() {
        assert!(descriptors_used() > 0);
        assert!(descriptors_max() >= descriptors_used());
    }
}
