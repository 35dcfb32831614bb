//! Where the management API is, and as whom to ask there.

use std::time::Duration;

use leveret_protocol::ShortStr;

use crate::options::{ConnectOptions, Secret, TlsOptions};

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
