//! Why a consumer cannot start.

use alloc::boxed::Box;

use leveret_protocol::{ReplyCode, ShortStr};

use super::{declare::ArgumentFault, resource::Resource};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsumeError {
    #[error("attempt to reuse consumer tag '{tag}'")]
    TagInUse { tag: ShortStr },
    #[error("{resource} in exclusive use")]
    ExclusiveUse { resource: Resource },
    #[error("invalid arg '{argument}' for {resource}: {fault}")]
    Argument { argument: &'static str, resource: Resource, fault: Box<ArgumentFault> },
    #[error("invalid arg '{argument}' for {resource} of queue type {queue_type}")]
    OtherType { argument: &'static str, resource: Resource, queue_type: &'static str },
    #[error("{resource} does not support global qos")]
    GlobalPrefetch { resource: Resource },
    #[error("reply consumer already set")]
    RepliesTaken,
    #[error("reply consumer cannot acknowledge")]
    RepliesNotAcknowledged,
    #[error("reached maximum ({max}) of consumers per channel")]
    TooManyOnChannel { max: usize },
    #[error("cannot consume from {resource}: its consumer limit ({max}) is reached")]
    TooManyOnQueue { resource: Resource, max: usize },
    #[error(
        "cannot consume from {resource}: consumer limit in vhost '{}' ({max}) is reached",
        resource.virtual_host
    )]
    TooManyInHost { resource: Resource, max: usize },
    #[error("peek consumer cannot acknowledge")]
    PeekNotAcknowledged,
    #[error("prefetch_size!=0 ({size})")]
    PrefetchSize { size: u32 },
    #[error("active=false")]
    FlowOff,
}

impl ConsumeError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::TagInUse { .. } | Self::TooManyOnChannel { .. } => ReplyCode::NotAllowed,
            Self::ExclusiveUse { .. } => ReplyCode::AccessRefused,
            Self::Argument { .. }
            | Self::OtherType { .. }
            | Self::RepliesTaken
            | Self::RepliesNotAcknowledged
            | Self::PeekNotAcknowledged
            | Self::TooManyOnQueue { .. }
            | Self::TooManyInHost { .. } => ReplyCode::PreconditionFailed,
            Self::GlobalPrefetch { .. } | Self::PrefetchSize { .. } | Self::FlowOff => {
                ReplyCode::NotImplemented
            }
        }
    }
}
