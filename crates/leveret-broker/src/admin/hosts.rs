//! Virtual hosts and their limits.

use super::Admin;
use crate::registry::{AdminError, Change, HostLimit};

/// What can be limited for a virtual host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostLimitName {
    /// `max-connections`
    Connections,
    /// `max-queues`
    Queues,
}

impl Admin {
    /// Makes a virtual host; one that is there stays as it is.
    pub async fn add_virtual_host(&self, name: &str) -> Result<(), AdminError> {
        self.change(Change::PutVirtualHost { name: name.to_owned(), metadata: None }).await
    }

    /// Closes a virtual host's connections and deletes all that is in it.
    pub async fn delete_virtual_host(&self, name: &str) -> Result<(), AdminError> {
        self.change(Change::DeleteVirtualHost { name: name.to_owned() }).await
    }

    /// The names of the virtual hosts.
    pub fn virtual_hosts(&self) -> Vec<String> {
        self.shared.registry.state().virtual_hosts.keys().cloned().collect()
    }

    /// Limits what a virtual host may have at a time; `None` takes the limit away.
    pub async fn limit_virtual_host(
        &self,
        name: &str,
        limit: HostLimitName,
        value: Option<u64>,
    ) -> Result<(), AdminError> {
        let limit = match limit {
            HostLimitName::Connections => HostLimit::Connections,
            HostLimitName::Queues => HostLimit::Queues,
        };
        let virtual_host = name.to_owned();
        self.change(Change::SetHostLimit { virtual_host, limit, value }).await
    }
}
