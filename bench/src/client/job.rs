//! What a client is to do, and where.

use super::row::Work;

/// One run of one client.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) url: String,
    pub(super) work: Work,
    pub(super) messages: u64,
}
