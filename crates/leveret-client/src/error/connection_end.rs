//! How a connection came to its end.

use std::io;

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// This side closed it, or dropped its last handle.
    #[error("the connection was closed by this client")]
    ClosedHere,
    /// The broker closed it.
    #[error("the broker closed the connection: {code} {text}")]
    ClosedByBroker {
        /// The reply code.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// It broke off.
    #[error("the connection was lost: {0}")]
    Lost(Loss),
}

/// What broke a connection off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Loss {
    /// The broker ended the byte stream without a word.
    #[error("the broker ended the stream")]
    EndOfStream,
    /// The transport failed.
    #[error("{text}")]
    Io {
        /// What kind of failure.
        kind: io::ErrorKind,
        /// The system's words.
        text: String,
    },
    /// Nothing came for two heartbeat intervals.
    #[error("nothing came for two heartbeat intervals")]
    Silence,
    /// The broker broke the protocol.
    #[error("the broker broke the protocol: {text}")]
    Protocol {
        /// How.
        text: String,
    },
}

impl From<&io::Error> for Loss {
    fn from(error: &io::Error) -> Self {
        Self::Io { kind: error.kind(), text: error.to_string() }
    }
}

impl From<Loss> for ConnectionEnd {
    fn from(loss: Loss) -> Self {
        Self::Lost(loss)
    }
}
