//! Saving what is left of a damaged data directory into a new one.

use std::{fs, path::Path};

use leveret_engine::Lsn;
use leveret_journal::{Journal, Loss, Options, RealDisk};
use leveret_protocol::Timestamp;

use super::{
    OfflineError, enter,
    inspection::{HostFigures, engines, figures},
};
use crate::directory::DataDirectory;

/// Records written between two syncs.
const GROUP: u64 = 10_000;

/// What was saved, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvage {
    /// Records that are in the new log.
    pub records: u64,
    /// Records that could be read and make no sense, or are nobody's.
    pub refused: u64,
    /// Damaged places of the log.
    pub losses: Vec<Loss>,
    /// What the new directory holds.
    pub hosts: Vec<HostFigures>,
}

/// Copies all that can be read of `from` into the new directory `to`; `from` is not changed.
///
/// What was lost can have been a message or the word that a message was settled: of the queues
/// concerned, messages may be missing, and may come again.
pub fn salvage(from: &Path, to: &Path) -> Result<Salvage, OfflineError> {
    let old = enter(from)?;
    let is_taken = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken || to.is_file() {
        return Err(OfflineError::NotEmpty { path: to.to_owned() });
    }
    let new = DataDirectory::open(to)?;
    copy_files(from, to)?;
    let mut engines = engines(&old.roster()?);
    let disk = RealDisk::new(new.journal_path());
    let (mut journal, _) = Journal::open(disk, Options::default(), |_, _, _| Ok(()))?;
    let mut salvage = Salvage::default();
    let found =
        leveret_journal::salvage(RealDisk::new(old.journal_path()), |stream, seq, record| {
            let known = engines.get_mut(&stream);
            let is_sound =
                known.is_some_and(|(_, engine)| engine.replay(Lsn(seq.0), record).is_ok());
            if !is_sound {
                salvage.refused += 1;
                return Ok(());
            }
            salvage.records += 1;
            journal.append(stream, seq, record)?;
            if salvage.records.is_multiple_of(GROUP) {
                journal.commit()?;
            }
            Ok(())
        })?;
    journal.close().map_err(|error| OfflineError::Append(error.to_string()))?;
    salvage.losses = found.losses;
    for (name, mut engine) in engines.into_values() {
        engine.finish_replay(Timestamp::from_millis(0));
        salvage.hosts.push(figures(name, &engine));
    }
    Ok(salvage)
}

/// Copies everything beside the log and what each directory has of its own.
fn copy_files(from: &Path, to: &Path) -> Result<(), OfflineError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| OfflineError::Io { path, source }
    };
    for entry in fs::read_dir(from).map_err(io(from))? {
        let entry = entry.map_err(io(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if entry.file_name() != "journal" {
                fs::create_dir_all(&target).map_err(io(&target))?;
                copy_files(&path, &target)?;
            }
        } else if entry.file_name() != "lock" && entry.file_name() != "format" {
            fs::copy(&path, &target).map_err(io(&target))?;
            fs::File::open(&target).and_then(|file| file.sync_all()).map_err(io(&target))?;
        }
    }
    fs::File::open(to).and_then(|directory| directory.sync_all()).map_err(io(to))
}
