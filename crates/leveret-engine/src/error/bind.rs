//! Why a binding is refused.

use bytes::Bytes;
use leveret_protocol::{FieldValue, ReplyCode};

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
}

impl BindError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::MatchMode { .. } | Self::MatchModeType { .. } | Self::HashWildcards { .. } => {
                ReplyCode::PreconditionFailed
            }
        }
    }
}
