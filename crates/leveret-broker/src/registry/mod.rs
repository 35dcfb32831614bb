//! Users, permissions, limits, policies, virtual hosts: who may do what.
//!
//! Everybody reads the newest state without waiting; one task, the keeper, changes it: each change
//! is on disk before it holds. Keeps true: what a connection may do follows the state without a
//! reconnect.

mod account;
mod change;
mod error;
mod grant;
mod keeper;
mod ledger;
mod opening;
mod pattern;
mod policy;
mod rules;
mod state;
mod virtual_host;

use std::sync::Arc;

use leveret_engine::Authority;
use leveret_protocol::ShortStr;
use tokio::sync::{mpsc, oneshot, watch};

pub use self::error::AdminError;
pub(crate) use self::{
    account::{Account, Password, Permission, TopicPermission},
    change::{Change, HostLimit, NewPassword, PolicyKey, UserLimit, Where},
    keeper::Keeper,
    ledger::Ledger,
    opening::{kept_policies, opening_state},
    pattern::Pattern,
    policy::{ApplyTo, Policy, PolicyKind},
    rules::Rules,
    state::State,
    virtual_host::{Metadata, VirtualHost},
};
use crate::{
    passwords::{Logins, Verification},
    presence::Ceilings,
    users::{LoginError, Peer},
};

/// Changes that wait for the keeper; beyond it, who asks for more waits too.
const COMMANDS_MAX: usize = 64;

/// The administrative state, and the way to change it.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    state: watch::Receiver<Arc<State>>,
    commands: mpsc::Sender<Command>,
    logins: Logins,
}

/// Changes that hold together or not at all, and who waits for them.
#[derive(Debug)]
struct Command {
    changes: Vec<Change>,
    reply: oneshot::Sender<Result<Put, AdminError>>,
}

/// Whether the first thing that was put is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Made,
    Changed,
}

/// How far a login has come.
pub(crate) enum Login {
    Right,
    /// It takes a while to tell.
    Unverified(Verification),
}

impl Registry {
    /// The newest state.
    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.borrow())
    }

    /// Makes changes, all or none; they hold, and are on disk, when this comes back.
    pub(crate) async fn change(&self, changes: Vec<Change>) -> Result<Put, AdminError> {
        let (reply, replied) = oneshot::channel();
        let sent = self.commands.send(Command { changes, reply }).await;
        sent.map_err(|_| AdminError::Stopping)?;
        replied.await.map_err(|_| AdminError::Stopping)?
    }

    /// Begins a login by password; an unknown user takes the time of a known one.
    pub(crate) fn log_in(
        &self,
        name: &[u8],
        password: &[u8],
        peer: Peer,
    ) -> Result<Login, LoginError> {
        let state = self.state();
        let known = std::str::from_utf8(name).ok().and_then(|name| state.users.get_key_value(name));
        let Some((name, account)) = known else {
            let has_hashes = state.users.values().any(Account::is_hashed);
            return if has_hashes {
                Ok(Login::Unverified(self.logins.decoy(password)))
            } else {
                Err(LoginError::Mismatch)
            };
        };
        if account.loopback_only && !peer.is_local() {
            return Err(LoginError::NotFromHere);
        }
        let is_right = match &account.password {
            Password::None => false,
            Password::WellKnown => password == name.as_bytes(),
            Password::Configured(secret) => !secret.is_empty() && secret.matches(password),
            Password::Hash(hash) => {
                if !self.logins.remembers(name, hash, password) {
                    let verification = self.logins.verification(name, hash.clone(), password);
                    return Ok(Login::Unverified(verification));
                }
                true
            }
        };
        if is_right { Ok(Login::Right) } else { Err(LoginError::Mismatch) }
    }

    /// Lets a user in whom a certificate has shown to be who they are.
    pub(crate) fn recognise(&self, name: &str, peer: Peer) -> Result<(), LoginError> {
        let state = self.state();
        let account = state.users.get(name).ok_or(LoginError::NotCertified)?;
        if account.loopback_only && !peer.is_local() {
            return Err(LoginError::NotFromHere);
        }
        Ok(())
    }

    /// How many connections there may be with this one, or why the user may not open that host.
    pub(crate) fn may_open(&self, user: &str, virtual_host: &ShortStr) -> Result<Ceilings, String> {
        let state = self.state();
        let name = virtual_host.to_str().unwrap_or_default();
        let Some(host) = state.virtual_hosts.get(name) else {
            return Err(format!("vhost {virtual_host} not found"));
        };
        let account = state.users.get(user);
        match account.filter(|account| account.permissions.contains_key(name)) {
            Some(account) => Ok(Ceilings {
                of_virtual_host: host.limits.max_connections,
                of_user: account.limits.max_connections,
            }),
            None => Err(format!("access to vhost '{virtual_host}' refused for user '{user}'")),
        }
    }

    /// What that user may do there now.
    pub(crate) fn authority(&self, user: &str, virtual_host: &ShortStr) -> Authority {
        self.state().authority(user, virtual_host.to_str().unwrap_or_default())
    }

    /// How many channels a user may have open.
    pub(crate) fn channels_max(&self, user: &str) -> Option<u64> {
        self.state.borrow().users.get(user)?.limits.max_channels
    }
}
