//! The connection a command works on.

use leveret_client::{Channel, ConnectOptions, Connection};

use super::{args::BrokerAddress, failure::Failure};

/// Where a broker is when nobody says.
const ADDRESS_DEFAULT: &str = "amqp://guest:guest@127.0.0.1:5672/%2F";

/// A connection and a channel on it.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) channel: Channel,
}

impl Session {
    pub(crate) async fn open(broker: &BrokerAddress) -> Result<Self, Failure> {
        Self::connect(&options(broker)?).await
    }

    pub(crate) async fn connect(options: &ConnectOptions) -> Result<Self, Failure> {
        let connection = Connection::connect(options).await.map_err(|source| Failure::Connect {
            broker: options.authority(),
            source: Box::new(source),
        })?;
        let channel = connection.channel().await?;
        Ok(Self { connection, channel })
    }

    /// Gives everything that was delivered and not settled back, and ends.
    pub(crate) async fn close(self) {
        self.channel.close().await;
        self.connection.close().await;
    }
}

/// What the address says, or the environment, or what is usual on this machine.
pub(crate) fn options(broker: &BrokerAddress) -> Result<ConnectOptions, Failure> {
    Ok(match &broker.url {
        Some(url) => ConnectOptions::from_uri(url)?,
        None => match ConnectOptions::from_env()? {
            Some(options) => options,
            None => ConnectOptions::from_uri(ADDRESS_DEFAULT)?,
        },
    })
}
