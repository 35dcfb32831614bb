//! Who sends a request: a user of the broker, by basic authentication.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::refusal::Refusal;
use crate::{
    registry::{Account, Login, State},
    shared::Shared,
    users::Peer,
};

/// A user with a tag that lets them use the API at all.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) state: Arc<State>,
}

impl Caller {
    fn account(&self) -> Option<&Account> {
        self.state.users.get(&self.name)
    }

    fn has_any(&self, tags: &[&str]) -> bool {
        self.account().is_some_and(|account| tags.iter().any(|tag| account.has_tag(tag)))
    }

    /// Refuses who is not an administrator.
    pub(super) fn administers(&self) -> Result<(), Refusal> {
        self.needs(&["administrator"])
    }

    /// Refuses who does not see what is others'.
    pub(super) fn monitors_or_refuses(&self) -> Result<(), Refusal> {
        self.needs(&["administrator", "monitoring"])
    }

    /// Refuses who may not change policies.
    pub(super) fn makes_policies(&self) -> Result<(), Refusal> {
        self.needs(&["administrator", "policymaker"])
    }

    /// Whether they see what is others'.
    pub(super) fn monitors(&self) -> bool {
        self.has_any(&["administrator", "monitoring"])
    }

    /// Whether they see what is in that virtual host.
    pub(super) fn sees(&self, virtual_host: &str) -> bool {
        self.monitors()
            || self.account().is_some_and(|account| account.permissions.contains_key(virtual_host))
    }

    /// Refuses who may not look into that virtual host, or if there is none.
    pub(super) fn looks_into(&self, virtual_host: &str) -> Result<(), Refusal> {
        self.state.virtual_host(virtual_host)?;
        if self.sees(virtual_host) {
            return Ok(());
        }
        let reason = format!("access to vhost '{virtual_host}' refused for user '{}'", self.name);
        Err(Refusal::not_authorised(reason))
    }

    fn needs(&self, tags: &[&str]) -> Result<(), Refusal> {
        if self.has_any(tags) {
            return Ok(());
        }
        let reason = format!("user '{}' needs the tag {}", self.name, tags.join(" or "));
        Err(Refusal::not_authorised(reason))
    }
}

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(Peer::Process, |ConnectInfo(address)| Peer::Address(*address));
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let encoded = header.and_then(|header| header.strip_prefix("Basic "));
        let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded.trim()).ok());
        let Some(credentials) = decoded.as_deref() else { return Err(Refusal::login_failed()) };
        let mut halves = credentials.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(password)) = (halves.next(), halves.next()) else {
            return Err(Refusal::login_failed());
        };
        let registry = &shared.registry;
        let login = registry.log_in(name, password, peer).map_err(|reason| {
            tracing::warn!(%peer, %reason, "refusing a login to the admin api");
            shared.attempts.http().note(false);
            Refusal::login_failed()
        })?;
        let is_right = match login {
            Login::Right => true,
            Login::Unverified(verification) => verification.run().await,
        };
        shared.attempts.http().note(is_right);
        if !is_right {
            return Err(Refusal::login_failed());
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let caller = Self { name, state: registry.state() };
        caller.needs(&["administrator", "monitoring", "policymaker", "management"])?;
        Ok(caller)
    }
}
