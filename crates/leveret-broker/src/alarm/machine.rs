//! What the machine says of memory and disk.
//!
//! Reads files of the kernel that are no files of a disk, so that it does not wait for one.

use std::{fs, path::PathBuf};

use super::gauge::Gauge;

/// This machine, with a data directory on one of its disks.
#[derive(Debug)]
pub(super) struct Machine {
    data_dir: Option<PathBuf>,
    memory_total: Option<u64>,
}

impl Machine {
    pub(super) fn new(data_dir: Option<PathBuf>) -> Self {
        let memory_total = [kibibytes("/proc/meminfo", "MemTotal:"), control_group()];
        Self { data_dir, memory_total: memory_total.into_iter().flatten().min() }
    }
}

impl Gauge for Machine {
    fn memory_used(&self) -> Option<u64> {
        kibibytes("/proc/self/status", "VmRSS:")
    }

    fn memory_total(&self) -> Option<u64> {
        self.memory_total
    }

    fn disk_free(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(self.data_dir.as_ref()?).ok()?;
        found.f_bavail.checked_mul(found.f_frsize)
    }
}

/// A line such as `VmRSS:     1234 kB`, in bytes.
fn kibibytes(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

/// The memory that the process's control group may have, if it is bounded.
fn control_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mut folder = PathBuf::from("/sys/fs/cgroup").join(group);
    let mut least: Option<u64> = None;
    // Each group above bounds it too.
    while folder.starts_with("/sys/fs/cgroup") {
        let bound = fs::read_to_string(folder.join("memory.max")).ok();
        let bound = bound.and_then(|text| text.trim().parse().ok());
        least = [least, bound].into_iter().flatten().min();
        folder.pop();
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_can_be_asked() {
        let machine = Machine::new(Some(PathBuf::from("/")));
        let (used, total) = (machine.memory_used().unwrap(), machine.memory_total().unwrap());
        assert!(0 < used && used < total, "{used} of {total}");
        assert!(machine.disk_free().is_some());
    }
}
