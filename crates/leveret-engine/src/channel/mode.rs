//! What a channel promises for a publish: nothing, a confirm, or a transaction.

use super::transaction::Transaction;
use crate::error::TransactionError;

/// The three exclude each other; a channel never leaves the second or third.
#[derive(Debug)]
pub(crate) enum Mode {
    Plain,
    /// Publishes are numbered from 1.
    Confirm {
        published: u64,
        /// How many of them no queue took.
        refused: u64,
    },
    Transaction(Transaction),
}

impl Mode {
    pub(crate) fn select_confirm(&mut self) -> Result<(), TransactionError> {
        match self {
            Self::Plain => *self = Self::Confirm { published: 0, refused: 0 },
            Self::Confirm { .. } => {}
            Self::Transaction(_) => return Err(TransactionError::TransactionToConfirm),
        }
        Ok(())
    }

    pub(crate) fn select_transaction(&mut self) -> Result<(), TransactionError> {
        match self {
            Self::Plain => *self = Self::Transaction(Transaction::default()),
            Self::Confirm { .. } => return Err(TransactionError::ConfirmToTransaction),
            Self::Transaction(_) => {}
        }
        Ok(())
    }

    /// Takes out what the transaction holds; the next one begins.
    pub(crate) fn take_transaction(&mut self) -> Result<Transaction, TransactionError> {
        match self {
            Self::Transaction(transaction) => Ok(core::mem::take(transaction)),
            Self::Plain | Self::Confirm { .. } => Err(TransactionError::NotTransactional),
        }
    }
}
