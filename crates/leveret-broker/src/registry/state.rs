//! The administrative state as a value, and how a change makes the next one.

use std::collections::{BTreeMap, BTreeSet};

use leveret_engine::Authority;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    account::{Account, Password, Permission},
    change::{Change, HostLimit, NewPassword, PolicyKey, UserLimit, Where},
    error::AdminError,
    grant::Grant,
    virtual_host::VirtualHost,
};

/// Bytes of a name of anything here.
const NAME_BYTES_MAX: usize = 255;

/// All that administrators decide.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(default)]
    pub(crate) virtual_hosts: BTreeMap<String, VirtualHost>,
    #[serde(default)]
    pub(crate) users: BTreeMap<String, Account>,
    /// What tells this broker from all others, for good.
    #[serde(default)]
    pub(crate) cluster_id: String,
    /// What people say of the whole broker, such as its `cluster_name`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) global_parameters: BTreeMap<String, Value>,
}

/// Who has to hear of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Concern {
    /// The connections of a user: what they may do has changed.
    Permissions {
        user: String,
    },
    /// The connections of a user who is no more.
    UserGone {
        user: String,
    },
    HostAdded {
        virtual_host: String,
    },
    HostGone {
        virtual_host: String,
    },
    QueueLimit {
        virtual_host: String,
    },
    Policies {
        virtual_host: String,
    },
    Metadata {
        virtual_host: String,
    },
}

/// What a change has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    /// Whether what was put was not there before.
    pub(crate) is_new: bool,
    pub(crate) concern: Option<Concern>,
}

impl State {
    pub(crate) fn user(&self, name: &str) -> Result<&Account, AdminError> {
        self.users.get(name).ok_or_else(|| AdminError::no_user(name))
    }

    pub(crate) fn virtual_host(&self, name: &str) -> Result<&VirtualHost, AdminError> {
        self.virtual_hosts.get(name).ok_or_else(|| AdminError::no_virtual_host(name))
    }

    /// What that user may do there; nothing, if there is no such user.
    pub(crate) fn authority(&self, user: &str, virtual_host: &str) -> Authority {
        match self.users.get(user) {
            Some(account) => Grant::authority(user, account, virtual_host),
            None => Grant::nothing(),
        }
    }

    /// Makes one change, or says why not; then nothing has changed.
    pub(crate) fn apply(&mut self, change: Change) -> Result<Done, AdminError> {
        match change {
            Change::PutUser { name, password, tags } => self.put_user(&name, password, tags),
            Change::DeleteUser { name } => {
                self.users.remove(&name).ok_or_else(|| AdminError::no_user(&name))?;
                Ok(Done::of(Concern::UserGone { user: name }))
            }
            Change::SetPermission { at, permission } => self.set_permission(at, permission),
            Change::ClearPermission { at } => {
                self.at(&at)?.permissions.remove(&at.virtual_host);
                Ok(Done::of(Concern::Permissions { user: at.user }))
            }
            Change::SetTopicPermission { at, exchange, permission } => {
                check_name("an exchange", &exchange)?;
                let topics = self.at(&at)?.topic_permissions.entry(at.virtual_host).or_default();
                let is_new = topics.insert(exchange, permission).is_none();
                Ok(Done { is_new, ..Done::of(Concern::Permissions { user: at.user }) })
            }
            Change::ClearTopicPermissions { at, exchange } => {
                self.clear_topics(&at, exchange.as_deref())?;
                Ok(Done::of(Concern::Permissions { user: at.user }))
            }
            Change::SetUserLimit { user, limit, value } => {
                let limits = &mut self.user_mut(&user)?.limits;
                match limit {
                    UserLimit::Connections => limits.max_connections = value,
                    UserLimit::Channels => limits.max_channels = value,
                }
                Ok(Done::nobodys())
            }
            Change::SetGlobalParameter { name, value } => self.set_global(name, value),
            change @ (Change::PutVirtualHost { .. }
            | Change::DeleteVirtualHost { .. }
            | Change::SetHostLimit { .. }
            | Change::PutPolicy { .. }
            | Change::DeletePolicy { .. }) => self.apply_to_host(change),
        }
    }

    fn apply_to_host(&mut self, change: Change) -> Result<Done, AdminError> {
        match change {
            Change::PutVirtualHost { name, metadata } => {
                check_name("a virtual host", &name)?;
                if let Some(metadata) = &metadata {
                    metadata.check().map_err(AdminError::Invalid)?;
                }
                let is_new = !self.virtual_hosts.contains_key(&name);
                let host = self.virtual_hosts.entry(name.clone()).or_default();
                if let Some(metadata) = metadata {
                    host.metadata = metadata;
                }
                let virtual_host = name;
                let concern = if is_new {
                    Concern::HostAdded { virtual_host }
                } else {
                    Concern::Metadata { virtual_host }
                };
                Ok(Done { is_new, ..Done::of(concern) })
            }
            Change::DeleteVirtualHost { name } => {
                self.virtual_hosts
                    .remove(&name)
                    .ok_or_else(|| AdminError::no_virtual_host(&name))?;
                for account in self.users.values_mut() {
                    account.permissions.remove(&name);
                    account.topic_permissions.remove(&name);
                }
                Ok(Done::of(Concern::HostGone { virtual_host: name }))
            }
            Change::SetHostLimit { virtual_host, limit, value } => {
                let limits = &mut self.host_mut(&virtual_host)?.limits;
                match limit {
                    HostLimit::Connections => limits.max_connections = value,
                    HostLimit::Queues => limits.max_queues = value,
                }
                Ok(Done::of(Concern::QueueLimit { virtual_host }))
            }
            Change::PutPolicy { key: PolicyKey { virtual_host, kind, name }, policy } => {
                check_name("a policy", &name)?;
                policy.check(kind).map_err(AdminError::Invalid)?;
                let policies = self.host_mut(&virtual_host)?.policies_mut(kind);
                let is_new = policies.insert(name, policy).is_none();
                Ok(Done { is_new, ..Done::of(Concern::Policies { virtual_host }) })
            }
            Change::DeletePolicy { key: PolicyKey { virtual_host, kind, name } } => {
                let policies = self.host_mut(&virtual_host)?.policies_mut(kind);
                if policies.remove(&name).is_none() {
                    return Err(AdminError::NotFound { what: "policy", name });
                }
                Ok(Done::of(Concern::Policies { virtual_host }))
            }
            Change::PutUser { .. }
            | Change::DeleteUser { .. }
            | Change::SetPermission { .. }
            | Change::ClearPermission { .. }
            | Change::SetTopicPermission { .. }
            | Change::ClearTopicPermissions { .. }
            | Change::SetUserLimit { .. }
            | Change::SetGlobalParameter { .. } => Ok(Done::nobodys()),
        }
    }

    fn set_global(&mut self, name: String, value: Option<Value>) -> Result<Done, AdminError> {
        check_name("a global parameter", &name)?;
        let Some(value) = value else {
            let missing = || AdminError::NotFound { what: "global parameter", name: name.clone() };
            self.global_parameters.remove(&name).ok_or_else(missing)?;
            return Ok(Done::nobodys());
        };
        let is_new = self.global_parameters.insert(name, value).is_none();
        Ok(Done { is_new, ..Done::nobodys() })
    }

    /// What the broker is called, if somebody has named it.
    pub(crate) fn cluster_name(&self) -> Option<&str> {
        self.global_parameters.get("cluster_name")?.as_str()
    }

    fn put_user(
        &mut self,
        name: &str,
        password: NewPassword,
        tags: Option<BTreeSet<String>>,
    ) -> Result<Done, AdminError> {
        check_name("a user", name)?;
        for tag in tags.iter().flatten() {
            check_name("a tag", tag)?;
        }
        let is_new = !self.users.contains_key(name);
        let fresh = || Account::new(name, Password::None);
        let account = self.users.entry(name.to_owned()).or_insert_with(fresh);
        match password {
            NewPassword::Keep => {}
            NewPassword::None => account.password = Password::None,
            NewPassword::Hash(hash) => account.password = Password::Hash(hash),
        }
        if let Some(tags) = tags {
            account.tags = tags;
        }
        Ok(Done { is_new, ..Done::of(Concern::Permissions { user: name.to_owned() }) })
    }

    fn set_permission(&mut self, at: Where, permission: Permission) -> Result<Done, AdminError> {
        let is_new = self.at(&at)?.permissions.insert(at.virtual_host, permission).is_none();
        Ok(Done { is_new, ..Done::of(Concern::Permissions { user: at.user }) })
    }

    fn clear_topics(&mut self, at: &Where, exchange: Option<&str>) -> Result<(), AdminError> {
        let topics = &mut self.at(at)?.topic_permissions;
        let Some(exchange) = exchange else {
            topics.remove(&at.virtual_host);
            return Ok(());
        };
        if let Some(of_host) = topics.get_mut(&at.virtual_host) {
            of_host.remove(exchange);
            if of_host.is_empty() {
                topics.remove(&at.virtual_host);
            }
        }
        Ok(())
    }

    /// The user, if the virtual host is there too.
    fn at(&mut self, at: &Where) -> Result<&mut Account, AdminError> {
        self.virtual_host(&at.virtual_host)?;
        self.user_mut(&at.user)
    }

    fn user_mut(&mut self, name: &str) -> Result<&mut Account, AdminError> {
        self.users.get_mut(name).ok_or_else(|| AdminError::no_user(name))
    }

    fn host_mut(&mut self, name: &str) -> Result<&mut VirtualHost, AdminError> {
        self.virtual_hosts.get_mut(name).ok_or_else(|| AdminError::no_virtual_host(name))
    }
}

impl Done {
    const fn of(concern: Concern) -> Self {
        Self { is_new: false, concern: Some(concern) }
    }

    const fn nobodys() -> Self {
        Self { is_new: false, concern: None }
    }
}

fn check_name(what: &str, name: &str) -> Result<(), AdminError> {
    match name.len() {
        1..=NAME_BYTES_MAX => Ok(()),
        bytes => {
            let text = format!("{what} has a name of 1 to {NAME_BYTES_MAX} bytes, not of {bytes}");
            Err(AdminError::Invalid(text))
        }
    }
}
