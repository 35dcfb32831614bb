//! How many unsettled deliveries a channel and its consumers may have.

use super::stalled::Stalled;

#[derive(Debug, Default)]
pub(crate) struct Prefetch {
    /// For consumers that start from now on; 0 is no limit.
    pub(crate) of_consumers: u16,
    /// Shared by all consumers; 0 is no limit.
    pub(crate) of_channel: u16,
    /// Deliveries to consumers that are not settled; what was fetched by `basic.get` is free.
    pub(crate) outstanding: usize,
    /// Consumers that wait until the channel's limit leaves room.
    pub(crate) stalled: Stalled,
}

impl Prefetch {
    pub(crate) fn has_room(&self) -> bool {
        self.of_channel == 0 || self.outstanding < usize::from(self.of_channel)
    }
}
