//! Administration of a running broker from code.
//!
//! Every change is on disk before it holds, and holds for open connections too.

mod connections;
mod hosts;
mod policies;
mod users;

use std::sync::Arc;

pub(crate) use self::users::hashed;
pub use self::{
    connections::ConnectionInfo,
    hosts::HostLimitName,
    policies::{PolicyInfo, PolicyOwner},
    users::{PermissionInfo, UserInfo, UserLimitName},
};
use crate::{
    broker::Broker,
    registry::{AdminError, Change},
    shared::Shared,
};

/// What an administrator can do; may be cloned and kept beside the [`Broker`].
///
/// ```
/// use leveret_broker::{Broker, Secret};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let broker = Broker::builder().in_memory().start().await.unwrap();
/// let admin = broker.admin();
/// admin.add_virtual_host("burrow").await?;
/// admin.put_user("hazel", Secret::new("down"), &["monitoring"]).await?;
/// admin.set_permissions("hazel", "burrow", ["^jobs", ".*", ".*"]).await?;
/// assert_eq!(admin.permissions("burrow")?[0].configure, "^jobs");
/// # broker.shutdown().await;
/// # Ok::<_, leveret_broker::AdminError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Admin {
    shared: Arc<Shared>,
}

impl Broker {
    /// The way to change users, permissions, virtual hosts, limits and policies while the broker runs.
    pub fn admin(&self) -> Admin {
        Admin { shared: Arc::clone(&self.parts.shared) }
    }
}

impl Admin {
    async fn change(&self, change: Change) -> Result<(), AdminError> {
        self.shared.registry.change(vec![change]).await.map(|_| ())
    }
}
