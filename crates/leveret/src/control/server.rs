//! Where control is served over HTTP, and to whom.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The port unless told otherwise.
const PORT: u16 = 15_680;

/// Where control is served over HTTP, by `App::control` (feature `http`).
///
/// By default at `127.0.0.1:15680`, to whoever is on this machine. Elsewhere a token is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlServer {
    pub(super) address: SocketAddr,
    pub(super) token_file: Option<PathBuf>,
}

impl Default for ControlServer {
    fn default() -> Self {
        Self::at((Ipv4Addr::LOCALHOST, PORT).into())
    }
}

impl ControlServer {
    /// At this address; a port of zero is any that is free.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, token_file: None }
    }

    /// Asks for `Authorization: Bearer` with what this file holds, without white space around it.
    #[must_use]
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_file = Some(path.into());
        self
    }
}
