//! A way to the broker beside the links, for who needs a connection of their own.

use leveret_client::{ConnectError, ConnectOptions, Connection};

use crate::embedded::Embedded;
use crate::endpoint::Endpoint;

/// The broker of the unnamed connection.
#[derive(Debug, Clone)]
pub(crate) struct Apart {
    broker: Option<Embedded>,
    endpoint: Endpoint,
}

impl Apart {
    /// To the broker of this name, if it is in the program, else to the endpoint.
    pub(crate) fn of(brokers: &[(String, Embedded)], name: &str, endpoint: &Endpoint) -> Self {
        let inside = brokers.iter().find(|(other, _)| other == name);
        Self { broker: inside.map(|(_, broker)| broker.clone()), endpoint: endpoint.clone() }
    }

    /// Opens one connection; nobody opens it again.
    pub(crate) async fn connect(&self) -> Result<Connection, ConnectError> {
        if let Some(broker) = &self.broker {
            return broker.connect(&ConnectOptions::default()).await;
        }
        let options = match &self.endpoint {
            Endpoint::Address(address) => ConnectOptions::from_uri(address)?,
            Endpoint::Directory(_) | Endpoint::Memory => ConnectOptions::default(),
        };
        Connection::connect(&options).await
    }
}
