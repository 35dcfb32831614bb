//! The arguments of a consumer.

use core::time::Duration;

use leveret_protocol::FieldTable;

use super::{
    queue::consumer_timeout,
    queue_type::QueueType,
    value::{Fault, boolean, whole},
};

/// What a consumer's arguments ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ConsumeSettings {
    /// Those with a higher one are served first.
    pub(crate) priority: i64,
    /// How long a delivery may stay unsettled.
    pub(crate) timeout: Option<Duration>,
}

impl ConsumeSettings {
    pub(crate) fn parse(arguments: &FieldTable, queue_type: QueueType) -> Result<Self, Fault> {
        let priority = whole(arguments, "x-priority")?.unwrap_or_default();
        match queue_type {
            QueueType::Classic => boolean(arguments, CANCEL_ON_FAILOVER).map(drop)?,
            QueueType::Quorum | QueueType::Stream => {}
        }
        Ok(Self { priority, timeout: consumer_timeout(arguments) })
    }

    /// The argument as it is spelt here, if it belongs to consumers of other types of queue.
    pub(crate) fn foreign_argument(name: &[u8], queue_type: QueueType) -> Option<&'static str> {
        let foreign: &[&str] = match queue_type {
            QueueType::Classic => &["x-stream-offset", "x-stream-filter", STREAM_UNFILTERED],
            QueueType::Quorum => {
                &[CANCEL_ON_FAILOVER, "x-stream-offset", "x-stream-filter", STREAM_UNFILTERED]
            }
            QueueType::Stream => &[],
        };
        foreign.iter().copied().find(|foreign| foreign.as_bytes() == name)
    }
}

const CANCEL_ON_FAILOVER: &str = "x-cancel-on-ha-failover";
const STREAM_UNFILTERED: &str = "x-stream-match-unfiltered";
