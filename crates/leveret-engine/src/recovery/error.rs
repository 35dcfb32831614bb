//! Why a record cannot be replayed.

use crate::identity::Lsn;

/// A record that the engine did not write, or that is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The record is of another format.
    #[error("record {lsn} has format version {found}, this engine reads version {wanted}")]
    Version {
        /// The record.
        lsn: Lsn,
        /// The version it names.
        found: u8,
        /// The version it should name.
        wanted: u8,
    },
    /// The record is not what it should be.
    #[error("record {lsn} is damaged: {what}")]
    Damaged {
        /// The record.
        lsn: Lsn,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A record came after a later one.
    #[error("record {lsn} came after record {after}")]
    OutOfOrder {
        /// The record.
        lsn: Lsn,
        /// The one before it.
        after: Lsn,
    },
}
