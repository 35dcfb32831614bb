//! The broker inside the program.

use std::path::Path;
use std::sync::Arc;

use leveret_broker::{Broker, StartError};
use leveret_client::{ConnectError, ConnectOptions, Connection};

/// A running broker; a clone is the same.
#[derive(Debug, Clone)]
pub(crate) struct Embedded(Arc<Broker>);

impl Embedded {
    /// Starts one that keeps its data in this directory, or nowhere.
    pub(crate) async fn start(directory: Option<&Path>) -> Result<Self, StartError> {
        let builder = match directory {
            Some(path) => Broker::builder().data_dir(path.join("broker")),
            None => Broker::builder().in_memory(),
        };
        Ok(Self(Arc::new(builder.start().await?)))
    }

    pub(crate) async fn connect(
        &self,
        options: &ConnectOptions,
    ) -> Result<Connection, ConnectError> {
        Connection::over(self.0.connect(), options).await
    }

    /// A way in for bytes.
    #[cfg(feature = "test-kit")]
    pub(crate) fn stream(&self) -> tokio::io::DuplexStream {
        self.0.connect()
    }

    /// Returns when it cannot go on, and says why.
    pub(crate) async fn failed(&self) -> String {
        self.0.failed().await.to_string()
    }

    /// Stops it, once this is the last handle.
    pub(crate) async fn stop(self) {
        if let Some(broker) = Arc::into_inner(self.0) {
            broker.shutdown().await;
        }
    }
}
