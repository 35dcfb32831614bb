//! Why a user may not do what a method asks.

use alloc::boxed::Box;

use leveret_protocol::{ReplyCode, ShortStr};

use super::resource::Resource;

#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("access to {resource} refused for user '{user}'")]
    Refused { resource: Box<Resource>, user: ShortStr },
    #[error(
        "access to topic '{routing_key}' in exchange '{}' in vhost '{}' refused for user '{user}'",
        exchange.name,
        exchange.virtual_host
    )]
    Topic { routing_key: ShortStr, exchange: Box<Resource>, user: ShortStr },
}

impl AccessError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::Refused { .. } | Self::Topic { .. } => ReplyCode::AccessRefused,
        }
    }
}
