//! The type of a queue, and which arguments belong to it.

use alloc::string::String;

use leveret_protocol::{FieldTable, FieldValue};

use super::value::Fault;
use crate::error::ArgumentFault;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum QueueType {
    #[default]
    Classic,
    /// Kept on this one node, like a classic queue; what it promises its consumers differs.
    Quorum,
    Stream,
}

impl QueueType {
    pub(super) fn parse(arguments: &FieldTable) -> Result<Self, Fault> {
        const NAME: &str = "x-queue-type";
        match arguments.get(NAME) {
            None => Ok(Self::Classic),
            Some(FieldValue::LongString(name)) => match name.as_ref() {
                b"classic" => Ok(Self::Classic),
                b"quorum" => Ok(Self::Quorum),
                b"stream" => Ok(Self::Stream),
                other => {
                    let name = String::from_utf8_lossy(other).into_owned();
                    Err((NAME, ArgumentFault::QueueType { name }))
                }
            },
            Some(found) => Err((NAME, ArgumentFault::OtherType { found })),
        }
    }

    /// The name of the argument's value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Quorum => "quorum",
            Self::Stream => "stream",
        }
    }

    /// The name by which RabbitMQ's error texts call it.
    pub(crate) const fn module_name(self) -> &'static str {
        match self {
            Self::Classic => "rabbit_classic_queue",
            Self::Quorum => "rabbit_quorum_queue",
            Self::Stream => "rabbit_stream_queue",
        }
    }

    /// The argument as it is spelt here, if it belongs to other types of queue.
    pub(crate) fn foreign_argument(self, name: &[u8]) -> Option<&'static str> {
        self.foreign_arguments().iter().copied().find(|foreign| foreign.as_bytes() == name)
    }

    const fn foreign_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Classic => &[
                "x-delivery-limit",
                "x-dead-letter-strategy",
                "x-quorum-initial-group-size",
                "x-max-in-memory-length",
                "x-max-in-memory-bytes",
                "x-max-age",
                "x-stream-max-segment-size-bytes",
                "x-stream-filter-size-bytes",
                "x-initial-cluster-size",
            ],
            Self::Quorum => &[
                "x-max-priority",
                "x-queue-mode",
                "x-queue-version",
                "x-queue-master-locator",
                "x-max-age",
                "x-stream-max-segment-size-bytes",
                "x-stream-filter-size-bytes",
                "x-initial-cluster-size",
            ],
            Self::Stream => &[],
        }
    }
}
