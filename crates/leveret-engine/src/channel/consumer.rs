//! A consumer: who takes which queue's messages, and why it cannot take more.

use alloc::sync::Arc;
use core::time::Duration;

use leveret_protocol::{FieldTable, ShortStr};

use super::ChannelKey;
use crate::identity::QueueId;

#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) at: ChannelKey,
    /// Shared by all deliveries that are under way to it.
    pub(crate) tag: Arc<ShortStr>,
    pub(crate) queue: QueueId,
    pub(crate) no_ack: bool,
    /// The most unsettled deliveries; 0 is no limit.
    pub(crate) prefetch: u16,
    pub(crate) unacked: usize,
    pub(crate) stall: Option<Stall>,
    /// How long its deliveries may stay unsettled.
    pub(crate) timeout: Option<Duration>,
    /// What it was started with.
    pub(crate) arguments: FieldTable,
}

/// What a consumer waits for that stands aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stall {
    /// One of its own deliveries to be settled.
    Own,
    /// Any delivery of its channel to be settled.
    Channel,
    /// Its connection's writer.
    Credit,
    /// To have settled all that it has: then another takes its place.
    Succession,
}

impl Consumer {
    /// Whether its own prefetch lets it take one more.
    pub(crate) fn has_room(&self) -> bool {
        self.no_ack || self.prefetch == 0 || self.unacked < usize::from(self.prefetch)
    }
}
