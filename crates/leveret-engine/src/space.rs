//! Space that every turn uses, and leaves to the next.

use alloc::{collections::VecDeque, vec::Vec};

use bytes::BytesMut;

use crate::identity::{MessageId, QueueId};

/// Empty between two turns, but for its room.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// Where records are written.
    pub(crate) records: BytesMut,
    pub(crate) settled: Vec<(QueueId, MessageId)>,
    pub(crate) stirred: VecDeque<QueueId>,
}
