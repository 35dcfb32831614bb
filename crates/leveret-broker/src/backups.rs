//! Who makes a backup now, if anybody does: one at a time.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The data directory, and where it is being copied to.
#[derive(Debug)]
pub(crate) struct Backups {
    data_dir: Option<PathBuf>,
    running: Mutex<Option<PathBuf>>,
}

impl Backups {
    pub(crate) fn new(data_dir: Option<PathBuf>) -> Self {
        Self { data_dir, running: Mutex::default() }
    }

    /// What is copied, if anything is on disk.
    pub(crate) fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// Takes the one place, until the end; gives back where the one that has it goes.
    pub(crate) fn begin(&self, target: &Path) -> Result<(), PathBuf> {
        let mut running = self.lock();
        if let Some(path) = &*running {
            return Err(path.clone());
        }
        *running = Some(target.to_owned());
        drop(running);
        Ok(())
    }

    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<PathBuf>> {
        // A panic leaves no half entry.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
