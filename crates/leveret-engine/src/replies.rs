//! Who waits for direct replies, by the names that their requests carry.
//!
//! A name cannot be guessed, and one that nobody waits under leads nowhere.

use alloc::collections::BTreeMap;

use leveret_protocol::ShortStr;

use crate::channel::ChannelKey;

/// The name under which a client waits, and which its requests give as where to reply to.
pub(crate) const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// What names begin with that stand for it in requests.
pub(crate) const REPLY_TO_PREFIX: &str = "amq.rabbitmq.reply-to.";

#[derive(Debug, Default)]
pub(crate) struct Replies {
    waiting: BTreeMap<ShortStr, ChannelKey>,
}

impl Replies {
    pub(crate) fn add(&mut self, name: ShortStr, at: ChannelKey) {
        self.waiting.insert(name, at);
    }

    pub(crate) fn remove(&mut self, name: &ShortStr) {
        self.waiting.remove(name);
    }

    /// The channel that waits under that name.
    pub(crate) fn find(&self, name: &ShortStr) -> Option<ChannelKey> {
        if self.waiting.is_empty() || !name.starts_with(REPLY_TO_PREFIX.as_bytes()) {
            return None;
        }
        self.waiting.get(name).copied()
    }
}
