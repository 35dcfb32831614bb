//! The methods of class tx.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

/// `tx.select`: Makes the channel transactional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Select;

/// `tx.select-ok`: The channel is transactional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SelectOk;

/// `tx.commit`: Commits what was published and acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Commit;

/// `tx.commit-ok`: The transaction is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitOk;

/// `tx.rollback`: Drops what was published and acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rollback;

/// `tx.rollback-ok`: The transaction is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RollbackOk;
