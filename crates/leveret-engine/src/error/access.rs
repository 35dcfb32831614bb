//! Why a user may not do what a method asks.

use alloc::boxed::Box;
use core::fmt;

use leveret_protocol::{ReplyCode, ShortStr};

use super::resource::Resource;

/// What is to be done with a queue or an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Configure,
    Write,
    Read,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configure => "configure",
            Self::Write => "write",
            Self::Read => "read",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("{access} access to {resource} refused for user '{user}'")]
    Refused { access: Access, resource: Box<Resource>, user: ShortStr },
    #[error(
        "{access} access to topic '{routing_key}' in exchange '{}' in vhost '{}' refused for user '{user}'",
        exchange.name,
        exchange.virtual_host
    )]
    Topic { access: Access, routing_key: ShortStr, exchange: Box<Resource>, user: ShortStr },
}

impl AccessError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::Refused { .. } | Self::Topic { .. } => ReplyCode::AccessRefused,
        }
    }
}
