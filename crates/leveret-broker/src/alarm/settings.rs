//! When alarms are raised.

use std::time::Duration;

/// The marks beyond which nobody may publish.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlarmSettings {
    /// Memory of the process (60 % of the machine's, or of its control group's).
    pub memory: MemoryMark,
    /// Bytes that must be free on the disk of the data directory (50 MB); 0 is no alarm.
    pub disk_free_min: u64,
    /// How often it is looked at (1 s).
    pub interval: Duration,
}

/// How much memory the process may have before there is an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MemoryMark {
    /// As much as there is.
    Off,
    /// So many bytes.
    Bytes(u64),
    /// So many hundredths of all there is.
    Percent(u8),
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self {
            memory: MemoryMark::Percent(60),
            disk_free_min: 50_000_000,
            interval: Duration::from_secs(1),
        }
    }
}

impl MemoryMark {
    /// The mark in bytes, if there is one.
    pub(crate) fn bytes(self, total: Option<u64>) -> Option<u64> {
        match self {
            Self::Off => None,
            Self::Bytes(bytes) => Some(bytes),
            Self::Percent(percent) => Some(total? / 100 * u64::from(percent)),
        }
    }
}
