//! Our broker administered from within, by the requests that go to an HTTP API.

use anyhow::{Context as _, Result, bail};
use leveret_broker::{
    Admin, AdminError, HostLimitName, PolicyInfo, PolicyOwner, Secret, UserLimitName,
};
use leveret_conformance::Administrator;
use serde_json::Value;
use tokio::runtime::Handle;

/// Takes requests, and answers with the status that fits.
#[derive(Debug)]
pub(crate) struct Office {
    admin: Admin,
    runtime: Handle,
}

impl Office {
    pub(crate) fn new(admin: Admin, runtime: Handle) -> Self {
        Self { admin, runtime }
    }

    async fn put(&self, path: &[&str], body: &Value) -> Result<Result<(), AdminError>> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let admin = &self.admin;
        Ok(match *path {
            ["vhosts", host] => admin.add_virtual_host(host).await,
            ["users", user] => admin.put_user(user, Secret::new(text("password")), &[]).await,
            ["permissions", host, user] => {
                let patterns = [text("configure"), text("write"), text("read")];
                admin.set_permissions(user, host, patterns).await
            }
            ["topic-permissions", host, user] => {
                let patterns = [text("write"), text("read")];
                admin.set_topic_permissions(user, host, text("exchange"), patterns).await
            }
            ["user-limits", user, name] => {
                admin.limit_user(user, user_limit(name)?, body["value"].as_u64()).await
            }
            ["vhost-limits", host, name] => {
                admin.limit_virtual_host(host, host_limit(name)?, body["value"].as_u64()).await
            }
            ["policies", host, name] => {
                admin.set_policy(host, PolicyOwner::User, policy(name, body)).await
            }
            ["operator-policies", host, name] => {
                admin.set_policy(host, PolicyOwner::Operator, policy(name, body)).await
            }
            _ => bail!("nothing is put at {path:?}"),
        })
    }

    async fn delete(&self, path: &[&str]) -> Result<Result<(), AdminError>> {
        let admin = &self.admin;
        Ok(match *path {
            ["users", user] => admin.delete_user(user).await,
            ["permissions", host, user] => admin.clear_permissions(user, host).await,
            ["topic-permissions", host, user] => {
                admin.clear_topic_permissions(user, host, None).await
            }
            ["user-limits", user, name] => admin.limit_user(user, user_limit(name)?, None).await,
            ["vhost-limits", host, name] => {
                admin.limit_virtual_host(host, host_limit(name)?, None).await
            }
            ["policies", host, name] => admin.clear_policy(host, PolicyOwner::User, name).await,
            ["operator-policies", host, name] => {
                admin.clear_policy(host, PolicyOwner::Operator, name).await
            }
            _ => bail!("nothing is deleted at {path:?}"),
        })
    }

    /// Whether it is there already: what is new is answered otherwise than what is replaced.
    fn is_there(&self, path: &[&str]) -> bool {
        match *path {
            ["users", user] => self.admin.users().iter().any(|info| info.name == user),
            ["permissions", host, user] => {
                let known = self.admin.permissions(host).unwrap_or_default();
                known.iter().any(|info| info.user == user)
            }
            ["user-limits" | "vhost-limits", ..] => true,
            _ => false,
        }
    }
}

impl Administrator for Office {
    fn request(&self, method: &str, path: &str, body: &str) -> Result<u16> {
        let path = path.strip_prefix("/api/").context("a path below /api/")?;
        let parts: Vec<String> = path.split('/').map(|part| part.replace("%2F", "/")).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let fields = if body.is_empty() { Value::Null } else { serde_json::from_str(body)? };
        let was_there = self.is_there(&parts);
        let outcome = match method {
            "PUT" => self.runtime.block_on(self.put(&parts, &fields))?,
            "DELETE" => self.runtime.block_on(self.delete(&parts))?,
            _ => bail!("no method {method}"),
        };
        Ok(match outcome {
            Ok(()) if method == "PUT" && !was_there => 201,
            Ok(()) => 204,
            Err(AdminError::NotFound { .. }) => 404,
            Err(_) => 400,
        })
    }
}

fn policy(name: &str, body: &Value) -> PolicyInfo {
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
    PolicyInfo::new(name, text("pattern"), body["definition"].to_string())
        .apply_to(text("apply-to"))
        .priority(body["priority"].as_i64().unwrap_or_default())
}

fn user_limit(name: &str) -> Result<UserLimitName> {
    Ok(match name {
        "max-connections" => UserLimitName::Connections,
        "max-channels" => UserLimitName::Channels,
        _ => bail!("no limit {name}"),
    })
}

fn host_limit(name: &str) -> Result<HostLimitName> {
    Ok(match name {
        "max-connections" => HostLimitName::Connections,
        "max-queues" => HostLimitName::Queues,
        _ => bail!("no limit {name}"),
    })
}
