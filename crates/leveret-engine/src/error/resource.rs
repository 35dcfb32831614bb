//! Why a queue or an exchange cannot be had.

use core::fmt;

use leveret_protocol::{ReplyCode, ShortStr};

/// What can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceKind {
    Queue,
    Exchange,
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "queue",
            Self::Exchange => "exchange",
        })
    }
}

/// A queue or an exchange by name, shown as `queue 'jobs' in vhost '/'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) kind: ResourceKind,
    pub(crate) name: ShortStr,
    pub(crate) virtual_host: ShortStr,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}' in vhost '{}'", self.kind, self.name, self.virtual_host)
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ResourceError {
    #[error("no {resource}")]
    NotFound { resource: Resource },
    #[error("no previously declared queue")]
    NothingDeclared,
    #[error(
        "cannot obtain exclusive access to locked {resource}. It could be originally declared on \
         another connection or the exclusive property value does not match that of the original \
         declaration."
    )]
    Locked { resource: Resource },
    #[error(
        "cannot obtain access to locked {resource}. basic.get operations are not supported by \
         quorum queues with single active consumer"
    )]
    SingleConsumer { resource: Resource },
    #[error(
        "cannot delete {resource}. queue.delete operations with {flag} flag set are not supported \
         by quorum queues"
    )]
    DeleteFlag { resource: Resource, flag: &'static str },
    #[error("{resource} in use")]
    InUse { resource: Resource },
    #[error("{resource} not empty")]
    NotEmpty { resource: Resource },
    #[error("{kind} name '{name}' contains reserved prefix 'amq.*'")]
    ReservedName { kind: ResourceKind, name: ShortStr },
    #[error("operation not permitted on the default exchange")]
    DefaultExchange,
    #[error("deletion of system {resource} not allowed")]
    SystemExchange { resource: Resource },
    #[error("Malformed UTF-8 in shortstr")]
    NameNotUtf8,
}

impl ResourceError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::NotFound { .. } | Self::NothingDeclared => ReplyCode::NotFound,
            Self::Locked { .. } | Self::SingleConsumer { .. } => ReplyCode::ResourceLocked,
            Self::InUse { .. } | Self::NotEmpty { .. } => ReplyCode::PreconditionFailed,
            Self::ReservedName { .. } | Self::DefaultExchange | Self::SystemExchange { .. } => {
                ReplyCode::AccessRefused
            }
            Self::DeleteFlag { .. } => ReplyCode::NotImplemented,
            Self::NameNotUtf8 => ReplyCode::FrameError,
        }
    }
}
