//! Why a consumer cannot start.

use leveret_protocol::{ReplyCode, ShortStr};

use super::resource::Resource;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsumeError {
    #[error("attempt to reuse consumer tag '{tag}'")]
    TagInUse { tag: ShortStr },
    #[error("{resource} in exclusive use")]
    ExclusiveUse { resource: Resource },
    #[error("prefetch_size!=0 ({size})")]
    PrefetchSize { size: u32 },
    #[error("active=false")]
    FlowOff,
}

impl ConsumeError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::TagInUse { .. } => ReplyCode::NotAllowed,
            Self::ExclusiveUse { .. } => ReplyCode::AccessRefused,
            Self::PrefetchSize { .. } | Self::FlowOff => ReplyCode::NotImplemented,
        }
    }
}
