//! Why a delivery could not be settled.

use crate::error::channel_error::ChannelError;

/// An ack, nack or reject was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// The delivery came on another channel or an earlier connection, where its tag meant
    /// something else.
    #[error("the delivery came on another channel")]
    Foreign,
    /// The delivery wants no settling.
    #[error("the delivery came without need of acknowledgement")]
    NoAck,
    /// The channel is over; the broker delivers the message again.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}
