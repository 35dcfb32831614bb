//! A client that heals: its connections are opened again for as long as it takes.

mod counters;
mod declaring;
mod deed;
mod dialer;
mod error;
mod events;
mod link;
mod options;
mod pace;
mod publisher;
mod record;
mod replay;
mod role;
mod shared;
mod step;
mod subscription;

use std::{fmt, sync::Arc};

pub use self::{
    counters::ClientStats,
    declaring::Topology,
    dialer::Dialer,
    error::{ClientEnd, ClientError},
    events::{ClientEvent, Events},
    options::ClientOptions,
    publisher::{Publisher, PublisherOptions},
    role::Role,
    step::RecoveryStep,
    subscription::{Heal, Received, Settled, Subscription, SubscriptionEnd, SubscriptionOptions},
};
use self::{
    link::{Link, Supervisor},
    shared::Shared,
};
use crate::connection::Connection;

/// A client of a broker, or of a cluster of them; a clone is the same client.
///
/// It keeps one connection for publishing and one for consuming, or one for both. When one is
/// lost it opens another, with growing pauses and without end, at the next of its addresses; it
/// declares again what was declared through it, and its subscriptions consume again. It gives up
/// only where trying again cannot help: see [`ClientEnd`].
///
/// It stays open as long as a handle of it lives (a clone, a publisher, a subscription); the
/// last to go closes its connections in the background.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    options: ClientOptions,
    shared: Arc<Shared>,
    publishing: Link,
    consuming: Link,
}

impl Client {
    /// Connects to the broker at an AMQP URI; see
    /// [`ConnectOptions::from_uri`](crate::ConnectOptions::from_uri).
    pub async fn open(uri: &str) -> Result<Self, ClientError> {
        let options = ClientOptions::from_uri(uri).map_err(ClientEnd::Uri)?;
        Self::connect(options).await
    }

    /// Connects, and waits until all connections are open.
    ///
    /// A broker that is not there yet is waited for; how long is up to
    /// [`backoff`](ClientOptions::backoff) or a timeout around it. One that refuses is told at
    /// once.
    pub async fn connect(options: ClientOptions) -> Result<Self, ClientError> {
        let client = Self::start(options);
        for link in [&client.inner.publishing, &client.inner.consuming] {
            link.newer_than(None).await?;
        }
        Ok(client)
    }

    /// Starts to connect in the background, and does not wait.
    ///
    /// Must be called within a Tokio runtime.
    pub fn start(options: ClientOptions) -> Self {
        let shared = Arc::new(Shared::new(options.events_max));
        let link = |role| {
            let supervisor = Supervisor::new(role, &options, Arc::clone(&shared));
            let link = supervisor.link();
            drop(tokio::spawn(supervisor.run()));
            link
        };
        let (publishing, consuming) = if options.separate {
            (link(Role::Publishing), link(Role::Consuming))
        } else {
            let both = link(Role::Everything);
            (both.clone(), both)
        };
        Self { inner: Arc::new(Inner { options, shared, publishing, consuming }) }
    }

    /// The connection for publishing that is open now; waits for one up to
    /// [`wait_deadline`](ClientOptions::wait_deadline).
    ///
    /// It does not heal: when it is lost, ask for another.
    pub async fn publishing_connection(&self) -> Result<Connection, ClientError> {
        self.inner.publishing.live(self.inner.options.wait_deadline).await
    }

    /// The connection for consuming, declaring and transactions that is open now; waits for one
    /// up to [`wait_deadline`](ClientOptions::wait_deadline).
    ///
    /// It does not heal: when it is lost, ask for another.
    pub async fn consuming_connection(&self) -> Result<Connection, ClientError> {
        self.inner.consuming.live(self.inner.options.wait_deadline).await
    }

    /// Whether all connections are open at this moment.
    pub fn is_connected(&self) -> bool {
        [&self.inner.publishing, &self.inner.consuming].iter().all(|link| link.current().is_some())
    }

    /// What happens to the client from now on.
    ///
    /// A listener that is slow misses the oldest events, and is told how many.
    pub fn events(&self) -> Events {
        self.inner.shared.events()
    }

    /// What the client has counted so far.
    pub fn stats(&self) -> ClientStats {
        self.inner.shared.counters.read()
    }

    /// Why the client is over; nothing while it is not.
    pub fn end(&self) -> Option<ClientEnd> {
        self.inner.shared.end()
    }

    /// Waits until the client is over, and says why.
    pub async fn ended(&self) -> ClientEnd {
        self.inner.shared.over().await
    }

    /// Closes all connections and waits until the broker has agreed.
    pub async fn close(&self) {
        self.inner.shared.finish(&ClientEnd::Closed);
        self.inner.publishing.gone().await;
        self.inner.consuming.gone().await;
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("is_connected", &self.is_connected())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.finish(&ClientEnd::Closed);
    }
}
