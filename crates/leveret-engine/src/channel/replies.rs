//! A channel that waits for direct replies.

use leveret_protocol::ShortStr;

/// The consumer of the replies; a channel has at most one.
#[derive(Debug)]
pub(crate) struct ReplyConsumer {
    pub(crate) tag: ShortStr,
    /// Where its requests ask to be replied to.
    pub(crate) name: ShortStr,
}
