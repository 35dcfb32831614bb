//! Why the management API gave no answer.

use std::{io, time::Duration};

use crate::error::TlsError;

/// The management API was not asked, or its answer is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagementError {
    /// It cannot be reached, or has gone in the middle.
    #[error("cannot ask the management API at {address}: {source}")]
    Io {
        /// Host and port.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// TLS could not be had there.
    #[error("cannot ask the management API: {0}")]
    Tls(#[from] TlsError),
    /// It did not answer in time.
    #[error("the management API at {address} did not answer within {} ms", within.as_millis())]
    TimedOut {
        /// Host and port.
        address: String,
        /// How long it was given.
        within: Duration,
    },
    /// It refused: the user may not ask, there is no such virtual host, or it keeps no statistics.
    #[error("the management API refused with {status}: {reason}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// Its reason, up to 1 KiB of it.
        reason: String,
    },
    /// What came is no answer of a management API.
    #[error("what came is no answer of a management API: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
}
