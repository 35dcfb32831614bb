//! When the engine panicked, kept over restarts.
//!
//! A supervisor starts a broker again that has aborted. If its engine panics on what the log
//! holds, it would do so for ever: after a few times in a short while the start is refused, until
//! that while is over or somebody has taken the file away.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// So many panics ...
const PANICS_MAX: usize = 3;

/// ... within this time are a loop.
const WINDOW: Duration = Duration::from_mins(10);

/// A file with one line for each panic: seconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct PanicRecord {
    path: PathBuf,
}

/// The engine has panicked again and again.
#[derive(Debug, thiserror::Error)]
#[error(
    "the engine panicked {panics} times within {} minutes: look into the log, then remove `{}` or wait",
    WINDOW.as_secs() / 60,
    path.display()
)]
pub struct PanicLoop {
    panics: usize,
    path: PathBuf,
}

impl PanicRecord {
    /// The record in a data directory.
    pub(crate) fn in_directory(data_dir: &Path) -> Self {
        Self { path: data_dir.join("panics") }
    }

    /// Writes one more; whether that works out changes nothing.
    pub(crate) fn note(&self) {
        if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(&self.path) {
            writeln!(file, "{}", seconds()).ok();
        }
    }

    /// Refuses a start amid a loop; forgets panics that are long over.
    pub(crate) fn check(&self) -> Result<(), PanicLoop> {
        let Ok(text) = fs::read_to_string(&self.path) else { return Ok(()) };
        let now = seconds();
        let is_recent = |at: &u64| now.abs_diff(*at) < WINDOW.as_secs();
        let lines = text.lines().filter_map(|line| line.parse().ok());
        let panics = lines.filter(is_recent).count();
        if panics >= PANICS_MAX {
            return Err(PanicLoop { panics, path: self.path.clone() });
        }
        if panics == 0 {
            fs::remove_file(&self.path).ok();
        }
        Ok(())
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_panics_in_a_short_while_refuse_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let record = PanicRecord::in_directory(folder.path());
        for _ in 0..PANICS_MAX {
            assert!(record.check().is_ok());
            record.note();
        }
        let refused = record.check().unwrap_err().to_string();
        assert!(refused.starts_with("the engine panicked 3 times within 10 minutes"), "{refused}");
        let long_ago = seconds() - WINDOW.as_secs();
        fs::write(&record.path, format!("{long_ago}\n").repeat(9)).unwrap();
        assert!(record.check().is_ok());
        assert!(!record.path.exists());
    }
}
