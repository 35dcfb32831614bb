//! Why a channel's mode does not fit, or its transaction is too large.

use leveret_protocol::ReplyCode;

use super::resource::Resource;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TransactionError {
    #[error("channel is not transactional")]
    NotTransactional,
    #[error("cannot switch from tx to confirm mode")]
    TransactionToConfirm,
    #[error("cannot switch from confirm to tx mode")]
    ConfirmToTransaction,
    #[error("transaction has more than {max} publishes and acknowledgements")]
    TooManyOperations { max: usize },
    #[error("transaction has more than {max} bytes of messages")]
    TooManyBytes { max: usize },
    #[error("{resource} is full, so nothing of the transaction is done")]
    QueueFull { resource: Resource },
}

impl TransactionError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::NotTransactional
            | Self::TransactionToConfirm
            | Self::ConfirmToTransaction
            | Self::TooManyOperations { .. }
            | Self::TooManyBytes { .. }
            | Self::QueueFull { .. } => ReplyCode::PreconditionFailed,
        }
    }
}
