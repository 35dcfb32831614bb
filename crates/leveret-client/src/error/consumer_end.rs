//! Why no more deliveries come.

use std::time::Duration;

use crate::error::{channel_error::ChannelError, connection_end::ConnectionEnd};

/// Why a consumer ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumerEnd {
    /// The broker cancelled it: its queue was deleted or failed over.
    #[error("the broker cancelled the consumer")]
    CancelledByBroker,
    /// This side cancelled it.
    #[error("the consumer was cancelled by this client")]
    CancelledHere,
    /// The broker closed the channel.
    #[error("the broker closed the consumer's channel: {code} {text}")]
    ChannelClosed {
        /// The reply code.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// This side closed the channel.
    #[error("the consumer's channel was closed by this client")]
    ChannelClosedHere,
    /// This side closed the channel, since the broker did not answer a request on it.
    #[error("the consumer's channel was closed: no answer to {method} within {} ms", within.as_millis())]
    ChannelTimedOut {
        /// The request.
        method: &'static str,
        /// How long it was given.
        within: Duration,
    },
    /// The connection is over.
    #[error(transparent)]
    ConnectionEnded(ConnectionEnd),
}

impl From<ChannelError> for ConsumerEnd {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Closed { code, text } => Self::ChannelClosed { code, text },
            ChannelError::ConnectionEnded(end) => Self::ConnectionEnded(end),
            ChannelError::TimedOut { method, within } => Self::ChannelTimedOut { method, within },
            ChannelError::ClosedHere
            | ChannelError::ChannelsExhausted { .. }
            | ChannelError::TooLarge { .. } => Self::ChannelClosedHere,
        }
    }
}
