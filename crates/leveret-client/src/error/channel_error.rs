//! Why an operation on a channel did not happen.

use std::time::Duration;

use leveret_protocol::TooLarge;

use crate::error::connection_end::ConnectionEnd;

/// An operation on a channel failed.
///
/// The channel is over after all but [`ChannelError::ChannelsExhausted`] and
/// [`ChannelError::TooLarge`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The broker closed this channel; others go on.
    #[error("the broker closed the channel: {code} {text}")]
    Closed {
        /// The reply code: 403, 404, 405, 406 and others.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// This side closed the channel.
    #[error("the channel was closed by this client")]
    ClosedHere,
    /// The connection is over, and the channel with it.
    #[error(transparent)]
    ConnectionEnded(#[from] ConnectionEnd),
    /// The broker did not answer a request in time, so this side closed the channel.
    #[error("the broker did not answer {method} within {} ms", within.as_millis())]
    TimedOut {
        /// The request.
        method: &'static str,
        /// How long it was given.
        within: Duration,
    },
    /// Every channel number of the connection is taken.
    #[error("all {max} channels of the connection are open")]
    ChannelsExhausted {
        /// How many there may be.
        max: u16,
    },
    /// A method or the properties do not fit one frame; nothing was sent.
    #[error("a frame of {bytes} bytes was to be sent, the broker takes {max}")]
    TooLarge {
        /// The frame's length.
        bytes: usize,
        /// The longest frame that may be sent.
        max: u32,
    },
}

impl From<TooLarge> for ChannelError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge { bytes: error.bytes, max: error.max }
    }
}

impl ChannelError {
    /// The reply code that the broker gave, for the channel or the connection.
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Closed { code, .. }
            | Self::ConnectionEnded(ConnectionEnd::ClosedByBroker { code, .. }) => Some(*code),
            Self::ClosedHere
            | Self::ConnectionEnded(_)
            | Self::TimedOut { .. }
            | Self::ChannelsExhausted { .. }
            | Self::TooLarge { .. } => None,
        }
    }

    /// Whether the connection is over, and not only the channel.
    pub const fn is_connection_end(&self) -> bool {
        matches!(self, Self::ConnectionEnded(_))
    }
}
