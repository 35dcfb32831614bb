//! What TLS trusts, and what it shows.

use std::path::PathBuf;

/// How a connection is encrypted, and whom it believes.
///
/// By default the broker's certificate must come from an authority that this machine trusts,
/// be valid today, and name the host that is connected to.
///
/// ```
/// use leveret_client::{ConnectOptions, TlsOptions};
///
/// let tls = TlsOptions { ca_file: Some("/etc/warren/ca.pem".into()), ..TlsOptions::default() };
/// let options = ConnectOptions {
///     port: ConnectOptions::TLS_PORT,
///     tls: Some(tls),
///     ..ConnectOptions::default()
/// };
/// # drop(options);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOptions {
    /// A PEM file with the authorities to trust; without one, those that this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// What to show to a broker that asks who we are.
    pub identity: Option<TlsIdentity>,
    /// The name that the broker's certificate must have, and that it is told to choose one by;
    /// without one, the host's.
    pub server_name: Option<String>,
    /// How many certificates may stand between the broker's and the authority's.
    pub depth_max: Option<u8>,
    /// Whether to believe any certificate: then anyone on the way can read and change
    /// everything, the password too. For experiments only; each connection logs a warning.
    pub danger_accept_any_certificate: bool,
}

/// The client's certificate and its key, each a PEM file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate, and those between it and the authority.
    pub certificate_file: PathBuf,
    /// Its private key, without a passphrase.
    pub key_file: PathBuf,
}
