//! The connections that are open now.

use std::sync::atomic::Ordering;

use super::Admin;
use crate::{news::News, registry::AdminError};

/// An open connection as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The name by which it can be closed.
    pub name: String,
    /// Who logged in.
    pub user: String,
    /// The virtual host it has opened.
    pub virtual_host: String,
    /// How many channels it has open.
    pub channels: u32,
}

impl Admin {
    /// All open connections, oldest first.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let present = self.shared.presence.all();
        let info = present.iter().map(|present| ConnectionInfo {
            name: present.name(),
            user: present.user.clone(),
            virtual_host: present.virtual_host.to_string_lossy().into_owned(),
            channels: present.channels.load(Ordering::Relaxed),
        });
        info.collect()
    }

    /// Closes a connection with 320 `CONNECTION_FORCED` and that reason.
    pub fn close_connection(&self, name: &str, reason: &str) -> Result<(), AdminError> {
        let present = self.shared.presence.named(name);
        let missing = || AdminError::NotFound { what: "connection", name: name.to_owned() };
        present.ok_or_else(missing)?.tell(News::Close(reason.into()));
        Ok(())
    }
}
