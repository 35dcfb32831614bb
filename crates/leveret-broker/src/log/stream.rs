//! What the log's thread knows of one stream.

use std::sync::Arc;

use leveret_journal::Seq;

use super::mailbox::Mailbox;

/// How far one stream got, and whom to tell.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) appended: Seq,
    pub(super) durable: Seq,
}
