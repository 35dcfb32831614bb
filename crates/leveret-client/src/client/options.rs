//! What a client is made with.

use std::time::Duration;

use crate::{
    client::dialer::Dialer,
    options::{ConnectOptions, UriError},
    reconnect::Backoff,
};

/// What a [`Client`](crate::Client) is made with.
///
/// ```
/// use leveret_client::ClientOptions;
///
/// let mut options = ClientOptions::from_uri("amqp://jo:secret@one/orders")?;
/// let other = ClientOptions::from_uri("amqp://jo:secret@two/orders")?;
/// options.addresses.extend(other.addresses);
/// options.shuffle = true;
/// # Ok::<(), leveret_client::UriError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The brokers of one cluster, tried in turn; after a loss, the next in turn comes first.
    pub addresses: Vec<ConnectOptions>,
    /// Whether each connection tries the addresses in an order of its own.
    pub shuffle: bool,
    /// The pauses between rounds through all addresses; `attempts_max` counts rounds.
    ///
    /// A connection that lived longer than the pause before it starts them anew.
    pub backoff: Backoff,
    /// Whether publishes and deliveries have a connection each, so that a broker that holds up
    /// publishers does not hold up acknowledgements.
    pub separate: bool,
    /// How long a publish may take, waiting for a connection and for the confirm together.
    pub publish_deadline: Duration,
    /// How long everything else waits for a connection.
    pub wait_deadline: Duration,
    /// How many events are kept for a listener that is slow.
    pub events_max: usize,
    /// How connections are opened.
    pub dialer: Dialer,
}

impl ClientOptions {
    /// For the broker at an AMQP URI; see [`ConnectOptions::from_uri`].
    pub fn from_uri(uri: &str) -> Result<Self, UriError> {
        Ok(Self { addresses: vec![ConnectOptions::from_uri(uri)?], ..Self::default() })
    }
}

impl Default for ClientOptions {
    /// One address: the broker of this machine.
    fn default() -> Self {
        Self {
            addresses: vec![ConnectOptions::default()],
            shuffle: false,
            backoff: Backoff::default(),
            separate: true,
            publish_deadline: Duration::from_secs(30),
            wait_deadline: Duration::from_secs(30),
            events_max: 256,
            dialer: Dialer::default(),
        }
    }
}
