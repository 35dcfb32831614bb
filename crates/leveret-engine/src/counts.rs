//! What has happened, counted: plain numbers that only grow.

/// Messages that came, went and were settled, of a queue or on a channel.
///
/// A queue counts all that is put into it, also what was dead-lettered to it or held back before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Published, or put into the queue.
    pub publish: u64,
    /// Published and confirmed; of channels only.
    pub confirm: u64,
    /// Mandatory, went nowhere, sent back; of channels only.
    pub return_unroutable: u64,
    /// Not mandatory, went nowhere, dropped; of channels only.
    pub drop_unroutable: u64,
    /// Delivered to consumers that acknowledge.
    pub deliver: u64,
    /// Delivered to consumers that do not.
    pub deliver_no_ack: u64,
    /// Got, and to be acknowledged.
    pub get: u64,
    /// Got, and not to be acknowledged.
    pub get_no_ack: u64,
    /// Asked for when there was none.
    pub get_empty: u64,
    /// Delivered or got, and not for the first time.
    pub redeliver: u64,
    /// Acknowledged.
    pub ack: u64,
}

/// What has passed an exchange, as publishers named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExchangeCounts {
    /// Published to it.
    pub publish_in: u64,
    /// Queues that these were routed to: twice for a message that reached two.
    pub publish_out: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            publish: self.publish.saturating_add(other.publish),
            confirm: self.confirm.saturating_add(other.confirm),
            return_unroutable: self.return_unroutable.saturating_add(other.return_unroutable),
            drop_unroutable: self.drop_unroutable.saturating_add(other.drop_unroutable),
            deliver: self.deliver.saturating_add(other.deliver),
            deliver_no_ack: self.deliver_no_ack.saturating_add(other.deliver_no_ack),
            get: self.get.saturating_add(other.get),
            get_no_ack: self.get_no_ack.saturating_add(other.get_no_ack),
            get_empty: self.get_empty.saturating_add(other.get_empty),
            redeliver: self.redeliver.saturating_add(other.redeliver),
            ack: self.ack.saturating_add(other.ack),
        }
    }

    /// All that was delivered or got.
    pub const fn deliver_get(&self) -> u64 {
        let delivered = self.deliver.saturating_add(self.deliver_no_ack);
        delivered.saturating_add(self.get).saturating_add(self.get_no_ack)
    }
}
