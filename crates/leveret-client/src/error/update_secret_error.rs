//! Why a credential was not replaced.

use std::time::Duration;

use crate::error::connection_end::ConnectionEnd;

/// The broker does not use the new credential, or nobody knows whether it does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateSecretError {
    /// The connection is over; a broker that refuses the credential closes it.
    #[error(transparent)]
    ConnectionEnded(#[from] ConnectionEnd),
    /// It does not fit one frame; nothing was sent.
    #[error("the credential does not fit one frame")]
    TooLarge,
    /// The broker did not answer in time; it may use the credential all the same.
    #[error("the broker did not answer connection.update-secret within {} ms", within.as_millis())]
    TimedOut {
        /// How long it was given.
        within: Duration,
    },
}
