//! Why deliveries cannot be settled.

use leveret_protocol::ReplyCode;

#[derive(Debug, thiserror::Error)]
pub(crate) enum SettleError {
    #[error("unknown delivery tag {tag}")]
    UnknownTag { tag: u64 },
    #[error("requeue=false")]
    RecoverWithoutRequeue,
}

impl SettleError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::UnknownTag { .. } => ReplyCode::PreconditionFailed,
            Self::RecoverWithoutRequeue => ReplyCode::NotImplemented,
        }
    }
}
