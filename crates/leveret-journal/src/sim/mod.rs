//! A disk in memory that loses power, for tests here and elsewhere.
//!
//! Bytes written are visible at once and durable only once synced, names only once the directory is synced.
//! A [`SimDisk::crash`] decides for every sector which of its un-synced writes reached the disk.

mod chance;
mod fault;
mod medium;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::disk::{Disk, Entry, FileId};
use fault::{CallKind, Faults, Verdict};
pub use fault::{FaultKind, Repeat};
use medium::Medium;

/// A simulated directory. Clones share it, so that a test keeps it when the journal is gone.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    // The journal owns one clone, its test another, and the two may be on different threads.
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    medium: Medium,
    faults: Faults,
    is_lying: bool,
}

impl SimDisk {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many calls were made so far, failed ones included.
    pub fn calls(&self) -> u64 {
        self.state().faults.calls()
    }

    /// Lets a coming call fail: 0 is the next one. Replaces what was planned before.
    pub fn inject(&self, kind: FaultKind, nth: u64, repeat: Repeat) {
        self.state().faults.plan(kind, nth, repeat);
    }

    /// Whether a planned fault has struck.
    pub fn has_failed(&self) -> bool {
        self.state().faults.have_struck()
    }

    /// Takes back all faults; what they did stays done.
    pub fn heal(&self) {
        self.state().faults.heal();
    }

    /// From now on syncs succeed and do nothing: the negative control of any test of durability.
    pub fn lie_about_syncs(&self) {
        self.state().is_lying = true;
    }

    /// The power fails and returns. What was synced is there; of what was not, the seed decides. 0 keeps
    /// nothing of it, 1 all. A fault that has struck is taken back.
    pub fn crash(&self, seed: u64) {
        let mut state = self.state();
        state.medium.crash(seed);
        state.faults.restore_power();
    }

    /// The bytes of a file, as a reader sees them now.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.state().medium.bytes(name).map(<[u8]>::to_vec)
    }

    /// Puts a file there, durable, whatever was there before.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.state().medium.put(name, bytes);
    }

    /// Takes a file away, durably.
    pub fn take(&self, name: &str) {
        self.state().medium.take(name);
    }

    /// The names of all files, in order.
    pub fn names(&self) -> Vec<String> {
        self.state().medium.entries().into_iter().map(|entry| entry.name).collect()
    }

    /// A disk of its own with the same content, durable and not, and without faults.
    #[must_use]
    pub fn fork(&self) -> Self {
        let state = self.state();
        let (medium, is_lying) = (state.medium.clone(), state.is_lying);
        let faults = Faults::default();
        Self { state: Arc::new(Mutex::new(State { medium, faults, is_lying })) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what the call asks, or what the planned fault makes of it.
    fn call<T>(&self, deed: impl FnOnce(&mut Medium) -> io::Result<T>) -> io::Result<T> {
        let state = &mut *self.state();
        match state.faults.judge(CallKind::Other) {
            Verdict::Do | Verdict::DoHalf(_) => deed(&mut state.medium),
            Verdict::DoThenFail(error) => deed(&mut state.medium).and(Err(error)),
            Verdict::Fail(error) => Err(error),
        }
    }
}

impl Disk for SimDisk {
    fn path(&self, name: &str) -> String {
        format!("sim:/{name}")
    }

    fn list(&mut self) -> io::Result<Vec<Entry>> {
        self.call(|medium| Ok(medium.entries()))
    }

    fn create(&mut self, name: &str) -> io::Result<FileId> {
        self.call(|medium| medium.create(name))
    }

    fn open(&mut self, name: &str) -> io::Result<FileId> {
        self.call(|medium| medium.open(name))
    }

    fn close(&mut self, _file: FileId) {}

    fn read_at(&mut self, file: FileId, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.call(|medium| medium.read_at(file, offset, buffer))
    }

    fn write_at(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let state = &mut *self.state();
        match state.faults.judge(CallKind::Write) {
            Verdict::Do => state.medium.write_at(file, offset, bytes),
            Verdict::DoThenFail(error) => {
                state.medium.write_at(file, offset, bytes).and(Err(error))
            }
            Verdict::DoHalf(error) => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                state.medium.write_at(file, offset, half).and(Err(error))
            }
            Verdict::Fail(error) => Err(error),
        }
    }

    fn sync_data(&mut self, file: FileId) -> io::Result<()> {
        let state = &mut *self.state();
        match state.faults.judge(CallKind::Other) {
            Verdict::Do | Verdict::DoHalf(_) if state.is_lying => Ok(()),
            Verdict::Do | Verdict::DoHalf(_) => state.medium.sync_data(file),
            // The power is gone: how much of it was done shows at the crash.
            Verdict::DoThenFail(error) => Err(error),
            Verdict::Fail(error) => {
                state.medium.fail_sync(file, state.faults.calls());
                Err(error)
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.call(|medium| medium.rename(from, to))
    }

    fn replace(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.call(|medium| medium.replace(from, to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.call(|medium| medium.remove(name))
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        let state = &mut *self.state();
        match state.faults.judge(CallKind::Other) {
            Verdict::Do | Verdict::DoHalf(_) => {
                if !state.is_lying {
                    state.medium.sync_dir();
                }
                Ok(())
            }
            Verdict::DoThenFail(error) | Verdict::Fail(error) => Err(error),
        }
    }
}
