//! New settings for a running broker: what holds at once, what waits.
//!
//! Keeps true: settings that are refused change nothing.

use std::sync::Arc;

use crate::{
    broker::Broker,
    config::{Config, ConfigError},
    tls::TlsError,
};

/// What a reload did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reloaded {
    /// The settings that hold now, for new connections at the least.
    pub applied: Vec<&'static str>,
    /// The settings that differ from those in use, and are taken at the next start.
    pub waiting: Vec<&'static str>,
}

/// Why a reload was refused; what held before holds on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The files of TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Broker {
    /// Counts, in the metrics, new settings that are wrong before they are a [`Config`].
    pub fn refuse_reload(&self) {
        self.parts.shared.reloads.count(false);
    }

    /// Takes what can be taken of a new configuration while the broker runs: the limits, the
    /// alarms and the certificates (whose files are read anew in any case). Connections that are open keep theirs.
    pub fn reload(&self, next: &Config) -> Result<Reloaded, ReloadError> {
        let reloaded = self.take_over(next);
        self.parts.shared.reloads.count(reloaded.is_ok());
        reloaded
    }

    fn take_over(&self, next: &Config) -> Result<Reloaded, ReloadError> {
        next.check()?;
        let mut reloaded = Reloaded::default();
        match (&self.parts.tls, &next.tls) {
            (Some(keeper), Some(tls)) => {
                keeper.reload(tls)?;
                reloaded.applied.push("tls");
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => reloaded.waiting.push("tls"),
        }
        let shared = &self.parts.shared;
        let current = shared.config();
        if current.limits != next.limits {
            reloaded.applied.push("limits");
        }
        if current.alarms != next.alarms {
            reloaded.applied.push("alarms");
        }
        if current.metrics_login != next.metrics_login {
            reloaded.applied.push("metrics_login");
        }
        for (name, is_same) in [
            ("listen", current.listen == next.listen),
            ("admin_listen", current.admin_listen == next.admin_listen),
            ("listeners", current.listeners == next.listeners),
            ("data_dir, in_memory", current.store == next.store),
            ("virtual_hosts", current.virtual_hosts == next.virtual_hosts),
            ("users", current.users == next.users),
            ("admin_tls", current.admin_tls == next.admin_tls),
            ("load_definitions", current.load_definitions == next.load_definitions),
        ] {
            if !is_same {
                reloaded.waiting.push(name);
            }
        }
        let held = Config {
            limits: next.limits.clone(),
            alarms: next.alarms.clone(),
            metrics_login: next.metrics_login,
            ..Config::clone(&current)
        };
        shared.replace_config(Arc::new(held));
        Ok(reloaded)
    }
}
