//! Why a publish was not confirmed.

use crate::{
    error::{channel_error::ChannelError, connection_end::ConnectionEnd},
    message::Returned,
};

/// A publish failed, or nobody knows whether it did.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// It never left: the channel was over before.
    #[error("the message was not sent: {0}")]
    NotSent(#[source] ChannelError),
    /// It never left: the channel was not put into confirm mode.
    #[error("the message was not sent: the channel is not in confirm mode")]
    NotConfirming,
    /// No queue took it, and the broker gave it back.
    #[error("no queue took the message: {code} {text}")]
    Unroutable {
        /// The reply code, 312.
        code: u16,
        /// The broker's words.
        text: String,
        /// The message.
        returned: Box<Returned>,
    },
    /// The broker refused it or could not keep it.
    #[error("the broker refused the message")]
    Nacked,
    /// The channel ended before the confirm came: the broker may have the message or not.
    #[error("the broker closed the channel before it confirmed the message: {code} {text}")]
    ChannelClosed {
        /// The reply code.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// This side closed the channel before the confirm came: the broker may have the message or not.
    #[error("the channel was closed by this client before the message was confirmed")]
    ClosedHere,
    /// The connection ended before the confirm came: the broker may have the message or not.
    #[error("the message was not confirmed before the end: {0}")]
    ConnectionLost(#[source] ConnectionEnd),
}

impl PublishError {
    /// Whether the broker may have the message all the same.
    pub const fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::ChannelClosed { .. } | Self::ClosedHere | Self::ConnectionLost(_) => true,
            Self::NotSent(_) | Self::NotConfirming | Self::Unroutable { .. } | Self::Nacked => {
                false
            }
        }
    }

    /// What the end of its channel means for a publish that waits for its confirm.
    pub(crate) fn unconfirmed(end: ChannelError) -> Self {
        match end {
            ChannelError::Closed { code, text } => Self::ChannelClosed { code, text },
            ChannelError::ConnectionEnded(end) => Self::ConnectionLost(end),
            ChannelError::ClosedHere
            | ChannelError::ChannelsExhausted { .. }
            | ChannelError::TooLarge { .. } => Self::ClosedHere,
        }
    }
}
