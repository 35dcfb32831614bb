//! A place for the pages, taken before anything runs.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Monitor;

/// Listens, if that is wanted.
#[derive(Debug, Default)]
pub(crate) struct Port(Option<TcpListener>);

impl Port {
    pub(crate) async fn at(address: Option<SocketAddr>) -> io::Result<Self> {
        match address {
            Some(address) => Ok(Self(Some(TcpListener::bind(address).await?))),
            None => Ok(Self(None)),
        }
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.0.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves the pages until everything stops.
    #[cfg(feature = "http")]
    pub(crate) async fn serve(self, monitor: Monitor) {
        if let Some(listener) = self.0 {
            super::pages::serve(listener, monitor).await;
        }
    }

    /// Nobody can ask for a listener without the pages.
    #[cfg(not(feature = "http"))]
    pub(crate) fn serve(self, _: Monitor) -> std::future::Ready<()> {
        // Nothing listens: nobody could give an address.
        drop(self.0);
        std::future::ready(())
    }
}
