//! Whether a consumer lives, by the word of the broker's management API.
//!
//! One request each, over a connection of its own: this is asked now and then, not often.

mod error;
mod listing;
mod request;

use std::time::Duration;

use leveret_protocol::ShortStr;

pub use self::error::ManagementError;
use self::listing::Listed;
use crate::{
    channel::Consumer,
    liveness::Liveness,
    options::{ConnectOptions, Secret, TlsOptions},
};

/// Where a broker answers its management API, and as whom to ask there.
#[derive(Debug, Clone)]
pub struct ManagementOptions {
    /// The name or address of the machine.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How to speak TLS; plain HTTP, if nothing is given.
    pub tls: Option<TlsOptions>,
    /// A user with the tag `management`.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// The virtual host of the consumers that are asked about.
    pub virtual_host: ShortStr,
    /// How long the whole request may take (10 s).
    pub timeout: Duration,
}

impl ManagementOptions {
    /// The usual port of the API.
    pub const PORT: u16 = 15_672;

    /// The API beside the broker that these options connect to: the same host, user and virtual host, at
    /// the usual port, without TLS.
    pub fn beside(options: &ConnectOptions) -> Self {
        Self {
            host: options.host.clone(),
            port: Self::PORT,
            tls: None,
            user: options.user.clone(),
            password: options.password.clone(),
            virtual_host: options.virtual_host.clone(),
            timeout: Duration::from_secs(10),
        }
    }
}

impl Consumer {
    /// Asks the broker's management API whether this very consumer runs: one of its queue, its tag and
    /// its channel's number.
    ///
    /// That is more than [`verify_live`](Self::verify_live) can know of a queue with several consumers.
    /// `RabbitMQ` lists what its statistics say, which is seconds old: a consumer that has just started is
    /// [unlisted](Liveness::Unlisted), and one that has just gone may still be listed.
    pub async fn verify_listed(
        &self,
        management: &ManagementOptions,
    ) -> Result<Liveness, ManagementError> {
        if let Some(end) = self.end() {
            return Ok(Liveness::Ended(end));
        }
        if self.queue().is_empty() {
            return Ok(Liveness::Unnamed);
        }
        let body = request::consumers(management).await?;
        let Listed { consumers, own } =
            Listed::read(&body, (self.queue(), self.tag(), self.channel().number()))?;
        // It may have ended while the broker was asked.
        if let Some(end) = self.end() {
            return Ok(Liveness::Ended(end));
        }
        Ok(match own {
            Some(is_active) => Liveness::Listed { consumers, is_active },
            None => Liveness::Unlisted { consumers },
        })
    }
}
