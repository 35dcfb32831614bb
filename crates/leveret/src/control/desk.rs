//! A place for control over HTTP, taken before anything runs.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use super::{Control, ControlServer};

/// Bytes of a token, at least and at most.
const TOKEN_BYTES: (usize, usize) = (16, 1024);

/// Listens, if that is wanted.
#[derive(Debug, Default)]
pub(crate) struct Desk(Option<Opened>);

struct Opened {
    listener: TcpListener,
    token: Option<String>,
}

/// Why control cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// Others could steer the application.
    #[error("`{0}` can be reached from other machines: give a token file, or a loopback address")]
    Exposed(SocketAddr),
    /// The token cannot be read.
    #[error("cannot read the token of control in `{}`", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The token is none.
    #[error("the token of control in `{}` has {found} bytes, wanted {} to {}", path.display(), TOKEN_BYTES.0, TOKEN_BYTES.1)]
    TokenLength {
        /// The file.
        path: PathBuf,
        /// Its length without white space around it.
        found: usize,
    },
    /// The address cannot be taken.
    #[error("cannot serve control at {address}")]
    Address {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl DeskError {
    /// Whether it is put together wrongly, rather than hindered.
    pub(crate) fn is_config(&self) -> bool {
        match self {
            Self::Exposed(_) | Self::Token { .. } | Self::TokenLength { .. } => true,
            Self::Address { .. } => false,
        }
    }
}

impl Desk {
    pub(crate) async fn open(server: Option<&ControlServer>) -> Result<Self, DeskError> {
        let Some(ControlServer { address, token_file }) = server else { return Ok(Self(None)) };
        if token_file.is_none() && !address.ip().is_loopback() {
            return Err(DeskError::Exposed(*address));
        }
        let token = token_file.as_deref().map(token_in).transpose()?;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| DeskError::Address { address: *address, source })?;
        Ok(Self(Some(Opened { listener, token })))
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.0.as_ref().and_then(|opened| opened.listener.local_addr().ok())
    }

    /// Serves until everything stops.
    #[cfg(feature = "http")]
    pub(crate) async fn serve(self, control: Control) {
        if let Some(Opened { listener, token }) = self.0 {
            super::pages::serve(listener, token, control).await;
        }
    }

    /// Nobody can ask for a listener without the pages.
    #[cfg(not(feature = "http"))]
    pub(crate) fn serve(self, _: Control) -> std::future::Ready<()> {
        drop(self.0.map(|opened| (opened.listener, opened.token)));
        std::future::ready(())
    }
}

fn token_in(path: &Path) -> Result<String, DeskError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| DeskError::Token { path: path.to_owned(), source })?;
    let token = text.trim();
    if !(TOKEN_BYTES.0..=TOKEN_BYTES.1).contains(&token.len()) {
        return Err(DeskError::TokenLength { path: path.to_owned(), found: token.len() });
    }
    Ok(token.to_owned())
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { listener, token } = self;
        let has_token = token.is_some();
        f.debug_struct("Opened").field("listener", listener).field("has_token", &has_token).finish()
    }
}
