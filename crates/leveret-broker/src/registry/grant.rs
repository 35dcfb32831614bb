//! What one user may do in one virtual host, in the form that an engine asks.

use std::collections::BTreeMap;

use leveret_engine::{Authority, Permissions};
use leveret_protocol::ShortStr;

use super::{
    account::{Account, Permission, TopicPermission},
    pattern::Pattern,
};

/// The permissions of one user in one virtual host; nothing that came after it was made.
#[derive(Debug)]
pub(crate) struct Grant {
    permission: Permission,
    topics: BTreeMap<ShortStr, TopicPermission>,
    is_impersonator: bool,
}

impl Grant {
    /// What the account may do there.
    pub(crate) fn authority(name: &str, account: &Account, virtual_host: &str) -> Authority {
        let permission = account.permissions.get(virtual_host).cloned();
        let expand = |pattern: &Pattern| pattern.expanded(name, virtual_host).into_owned();
        let topics = account.topic_permissions.get(virtual_host).into_iter().flatten();
        let topics = topics.map(|(exchange, topic)| {
            let topic = TopicPermission { write: expand(&topic.write), read: expand(&topic.read) };
            (ShortStr::truncated(exchange), topic)
        });
        Authority::new(Self {
            permission: permission.unwrap_or_else(Permission::nothing),
            topics: topics.collect(),
            is_impersonator: account.has_tag("impersonator"),
        })
    }

    /// For whom nothing is allowed any more.
    pub(crate) fn nothing() -> Authority {
        let permission = Permission::nothing();
        Authority::new(Self { permission, topics: BTreeMap::new(), is_impersonator: false })
    }
}

impl Permissions for Grant {
    fn may_configure(&self, name: &ShortStr) -> bool {
        self.permission.configure.matches(name)
    }

    fn may_write(&self, name: &ShortStr) -> bool {
        self.permission.write.matches(name)
    }

    fn may_read(&self, name: &ShortStr) -> bool {
        self.permission.read.matches(name)
    }

    fn may_write_topic(&self, exchange: &ShortStr, routing_key: &ShortStr) -> bool {
        self.topics.get(exchange).is_none_or(|topic| topic.write.matches(routing_key))
    }

    fn may_read_topic(&self, exchange: &ShortStr, routing_key: &ShortStr) -> bool {
        self.topics.get(exchange).is_none_or(|topic| topic.read.matches(routing_key))
    }

    fn may_impersonate(&self) -> bool {
        self.is_impersonator
    }
}
