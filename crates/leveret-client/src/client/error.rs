//! Why a client cannot do what it was asked for.

use std::{sync::Arc, time::Duration};

use crate::{
    client::role::Role,
    error::{ChannelError, ConnectError},
    options::UriError,
};

/// Why a client is over: it opens no connections any more.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientEnd {
    /// This side closed it, or dropped its last handle.
    #[error("the client was closed")]
    Closed,
    /// The address is none.
    #[error(transparent)]
    Uri(UriError),
    /// No address was given.
    #[error("the client has no address to connect to")]
    NoAddress,
    /// A broker refused the user or the virtual host: at the first connection any of the
    /// addresses, later all of them in turn.
    #[error("the client was refused at {authority}")]
    Refused {
        /// Host and port.
        authority: Arc<str>,
        /// What the broker said.
        #[source]
        source: Arc<ConnectError>,
    },
    /// As many rounds through the addresses as allowed failed.
    #[error("the client gave up after {rounds} rounds through its addresses")]
    GaveUp {
        /// How many.
        rounds: u32,
        /// Why the last attempt failed.
        #[source]
        last: Arc<ConnectError>,
    },
}

/// A client did not do what it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There was no connection, and none came in time.
    #[error("no {role} connection within {} ms", within.as_millis())]
    NoConnection {
        /// Which was wanted.
        role: Role,
        /// How long it was waited for.
        within: Duration,
    },
    /// The client is over.
    #[error(transparent)]
    Ended(#[from] ClientEnd),
    /// The broker refused, or the connection was lost underway.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl ClientError {
    /// The reply code that the broker gave, if it refused.
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Channel(error) => error.code(),
            Self::NoConnection { .. } | Self::Ended(_) => None,
        }
    }
}
