//! How large a pool is, and where its connections lead.

use std::time::Duration;

use crate::{options::ConnectOptions, reconnect::Backoff};

/// What a pool is made of.
///
/// ```
/// use leveret_client::{ConnectOptions, Pool, PoolOptions};
///
/// let address = ConnectOptions::from_uri("amqp://guest:guest@localhost")?;
/// // Nothing is connected until the first check-out.
/// let pool = Pool::new("publish", PoolOptions { size: 4, ..PoolOptions::to(address) });
/// assert_eq!(pool.name(), "publish");
/// # Ok::<(), leveret_client::UriError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PoolOptions {
    /// Where to connect to. Each attempt that fails goes on to the next.
    pub addresses: Vec<ConnectOptions>,
    /// How many connections there are at most; 0 counts as 1.
    pub size: u16,
    /// How many channels can be checked out of each connection at once; 0 counts as 1.
    ///
    /// The shared channel of each connection comes on top.
    pub channels_per_connection: u16,
    /// The prefetch of channels that are checked out; 0 is no limit.
    pub prefetch: u16,
    /// How long a check-out may take, connecting included.
    pub checkout_timeout: Duration,
    /// The pauses between attempts to connect. How many are made is bounded by the check-outs'
    /// time alone.
    pub backoff: Backoff,
}

impl PoolOptions {
    /// The usual pool of connections to one address.
    pub fn to(address: ConnectOptions) -> Self {
        Self { addresses: vec![address], ..Self::default() }
    }

    /// How many channels can be checked out at once.
    pub fn channels_max(&self) -> usize {
        usize::from(self.size.max(1)) * usize::from(self.channels_per_connection.max(1))
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            addresses: vec![ConnectOptions::default()],
            size: 1,
            channels_per_connection: 16,
            prefetch: 50,
            checkout_timeout: Duration::from_secs(5),
            backoff: Backoff { longest: Duration::from_secs(5), ..Backoff::default() },
        }
    }
}
