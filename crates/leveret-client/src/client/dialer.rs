//! How connections are opened: over a socket, or as the program likes.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use crate::{connection::Connection, error::ConnectError, options::ConnectOptions};

/// Opens connections; over TCP unless said otherwise.
///
/// ```
/// use leveret_client::{Connection, Dialer};
///
/// /// Reaches a broker through a pipe within the program.
/// fn within(broker: impl Fn() -> tokio::io::DuplexStream + Send + Sync + 'static) -> Dialer {
///     Dialer::new(move |options| {
///         let pipe = broker();
///         async move { Connection::over(pipe, &options).await }
///     })
/// }
/// ```
#[derive(Clone)]
pub struct Dialer(Arc<Dial>);

type Dialing = Pin<Box<dyn Future<Output = Result<Connection, ConnectError>> + Send>>;
type Dial = dyn Fn(ConnectOptions) -> Dialing + Send + Sync;

impl Dialer {
    /// One that opens connections in its own way.
    pub fn new<F, D>(dial: D) -> Self
    where
        F: Future<Output = Result<Connection, ConnectError>> + Send + 'static,
        D: Fn(ConnectOptions) -> F + Send + Sync + 'static,
    {
        Self(Arc::new(move |options| Box::pin(dial(options))))
    }

    pub(crate) async fn dial(&self, options: &ConnectOptions) -> Result<Connection, ConnectError> {
        (self.0)(options.clone()).await
    }
}

impl Default for Dialer {
    fn default() -> Self {
        Self::new(|options| async move { Connection::connect(&options).await })
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}
