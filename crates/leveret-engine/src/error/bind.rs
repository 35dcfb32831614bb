//! Why a binding is refused.

use bytes::Bytes;
use leveret_protocol::{FieldValue, ReplyCode, ShortStr};

use super::erlang::{Binary, Shown, type_name};

#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    #[error(
        "Invalid x-match field value {}; expected all, any, all-with-x, or any-with-x",
        Binary(mode)
    )]
    MatchMode { mode: Bytes },
    #[error(
        "Invalid x-match field type {} (value {}); expected longstr",
        type_name(value),
        Shown(value)
    )]
    MatchModeType { value: FieldValue },
    #[error("binding key has {found} wildcards '#', at most {max} are allowed")]
    HashWildcards { found: usize, max: usize },
    #[error("cannot bind: binding limit in vhost '{virtual_host}' ({max}) is reached")]
    TooMany { virtual_host: ShortStr, max: usize },
    #[error("The binding key must be an integer: {}", Binary(key))]
    WeightNoInteger { key: ShortStr },
    #[error("The binding key must be greater than 0")]
    WeightNotPositive,
    #[error("The binding key must be at most {max}")]
    WeightTooLarge { max: u32 },
    #[error("Non empty binding '{key}' key not permitted")]
    KeyNotEmpty { key: ShortStr },
    #[error("Queue type {queue_type} not valid for this exchange type")]
    QueueType { queue_type: &'static str },
    #[error("Destination not found")]
    NoQueue,
}

impl BindError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::MatchMode { .. }
            | Self::MatchModeType { .. }
            | Self::HashWildcards { .. }
            | Self::TooMany { .. }
            | Self::WeightNoInteger { .. }
            | Self::WeightNotPositive
            | Self::WeightTooLarge { .. }
            | Self::KeyNotEmpty { .. }
            | Self::QueueType { .. }
            | Self::NoQueue => ReplyCode::PreconditionFailed,
        }
    }
}
