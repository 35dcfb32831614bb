//! A copy of the data directory while the broker runs.
//!
//! Pages are held first, then the log tells what of it is durable: whatever the copied log speaks of
//! is there until it is copied. What comes later is not in the copy, and nobody waits for it.

mod copy;
mod error;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use self::copy::Copy;
pub use self::{copy::Backup, error::BackupError};
use crate::{hosts::DiskQueues, shared::Shared};

/// Makes a backup; goes on if nobody waits for it any more.
pub(crate) async fn run(shared: &Arc<Shared>, target: &Path) -> Result<Backup, BackupError> {
    let Some(source) = shared.backups.data_dir().map(Path::to_owned) else {
        return Err(BackupError::InMemory);
    };
    let queues = shared.hosts.disk().ok_or(BackupError::Stopping)?;
    shared.backups.begin(target).map_err(|path| BackupError::Busy { path })?;
    let turn = Turn { shared: Arc::clone(shared) };
    let target = target.to_owned();
    let made = tokio::spawn(make(turn, queues, source, target)).await;
    made.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

async fn make(
    turn: Turn,
    queues: DiskQueues,
    source: PathBuf,
    target: PathBuf,
) -> Result<Backup, BackupError> {
    let held = Held(queues);
    let stopped = Arc::new(AtomicBool::new(false));
    let mut watch = turn.shared.lifecycle.watch();
    let ending = {
        let stopped = Arc::clone(&stopped);
        tokio::spawn(async move {
            watch.ended().await;
            stopped.store(true, Ordering::Relaxed);
        })
    };
    held.0.pages.hold().await.ok_or(BackupError::Stopping)?;
    let segments = held.0.log.cut().await.ok_or(BackupError::Stopping)?;
    let pages = held.0.pages.list().await.ok_or(BackupError::Stopping)?;
    let copied = tokio::task::spawn_blocking(move || {
        let made = Copy::new(source, target, stopped).make(&segments, &pages);
        // Only now may what was copied go.
        drop(held);
        made
    })
    .await;
    ending.abort();
    drop(turn);
    copied.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// The right to make the one backup; given back when this is dropped.
#[derive(Debug)]
struct Turn {
    shared: Arc<Shared>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.shared.backups.end();
    }
}

/// Segments and pages that stay where they are until this is dropped.
#[derive(Debug)]
struct Held(DiskQueues);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.log.release();
        self.0.pages.release();
    }
}
