//! Why a pool gave no channel.

use std::{sync::Arc, time::Duration};

use crate::error::{ChannelError, ConnectError, PublishError};

/// A check-out failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CheckoutError {
    /// Every channel was in use for too long.
    #[error(
        "pool `{pool}` had no channel free within {} ms: {in_use} of {size} are in use",
        within.as_millis()
    )]
    TimedOut {
        /// Which pool.
        pool: Arc<str>,
        /// How long the check-out was given.
        within: Duration,
        /// How many channels are in use.
        in_use: usize,
        /// How many there are.
        size: usize,
    },
    /// There was no connection to be had in time.
    #[error("pool `{pool}` reached no broker within {} ms", within.as_millis())]
    Down {
        /// Which pool.
        pool: Arc<str>,
        /// How long the check-out was given.
        within: Duration,
        /// Why the last attempt failed; nothing if none had ended by then.
        #[source]
        last: Option<Arc<ConnectError>>,
    },
    /// The broker refuses the connection, and trying again cannot help.
    #[error("pool `{pool}` cannot connect")]
    Refused {
        /// Which pool.
        pool: Arc<str>,
        /// What it said.
        #[source]
        source: Arc<ConnectError>,
    },
    /// A connection is there, but it gives no channel.
    #[error("pool `{pool}` cannot open a channel")]
    Channel {
        /// Which pool.
        pool: Arc<str>,
        /// Why.
        #[source]
        source: ChannelError,
    },
    /// The pool was closed.
    #[error("pool `{pool}` is closed")]
    Closed {
        /// Which pool.
        pool: Arc<str>,
    },
}

/// A publish through a pool failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PoolPublishError {
    /// There was no channel for it; the message was not sent.
    #[error("the message was not sent")]
    Checkout(#[from] CheckoutError),
    /// It was not sent or not confirmed.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl PoolPublishError {
    /// Whether the broker may have the message all the same.
    pub const fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Checkout(_) => false,
            Self::Publish(error) => error.is_outcome_unknown(),
        }
    }
}
