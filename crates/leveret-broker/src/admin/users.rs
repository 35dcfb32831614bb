//! Users and what they may do.

use super::Admin;
use crate::{
    passwords::PasswordHash,
    registry::{
        AdminError, Change, NewPassword, Pattern, Permission, TopicPermission, UserLimit, Where,
    },
    secret::Secret,
};

/// A user as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserInfo {
    /// The login name.
    pub name: String,
    /// What the user may do beside messaging, such as `administrator`.
    pub tags: Vec<String>,
    /// Whether the configuration sets this user anew at each start.
    pub configured: bool,
}

/// What a user may do in a virtual host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionInfo {
    /// The user.
    pub user: String,
    /// The pattern of the names they may declare and delete.
    pub configure: String,
    /// The pattern of the names they may write to.
    pub write: String,
    /// The pattern of the names they may read from.
    pub read: String,
}

/// What can be limited for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserLimitName {
    /// `max-connections`
    Connections,
    /// `max-channels`, over all connections
    Channels,
}

fn pattern(text: &str) -> Result<Pattern, AdminError> {
    Pattern::parse(text).map_err(|reason| AdminError::Invalid(format!("`{text}`: {reason}")))
}

fn at(user: &str, virtual_host: &str) -> Where {
    Where { user: user.to_owned(), virtual_host: virtual_host.to_owned() }
}

impl Admin {
    /// Makes a user, or gives one that is there another password and these tags.
    pub async fn put_user(
        &self,
        name: &str,
        password: Secret,
        tags: &[&str],
    ) -> Result<(), AdminError> {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let password = NewPassword::Hash(hashed(password).await?);
        self.change(Change::PutUser { name: name.to_owned(), password, tags: Some(tags) }).await
    }

    /// Gives a user another password; connections that are open stay.
    pub async fn change_password(&self, name: &str, password: Secret) -> Result<(), AdminError> {
        self.shared.registry.state().user(name)?;
        let password = NewPassword::Hash(hashed(password).await?);
        self.change(Change::PutUser { name: name.to_owned(), password, tags: None }).await
    }

    /// Replaces a user's tags.
    pub async fn set_user_tags(&self, name: &str, tags: &[&str]) -> Result<(), AdminError> {
        self.shared.registry.state().user(name)?;
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let (name, password) = (name.to_owned(), NewPassword::Keep);
        self.change(Change::PutUser { name, password, tags: Some(tags) }).await
    }

    /// Deletes a user, and closes their connections.
    pub async fn delete_user(&self, name: &str) -> Result<(), AdminError> {
        self.change(Change::DeleteUser { name: name.to_owned() }).await
    }

    /// All users by name.
    pub fn users(&self) -> Vec<UserInfo> {
        let state = self.shared.registry.state();
        let users = state.users.iter().map(|(name, account)| UserInfo {
            name: name.clone(),
            tags: account.tags.iter().cloned().collect(),
            configured: account.is_configured(),
        });
        users.collect()
    }

    /// Lets a user into a virtual host with patterns for `[configure, write, read]`.
    pub async fn set_permissions(
        &self,
        user: &str,
        virtual_host: &str,
        [configure, write, read]: [&str; 3],
    ) -> Result<(), AdminError> {
        let (configure, write, read) = (pattern(configure)?, pattern(write)?, pattern(read)?);
        let permission = Permission { configure, write, read };
        self.change(Change::SetPermission { at: at(user, virtual_host), permission }).await
    }

    /// Takes a user's permissions in a virtual host away: they cannot open it any more.
    pub async fn clear_permissions(
        &self,
        user: &str,
        virtual_host: &str,
    ) -> Result<(), AdminError> {
        self.change(Change::ClearPermission { at: at(user, virtual_host) }).await
    }

    /// Who may do what in a virtual host.
    pub fn permissions(&self, virtual_host: &str) -> Result<Vec<PermissionInfo>, AdminError> {
        let state = self.shared.registry.state();
        state.virtual_host(virtual_host)?;
        let found = state.users.iter().filter_map(|(user, account)| {
            let permission = account.permissions.get(virtual_host)?;
            Some(PermissionInfo {
                user: user.clone(),
                configure: permission.configure.text().to_owned(),
                write: permission.write.text().to_owned(),
                read: permission.read.text().to_owned(),
            })
        });
        Ok(found.collect())
    }

    /// Restricts the routing keys that a user may use with a topic exchange: `[write, read]`.
    pub async fn set_topic_permissions(
        &self,
        user: &str,
        virtual_host: &str,
        exchange: &str,
        [write, read]: [&str; 2],
    ) -> Result<(), AdminError> {
        let permission = TopicPermission { write: pattern(write)?, read: pattern(read)? };
        let (at, exchange) = (at(user, virtual_host), exchange.to_owned());
        self.change(Change::SetTopicPermission { at, exchange, permission }).await
    }

    /// Takes such restrictions away, of one exchange or of all.
    pub async fn clear_topic_permissions(
        &self,
        user: &str,
        virtual_host: &str,
        exchange: Option<&str>,
    ) -> Result<(), AdminError> {
        let (at, exchange) = (at(user, virtual_host), exchange.map(str::to_owned));
        self.change(Change::ClearTopicPermissions { at, exchange }).await
    }

    /// Limits what a user may have at a time; `None` takes the limit away.
    pub async fn limit_user(
        &self,
        user: &str,
        limit: UserLimitName,
        value: Option<u64>,
    ) -> Result<(), AdminError> {
        let limit = match limit {
            UserLimitName::Connections => UserLimit::Connections,
            UserLimitName::Channels => UserLimit::Channels,
        };
        self.change(Change::SetUserLimit { user: user.to_owned(), limit, value }).await
    }
}

/// Hashes off the async threads.
pub(crate) async fn hashed(password: Secret) -> Result<PasswordHash, AdminError> {
    if password.is_empty() {
        return Err(AdminError::Invalid("a password is empty".to_owned()));
    }
    let work = move || password.expose(PasswordHash::new);
    let hash = tokio::task::spawn_blocking(work).await.map_err(|_| AdminError::Stopping)?;
    hash.map_err(|error| AdminError::NotKept(error.to_string()))
}
