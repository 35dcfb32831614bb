//! Why deliveries cannot be settled.

use core::time::Duration;

use leveret_protocol::{ChannelNumber, ReplyCode};

#[derive(Debug, thiserror::Error)]
pub(crate) enum SettleError {
    #[error("unknown delivery tag {tag}")]
    UnknownTag { tag: u64 },
    #[error(
        "delivery acknowledgement on channel {channel} timed out. Timeout value used: {} ms. This \
         timeout value can be configured, see consumers doc guide to learn more",
        timeout.as_millis()
    )]
    TimedOut { channel: ChannelNumber, timeout: Duration },
    #[error(
        "limit of unacknowledged deliveries of channel {channel} ({messages_max} messages, \
         {bytes_max} bytes) is reached"
    )]
    TooManyUnsettled { channel: ChannelNumber, messages_max: usize, bytes_max: usize },
    #[error("requeue=false")]
    RecoverWithoutRequeue,
}

impl SettleError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::UnknownTag { .. } | Self::TimedOut { .. } | Self::TooManyUnsettled { .. } => {
                ReplyCode::PreconditionFailed
            }
            Self::RecoverWithoutRequeue => ReplyCode::NotImplemented,
        }
    }
}
