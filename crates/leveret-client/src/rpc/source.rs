//! Where the connections for calls come from.

use crate::{
    client::{Client, ClientEnd, ClientError},
    connection::Connection,
    error::PublishError,
    rpc::error::RpcError,
};

/// What gives connections.
#[derive(Debug)]
pub(super) enum Source {
    /// This one, until it ends.
    Connection(Connection),
    /// The one that is open at the moment.
    Client(Client),
}

impl Source {
    /// A connection that is open; waits for one where another may come.
    pub(super) async fn connection(&self) -> Result<Connection, ClientEnd> {
        let client = match self {
            Self::Connection(connection) => return Ok(connection.clone()),
            Self::Client(client) => client,
        };
        loop {
            match client.publishing_connection().await {
                Ok(connection) => return Ok(connection),
                Err(ClientError::Ended(end)) => return Err(end),
                // How long is waited is up to the call, not to the client.
                Err(ClientError::NoConnection { .. } | ClientError::Channel(_)) => {}
            }
        }
    }

    /// Whether a request that was not sent for this reason may go over another connection.
    pub(super) const fn heals(&self, error: &RpcError) -> bool {
        let RpcError::NotSent(PublishError::NotSent(error)) = error else { return false };
        matches!(self, Self::Client(_)) && error.is_connection_end()
    }
}
