//! How to reach a broker, and as whom.
//!
//! They are written in code, as a [URI](ConnectOptions::from_uri), in the
//! [environment](ConnectOptions::from_env) or in a
//! [credentials file](ConnectOptions::from_credentials_file).

mod credentials;
mod environment;
mod mechanism;
mod secret;
mod tls;
mod uri;

use std::time::Duration;

use leveret_protocol::{FieldTable, ShortStr};

pub use self::{
    credentials::CredentialsError,
    environment::EnvironmentError,
    mechanism::Mechanism,
    secret::Secret,
    tls::{TlsIdentity, TlsOptions},
    uri::{UriError, UriPart},
};

/// What a connection is opened with.
///
/// ```
/// use leveret_client::ConnectOptions;
///
/// let mut options = ConnectOptions::from_uri("amqp://jo:secret@broker/orders?heartbeat=20")?;
/// options.name = Some("order desk".to_owned());
/// assert_eq!(options.virtual_host, "orders");
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok::<(), leveret_client::UriError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectOptions {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The virtual host.
    pub virtual_host: ShortStr,
    /// Who logs in.
    pub user: String,
    /// With what.
    pub password: Secret,
    /// The heartbeat interval to agree on; zero asks for none.
    pub heartbeat: Duration,
    /// The ways to log in, the best first: the first that the broker offers is taken.
    pub mechanisms: Vec<Mechanism>,
    /// TLS; without it nothing is encrypted.
    pub tls: Option<TlsOptions>,
    /// How long connecting may take, from the first packet to the open virtual host.
    pub connect_timeout: Duration,
    /// How long a request may wait for its reply; then its channel is closed, since later
    /// replies would be taken for those of other requests.
    pub request_timeout: Duration,
    /// How long a publish may wait to be sent: while the broker
    /// [takes none](crate::Connection::watch_blocked), or while too many are unwritten or
    /// unconfirmed.
    pub publish_timeout: Duration,
    /// How many publishes of a channel in confirm mode may be unconfirmed; more wait until it is
    /// fewer. Tasks that publish on one channel at the same time may exceed it by one each.
    pub unconfirmed_max: usize,
    /// The most channels to ask for; the broker may lower it.
    pub channel_max: u16,
    /// The largest frame in bytes to ask for; the broker may lower it.
    pub frame_max: u32,
    /// The connection's name in the broker's lists and logs.
    pub name: Option<String>,
    /// Whether a commit is rather not done at all than without a mandatory message that would go
    /// nowhere ([`Committed::is_undone`](crate::Committed::is_undone)). Leveret does that; other
    /// brokers commit the rest.
    pub refused_commits: bool,
    /// More to tell the broker of this client, beside what the client tells by itself.
    pub client_properties: FieldTable,
}

impl ConnectOptions {
    /// AMQP 0-9-1, 4.1: the port of the protocol.
    pub const PORT: u16 = 5672;

    /// The port of the protocol over TLS.
    pub const TLS_PORT: u16 = 5671;

    /// `host:port`, as it may be shown to anyone.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: Self::PORT,
            virtual_host: ShortStr::from_static("/"),
            user: "guest".to_owned(),
            password: Secret::new("guest"),
            heartbeat: Duration::from_mins(1),
            mechanisms: vec![Mechanism::Plain, Mechanism::AmqPlain],
            tls: None,
            connect_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_mins(1),
            publish_timeout: Duration::from_secs(30),
            unconfirmed_max: 10_000,
            channel_max: 2047,
            frame_max: 128 * 1024,
            name: None,
            refused_commits: false,
            client_properties: FieldTable::default(),
        }
    }
}
