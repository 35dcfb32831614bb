//! Syncs of folders: one for all who ask at the same time.
//!
//! A sync that runs already may have begun too early for who asks now; the next one is for all
//! that have asked by then. Whoever asks returns after one that began later, or with its error.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct FolderSyncs {
    // A lock and a condition, as writers are threads; never held during a sync.
    folders: Mutex<BTreeMap<PathBuf, Folder>>,
    ended: Condvar,
}

/// One that is being asked for.
#[derive(Debug, Default)]
struct Folder {
    /// How many syncs have begun and ended; one runs if they differ.
    begun: u64,
    done: u64,
    /// The last that failed, and how.
    failed: Option<(u64, io::ErrorKind)>,
    /// How many wait: nobody is remembered without need.
    asking: usize,
}

impl FolderSyncs {
    /// Returns when `folder` is on the disk as it is now.
    pub(super) fn sync(
        &self,
        folder: &Path,
        sync: impl Fn(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = folders.entry(folder.to_owned()).or_default();
        asked.asking += 1;
        let wanted = asked.begun + 1;
        loop {
            let entry = folders.entry(folder.to_owned()).or_default();
            if entry.done >= wanted {
                break;
            }
            if entry.begun > entry.done {
                folders = self.ended.wait(folders).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            entry.begun += 1;
            drop(folders);
            let synced = sync(folder);
            folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = folders.entry(folder.to_owned()).or_default();
            entry.done = entry.begun;
            if let Err(error) = synced {
                entry.failed = Some((entry.done, error.kind()));
            }
            self.ended.notify_all();
        }
        let entry = folders.entry(folder.to_owned()).or_default();
        entry.asking -= 1;
        let failed = entry.failed.filter(|(failed, _)| *failed >= wanted);
        if entry.asking == 0 {
            folders.remove(folder);
        }
        failed.map_or(Ok(()), |(_, kind)| {
            let text = format!("the folder `{}` could not be synced", folder.display());
            Err(io::Error::new(kind, text))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    /// One asks, then many while its sync runs; gives how many syncs there were, and the errors.
    fn syncs_of(many: usize, fails: bool) -> (usize, usize) {
        let syncs = Arc::new(FolderSyncs::default());
        let count = Arc::new(AtomicUsize::new(0));
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let (first, counted) = (syncs.clone(), count.clone());
        let first = thread::spawn(move || {
            first.sync(Path::new("x"), |_| {
                counted.fetch_add(1, Ordering::SeqCst);
                may_go_on.recv().map_err(io::Error::other)
            })
        });
        while count.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        let ask = |_| {
            let (syncs, count) = (syncs.clone(), count.clone());
            thread::spawn(move || {
                syncs.sync(Path::new("x"), |_| {
                    count.fetch_add(1, Ordering::SeqCst);
                    if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
                })
            })
        };
        let mut others = Vec::new();
        others.extend((0..many).map(ask));
        while syncs.folders.lock().unwrap()[Path::new("x")].asking <= many {
            thread::yield_now();
        }
        go_on.send(()).unwrap();
        first.join().unwrap().unwrap();
        let errors = others.into_iter().map(|other| other.join().unwrap());
        let errors = errors.filter(Result::is_err).count();
        assert!(syncs.folders.lock().unwrap().is_empty(), "nobody is remembered");
        (count.load(Ordering::SeqCst), errors)
    }

    #[test]
    fn all_who_ask_during_a_sync_share_the_next() {
        assert_eq!(syncs_of(20, false), (2, 0));
    }

    #[test]
    fn its_error_is_told_to_all_of_them() {
        assert_eq!(syncs_of(20, true), (2, 20));
    }
}
