//! How a connection is opened: over a socket, or within the program.

#[cfg(feature = "test-kit")]
use std::sync::Arc;

use leveret_client::{ConnectError, ConnectOptions, Connection, Mechanism};
use leveret_protocol::ShortStr;

use crate::embedded::Embedded;
#[cfg(feature = "test-kit")]
use crate::relay::Relay;

/// Opens connections to one broker.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    pub(crate) options: ConnectOptions,
    pub(crate) way: Way,
    /// What a test puts between.
    #[cfg(feature = "test-kit")]
    pub(crate) relay: Option<Arc<Relay>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Way {
    Socket,
    Within(Embedded),
}

impl Dialer {
    /// The name it logs in with, if that is certain: a certificate may hold another.
    pub(crate) fn login(&self) -> Option<ShortStr> {
        let is_told = !self.options.mechanisms.contains(&Mechanism::External);
        ShortStr::try_from(self.options.user.as_str()).ok().filter(|_| is_told)
    }

    pub(crate) async fn dial(&self) -> Result<Connection, ConnectError> {
        #[cfg(feature = "test-kit")]
        if let Some(relay) = &self.relay {
            return self.dial_through(relay).await;
        }
        match &self.way {
            Way::Socket => Connection::connect(&self.options).await,
            Way::Within(broker) => broker.connect(&self.options).await,
        }
    }

    #[cfg(feature = "test-kit")]
    async fn dial_through(&self, relay: &Arc<Relay>) -> Result<Connection, ConnectError> {
        let stream = match &self.way {
            Way::Within(broker) => relay.before(broker.stream()),
            Way::Socket => {
                let (host, port) = (self.options.host.as_str(), self.options.port);
                let stream = tokio::net::TcpStream::connect((host, port)).await;
                let authority = format!("{host}:{port}");
                relay.before(
                    stream.map_err(|source| ConnectError::Unreachable { authority, source })?,
                )
            }
        };
        Connection::over(stream, &self.options).await
    }
}
