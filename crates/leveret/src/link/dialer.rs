//! How a connection is opened: over a socket, or within the program.

use leveret_client::{ConnectError, ConnectOptions, Connection};

use crate::embedded::Embedded;

/// Opens connections to one broker.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    pub(crate) options: ConnectOptions,
    pub(crate) way: Way,
}

#[derive(Debug, Clone)]
pub(crate) enum Way {
    Socket,
    Within(Embedded),
}

impl Dialer {
    pub(crate) async fn dial(&self) -> Result<Connection, ConnectError> {
        match &self.way {
            Way::Socket => Connection::connect(&self.options).await,
            Way::Within(broker) => broker.connect(&self.options).await,
        }
    }
}
