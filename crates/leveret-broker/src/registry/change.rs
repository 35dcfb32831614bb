//! Everything that can be changed in the administrative state.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    account::{Permission, TopicPermission},
    policy::{Policy, PolicyKind},
    virtual_host::Metadata,
};
use crate::passwords::PasswordHash;

/// One change. Those of one command hold together or not at all.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    PutUser {
        name: String,
        password: NewPassword,
        tags: Option<BTreeSet<String>>,
    },
    DeleteUser {
        name: String,
    },
    SetPermission {
        at: Where,
        permission: Permission,
    },
    ClearPermission {
        at: Where,
    },
    SetTopicPermission {
        at: Where,
        exchange: String,
        permission: TopicPermission,
    },
    /// Of one exchange, or of all.
    ClearTopicPermissions {
        at: Where,
        exchange: Option<String>,
    },
    SetUserLimit {
        user: String,
        limit: UserLimit,
        value: Option<u64>,
    },
    PutVirtualHost {
        name: String,
        metadata: Option<Metadata>,
    },
    DeleteVirtualHost {
        name: String,
    },
    SetHostLimit {
        virtual_host: String,
        limit: HostLimit,
        value: Option<u64>,
    },
    PutPolicy {
        key: PolicyKey,
        policy: Policy,
    },
    DeletePolicy {
        key: PolicyKey,
    },
    /// Something said of the whole broker; `None` takes it back.
    SetGlobalParameter {
        name: String,
        value: Option<Value>,
    },
}

/// A user in a virtual host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Where {
    pub(crate) user: String,
    pub(crate) virtual_host: String,
}

/// What becomes of a user's password.
#[derive(Debug, Clone)]
pub(crate) enum NewPassword {
    /// A user that is new gets none.
    Keep,
    /// No password matches.
    None,
    Hash(PasswordHash),
}

/// What can be limited for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserLimit {
    Connections,
    Channels,
}

/// What can be limited for a virtual host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostLimit {
    Connections,
    Queues,
}

/// One policy among all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyKey {
    pub(crate) virtual_host: String,
    pub(crate) kind: PolicyKind,
    pub(crate) name: String,
}

impl UserLimit {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "max-connections" => Some(Self::Connections),
            "max-channels" => Some(Self::Channels),
            _ => None,
        }
    }
}

impl HostLimit {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "max-connections" => Some(Self::Connections),
            "max-queues" => Some(Self::Queues),
            _ => None,
        }
    }
}
