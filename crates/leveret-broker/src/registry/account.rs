//! One user: how they log in, and what they may do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use crate::{passwords::PasswordHash, secret::Secret};

/// A user of the broker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) password: Password,
    #[serde(default)]
    pub(crate) tags: BTreeSet<String>,
    /// Whether the user may come from this machine only.
    #[serde(default)]
    pub(crate) loopback_only: bool,
    #[serde(default)]
    pub(crate) limits: UserLimits,
    /// By virtual host; whoever has one there may open it.
    #[serde(default)]
    pub(crate) permissions: BTreeMap<String, Permission>,
    /// By virtual host and exchange.
    #[serde(default)]
    pub(crate) topic_permissions: BTreeMap<String, BTreeMap<String, TopicPermission>>,
}

/// What proves that it is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Password {
    /// No password matches.
    None,
    /// `guest`, whose password everybody knows: there until it is changed, or others are configured.
    WellKnown,
    /// The hash of the password.
    Hash(PasswordHash),
    /// The configuration's; such a user is never written to disk.
    #[serde(skip)]
    Configured(Secret),
}

/// What a user may do with the names of one virtual host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub(crate) configure: Pattern,
    pub(crate) write: Pattern,
    pub(crate) read: Pattern,
}

/// Which routing keys a user may use with one topic exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TopicPermission {
    pub(crate) write: Pattern,
    pub(crate) read: Pattern,
}

/// How much of something a user may have at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct UserLimits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_connections: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_channels: Option<u64>,
}

impl Account {
    /// A user who may do nothing yet.
    pub(crate) fn new(name: &str, password: Password) -> Self {
        Self {
            password,
            tags: BTreeSet::new(),
            loopback_only: name == "guest",
            limits: UserLimits::default(),
            permissions: BTreeMap::new(),
            topic_permissions: BTreeMap::new(),
        }
    }

    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.tags.contains(tag)
    }

    /// Whether it takes a while to tell whether a password is theirs.
    pub(crate) fn is_hashed(&self) -> bool {
        matches!(self.password, Password::Hash(_))
    }

    /// Whether the configuration says who this is, and will again at the next start.
    pub(crate) fn is_configured(&self) -> bool {
        matches!(self.password, Password::Configured(_))
    }
}

impl Permission {
    pub(crate) fn everything() -> Self {
        let all = Pattern::everything;
        Self { configure: all(), write: all(), read: all() }
    }

    pub(crate) fn nothing() -> Self {
        let none = Pattern::nothing;
        Self { configure: none(), write: none(), read: none() }
    }
}
