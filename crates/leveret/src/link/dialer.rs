//! How a connection is opened: over a socket, or within the program.

use leveret_client::{ConnectError, ConnectOptions, Connection, Mechanism};
use leveret_protocol::ShortStr;

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
    /// The name it logs in with, if that is certain: a certificate may hold another.
    pub(crate) fn login(&self) -> Option<ShortStr> {
        let is_told = !self.options.mechanisms.contains(&Mechanism::External);
        ShortStr::try_from(self.options.user.as_str()).ok().filter(|_| is_told)
    }

    pub(crate) async fn dial(&self) -> Result<Connection, ConnectError> {
        match &self.way {
            Way::Socket => Connection::connect(&self.options).await,
            Way::Within(broker) => broker.connect(&self.options).await,
        }
    }
}
