//! The administrative state on disk: one file, replaced whole.

use std::path::{Path, PathBuf};

use leveret_journal::StreamId;
use serde::{Deserialize, Serialize};

use super::state::State;
use crate::directory::{DirectoryError, FILE_BYTES_MAX, Roster, read_if_there, replace};

/// The layout this version writes.
const FORMAT: u32 = 1;

/// The keeper's hand on the data directory; without one, everything is kept in memory.
#[derive(Debug)]
pub(crate) struct Ledger {
    directory: Option<PathBuf>,
    roster: Roster,
}

#[derive(Serialize, Deserialize)]
struct Written<S> {
    format: u32,
    #[serde(flatten)]
    state: S,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Ledger {
    /// The file's name in the data directory.
    pub(crate) const FILE: &str = "administration.json";

    pub(crate) fn new(directory: Option<PathBuf>, roster: Roster) -> Self {
        Self { directory, roster }
    }

    /// The streams of the virtual hosts there are.
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What was written last; nothing, before the first time.
    pub(crate) fn read(&self) -> Result<Option<State>, DirectoryError> {
        let Some(directory) = &self.directory else { return Ok(None) };
        let path = directory.join(Self::FILE);
        let Some(text) = read_if_there(&path)? else { return Ok(None) };
        let damaged = |error: serde_json::Error| DirectoryError::Damaged {
            path: path.clone(),
            problem: format!("cannot be read: {error}"),
        };
        let Format { format } = serde_json::from_str(&text).map_err(damaged)?;
        if format > FORMAT {
            let (path, found, known) = (path, format, FORMAT);
            return Err(DirectoryError::Newer { path, found, known });
        }
        let Written { state, .. } = serde_json::from_str(&text).map_err(damaged)?;
        Ok(Some(state))
    }

    /// Writes the state so that it survives a power loss; users of the configuration stay out.
    pub(crate) fn write(&self, state: &State) -> Result<(), String> {
        let mut state = state.clone();
        state.users.retain(|_, account| !account.is_configured());
        let written = Written { format: FORMAT, state };
        let mut text = serde_json::to_string_pretty(&written).map_err(|error| error.to_string())?;
        text.push('\n');
        if text.len() as u64 >= FILE_BYTES_MAX {
            return Err(format!(
                "more than {FILE_BYTES_MAX} bytes of users, permissions and policies"
            ));
        }
        let Some(directory) = &self.directory else { return Ok(()) };
        replace(directory, Self::FILE, &text).map_err(|error| error.to_string())
    }

    /// Gives a new virtual host a stream of its own.
    pub(crate) fn admit(&mut self, name: &str) -> Result<StreamId, String> {
        self.roster.admit(&[name.to_owned()]);
        self.write_roster()?;
        self.roster.stream(name).map(StreamId).ok_or_else(|| "no stream is free".to_owned())
    }

    /// What is in the log of that virtual host is nobody's any more.
    pub(crate) fn retire(&mut self, name: &str) -> Result<(), String> {
        self.roster.retire(name);
        self.write_roster()
    }

    fn write_roster(&self) -> Result<(), String> {
        let Some(directory) = &self.directory else { return Ok(()) };
        write_roster(directory, &self.roster).map_err(|error| error.to_string())
    }
}

/// Writes the roster so that it survives a power loss.
fn write_roster(directory: &Path, roster: &Roster) -> Result<(), DirectoryError> {
    replace(directory, Roster::FILE, &roster.to_string())
}
