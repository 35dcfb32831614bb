//! What a connection's task is told from elsewhere in the broker.

use std::sync::Arc;

use tokio::sync::mpsc;

/// Something that has happened to a connection.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// The password it showed was verified, and was right or not.
    Verified(bool),
    /// What its user may do has changed.
    Permissions,
    /// An administrator, or what one did, wants it closed for this reason.
    Close(Arc<str>),
}

/// The way to one connection's task; not bounded, for what comes is bounded by what administrators do.
pub(crate) type NewsSender = mpsc::UnboundedSender<News>;

/// The task's end of it.
pub(crate) type NewsReceiver = mpsc::UnboundedReceiver<News>;
