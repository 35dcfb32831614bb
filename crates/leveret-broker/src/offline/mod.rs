//! A data directory that no broker has open: what is in it, what is left.

mod error;
mod inspection;
mod salvage;

use std::path::Path;

pub use self::{
    error::OfflineError,
    inspection::{HostFigures, Inspection, QueueFigures, inspect},
    salvage::{Salvage, salvage},
};
use crate::directory::DataDirectory;

/// Locks a directory that is one of ours already.
fn enter(path: &Path) -> Result<DataDirectory, OfflineError> {
    if !path.join("format").is_file() {
        return Err(OfflineError::NotADataDirectory { path: path.to_owned() });
    }
    Ok(DataDirectory::open(path)?)
}
