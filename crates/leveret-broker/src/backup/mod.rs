//! A copy of the data directory while the broker runs.
//!
//! Pages are held first, then the log tells what of it is durable: whatever the copied log speaks of
//! is there until it is copied. What comes later is not in the copy, and nobody waits for it.

mod copy;
mod error;
mod pace;

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};

pub(crate) use self::pace::RATE_DEFAULT;
pub use self::{copy::Backup, error::BackupError};
use self::{copy::Copy, pace::Pace};
use crate::{hosts::DiskQueues, shared::Shared};

/// Makes a backup; goes on if nobody waits for it any more.
///
/// It copies that many bytes per second, so that others have the disk, too.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    target: &Path,
    bytes_per_sec: u64,
) -> Result<Backup, BackupError> {
    let Some(source) = shared.backups.data_dir().map(Path::to_owned) else {
        return Err(BackupError::InMemory);
    };
    let queues = shared.hosts.disk().ok_or(BackupError::Stopping)?;
    shared.backups.begin(target).map_err(|path| BackupError::Busy { path })?;
    let turn = Turn { shared: Arc::clone(shared) };
    let copy = Copy::new(source, target.to_owned(), Pace::new(bytes_per_sec));
    let made = tokio::spawn(make(turn, queues, copy)).await;
    made.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

async fn make(turn: Turn, queues: DiskQueues, copy: Copy) -> Result<Backup, BackupError> {
    let held = Held(queues);
    let mut watch = turn.shared.lifecycle.watch();
    let ending = {
        let stopped = copy.stopped();
        tokio::spawn(async move {
            watch.ended().await;
            stopped.store(true, Ordering::Relaxed);
        })
    };
    held.0.pages.hold().await.ok_or(BackupError::Stopping)?;
    let segments = held.0.log.cut().await.ok_or(BackupError::Stopping)?;
    let pages = held.0.pages.list().await.ok_or(BackupError::Stopping)?;
    let copied = tokio::task::spawn_blocking(move || {
        let made = copy.make(&segments, &pages);
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
