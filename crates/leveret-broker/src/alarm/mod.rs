//! Alarms: too little memory or disk, so that nobody may publish for a while.
//!
//! A lookout looks at intervals and tells everyone who watches. Who publishes in an alarm is told
//! `connection.blocked` and not read until it is over; who only consumes goes on, for that is
//! what brings it to an end.

mod gauge;
mod machine;
mod settings;

use std::{fmt, sync::Arc};

pub use self::gauge::Gauge;
use self::machine::Machine;
pub use self::settings::{AlarmSettings, MemoryMark};

/// Which alarms are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Alarms {
    /// The process has more memory than its mark.
    pub memory: bool,
    /// The data directory's disk has less free than its mark.
    pub disk: bool,
}

impl Alarms {
    /// Whether any is on.
    pub const fn is_on(self) -> bool {
        self.memory || self.disk
    }
}

/// The reason as `connection.blocked` gives it.
impl fmt::Display for Alarms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match (self.memory, self.disk) {
            (false, false) => "no alarm",
            (true, false) => "low on memory",
            (false, true) => "low on disk",
            (true, true) => "low on memory & disk",
        })
    }
}

/// The gauge of a broker on this machine with a data directory there.
pub(crate) fn machine(data_dir: Option<std::path::PathBuf>) -> Arc<dyn Gauge> {
    Arc::new(Machine::new(data_dir))
}
