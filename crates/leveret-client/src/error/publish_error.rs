//! Why a publish was not confirmed.

use std::{fmt, time::Duration};

use crate::{
    error::{channel_error::ChannelError, connection_end::ConnectionEnd},
    message::Returned,
};

/// Why a publish waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backlog {
    /// Too much waits to be written: the broker, or the way to it, is slow.
    Unwritten,
    /// Too many publishes of the channel wait for their confirm.
    Unconfirmed,
    /// The broker has stopped the channel by channel.flow.
    Flow,
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unwritten => "too much waits to be written",
            Self::Unconfirmed => "too many publishes wait for their confirm",
            Self::Flow => "the broker has stopped the channel",
        })
    }
}

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
    /// It never left: the broker took no publishes for as long as it was to wait.
    #[error("the message was not sent: the broker took none for {} ms: {reason}", within.as_millis())]
    Blocked {
        /// The broker's words.
        reason: String,
        /// How long it waited.
        within: Duration,
    },
    /// It never left: too many publishes were unconfirmed or unwritten for as long as it was to wait.
    #[error("the message was not sent: no room for it for {} ms: {backlog}", within.as_millis())]
    NoRoom {
        /// What it waited for.
        backlog: Backlog,
        /// How long it waited.
        within: Duration,
    },
    /// It never left: there was no connection for as long as it was to wait.
    #[error("the message was not sent: no connection within {} ms", within.as_millis())]
    NoConnection {
        /// How long it waited.
        within: Duration,
    },
    /// It never left: the client is over.
    #[error("the message was not sent: {reason}")]
    ClientEnded {
        /// Why it is over; see [`Client::end`](crate::Client::end) for more.
        reason: String,
    },
    /// The confirm did not come in time: the broker may have the message or not.
    #[error("the broker did not confirm the message within {} ms", within.as_millis())]
    TimedOut {
        /// How long it was given.
        within: Duration,
    },
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
            Self::ChannelClosed { .. }
            | Self::ClosedHere
            | Self::ConnectionLost(_)
            | Self::TimedOut { .. } => true,
            Self::NotSent(_)
            | Self::NotConfirming
            | Self::Blocked { .. }
            | Self::NoRoom { .. }
            | Self::NoConnection { .. }
            | Self::ClientEnded { .. }
            | Self::Unroutable { .. }
            | Self::Nacked => false,
        }
    }

    /// What the end of its channel means for a publish that waits for its confirm.
    pub(crate) fn unconfirmed(end: ChannelError) -> Self {
        match end {
            ChannelError::Closed { code, text } => Self::ChannelClosed { code, text },
            ChannelError::ConnectionEnded(end) => Self::ConnectionLost(end),
            ChannelError::ClosedHere
            | ChannelError::TimedOut { .. }
            | ChannelError::ChannelsExhausted { .. }
            | ChannelError::TooLarge { .. } => Self::ClosedHere,
        }
    }
}
