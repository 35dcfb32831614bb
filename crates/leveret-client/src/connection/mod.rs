//! Connections to a broker.

mod channel_table;
mod events;
mod hello;
mod owner;
mod secrets;
mod status;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use leveret_protocol::{
    FieldTable, FieldValue, Negotiated, Session, ShortStr, Timestamp, connection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use self::{
    owner::{Asked, Opened, Owner},
    status::Status,
};
use crate::{
    channel::Channel,
    error::{ChannelError, ConnectError, ConnectionEnd, Loss, UpdateSecretError},
    lifeline::{ChannelLease, ConnectionLease},
    link::writer,
    options::{ConnectOptions, Secret},
    state::Bounds,
    transport,
};

/// A connection to a broker; a clone is the same connection.
///
/// Two tasks serve it on the runtime it was opened on: one reads, one writes. It stays open as
/// long as a handle of it lives (a clone, a [`Channel`], a consumer, a confirm); the last to go
/// closes it in the background.
#[derive(Clone)]
pub struct Connection {
    lease: Arc<ConnectionLease>,
    status: Arc<Status>,
    opened: Arc<Opened>,
    generation: Generation,
}

/// Which connection of this process: no two have the same, and later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

impl Generation {
    fn next() -> Self {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        Self(GENERATIONS.fetch_add(1, Ordering::Relaxed))
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl Connection {
    /// Connects to the broker at an AMQP URI; see [`ConnectOptions::from_uri`].
    pub async fn open(uri: &str) -> Result<Self, ConnectError> {
        Self::connect(&ConnectOptions::from_uri(uri)?).await
    }

    /// Connects over TCP, and over TLS if that is [asked for](ConnectOptions::tls).
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let within = options.connect_timeout;
        let connected = timeout(within, async {
            let unreachable = |source| {
                let authority = options.authority();
                ConnectError::Unreachable { authority, source }
            };
            let address = (options.host.as_str(), options.port);
            let stream = TcpStream::connect(address).await.map_err(unreachable)?;
            // Frames are gathered here already; waiting for more in the kernel only delays.
            stream.set_nodelay(true).map_err(unreachable)?;
            if let Some(tls) = &options.tls {
                let secured = transport::secure(stream, &options.host, tls).await;
                let authority = options.authority();
                let stream = secured.map_err(|source| ConnectError::Tls { authority, source })?;
                let opened = Self::over(stream, options).await;
                return opened.map_err(|error| error.after_tls(options));
            }
            let (reader, writer) = stream.into_split();
            Self::start(reader, writer, options).await
        });
        connected.await.unwrap_or(Err(ConnectError::TimedOut { within }))
    }

    /// Connects over a byte stream that is there already: a pipe in this process, a socket.
    ///
    /// The stream is as secure as it is: [`ConnectOptions::tls`] says nothing here.
    pub async fn over(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        options: &ConnectOptions,
    ) -> Result<Self, ConnectError> {
        let (reader, writer) = tokio::io::split(stream);
        Self::start(reader, writer, options).await
    }

    async fn start(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        options: &ConnectOptions,
    ) -> Result<Self, ConnectError> {
        let limits = hello::limits(options)?;
        let bounds = Bounds {
            request_timeout: options.request_timeout,
            publish_timeout: options.publish_timeout,
            unconfirmed_max: options.unconfirmed_max,
        };
        let status = Arc::new(Status::new(limits.frame_max, bounds));
        let session = Session::client(Timestamp::default(), hello::hello(options)?, limits);
        let asked = Asked {
            user: hello::who(options),
            virtual_host: options.virtual_host.to_string(),
            connect_timeout: options.connect_timeout,
        };
        let (commands, asked_for) = mpsc::unbounded_channel();
        // Dropped before the connection is open, it ends the attempt.
        let lease = Arc::new(ConnectionLease::new(commands));
        let (opened, is_opened) = oneshot::channel();
        let owner = Owner::new(session, Arc::clone(&status), asked, opened);
        let outbox = Arc::clone(&status.outbox);
        let writing = tokio::spawn(async move { writer::run(&outbox, writer).await });
        drop(tokio::spawn(owner.run(reader, asked_for, writing)));
        match is_opened.await {
            Ok(opened) => {
                let opened = Arc::new(opened?);
                Ok(Self { lease, status, opened, generation: Generation::next() })
            }
            Err(_) => Err(ConnectError::Lost(Loss::EndOfStream)),
        }
    }

    /// Opens a channel.
    pub async fn channel(&self) -> Result<Channel, ChannelError> {
        let _waiting = self.status.gate.wait();
        let within = self.status.bounds.request_timeout;
        match timeout(within, self.lease.open_channel()).await {
            Ok(Some(core)) => {
                let connection = Arc::clone(&self.lease);
                Ok(Channel::new(Arc::new(ChannelLease { core: core?, connection })))
            }
            Ok(None) => Err(self.closed().await.into()),
            Err(_elapsed) => Err(ChannelError::TimedOut { method: "channel.open", within }),
        }
    }

    /// Replaces the credential that the broker knows of this connection, before it expires: a
    /// token of OAuth 2. `reason` is for the broker's log, up to 255 bytes of it.
    pub async fn update_secret(
        &self,
        secret: &Secret,
        reason: &str,
    ) -> Result<(), UpdateSecretError> {
        let _waiting = self.status.gate.wait();
        let within = self.status.bounds.request_timeout;
        let update = connection::UpdateSecret {
            new_secret: secret.reveal().to_owned().into(),
            reason: ShortStr::truncated(reason),
        };
        match timeout(within, self.lease.update_secret(update)).await {
            Ok(Some(updated)) => updated,
            Ok(None) => Err(self.closed().await.into()),
            Err(_elapsed) => Err(UpdateSecretError::TimedOut { within }),
        }
    }

    /// Closes the connection and waits until the broker has agreed.
    ///
    /// What was published before is written before; confirms that have not come by then do not
    /// come any more.
    pub async fn close(&self) -> ConnectionEnd {
        self.lease.close();
        self.closed().await
    }

    /// Waits until the connection is over, and says why.
    pub async fn closed(&self) -> ConnectionEnd {
        let mut end = self.status.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(ConnectionEnd::ClosedHere),
            Err(_) => ConnectionEnd::ClosedHere,
        }
    }

    /// Why the connection is over; nothing while it is open.
    pub fn end(&self) -> Option<ConnectionEnd> {
        self.status.end.borrow().clone()
    }

    /// Why the broker takes no publishes at the moment, and each change of that.
    ///
    /// Publishes wait here in the meantime, up to
    /// [`publish_timeout`](ConnectOptions::publish_timeout).
    pub fn watch_blocked(&self) -> watch::Receiver<Option<ShortStr>> {
        self.status.blockade.subscribe()
    }

    /// What the broker said of itself.
    pub fn server_properties(&self) -> &FieldTable {
        &self.opened.server_properties
    }

    /// Whether the broker says that it can do this: names are those of the table
    /// `capabilities` in its properties.
    pub fn has_capability(&self, name: &str) -> bool {
        let Some(FieldValue::Table(table)) = self.server_properties().get("capabilities") else {
            return false;
        };
        table.get(name) == Some(FieldValue::Bool(true))
    }

    /// Limits that both sides settled on.
    pub fn negotiated(&self) -> Negotiated {
        self.opened.negotiated
    }

    /// Which connection of this process it is.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// How many settlements were refused because their delivery came on another channel or an
    /// earlier connection.
    pub fn stray_settlements(&self) -> u64 {
        self.status.strays.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("generation", &self.generation)
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
