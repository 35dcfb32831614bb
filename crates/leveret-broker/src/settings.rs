//! Every setting as it holds, for people to read.
//!
//! Keeps true: no secret is shown.

use std::time::Duration;

use crate::{
    alarm::MemoryMark,
    config::{Config, ConfigError, Listener, Origin, Origins, RawConfig, Store},
};

/// One setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name, with dots: `limits.heartbeat`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Where that was said.
    pub origin: Origin,
}

impl RawConfig {
    /// Every setting as it will hold, with what said so; no secret is among them.
    pub fn settings(&self) -> Result<Vec<Setting>, ConfigError> {
        let config = self.clone().resolve()?;
        Ok(listed(&config, &self.origins))
    }
}

fn listed(config: &Config, origins: &Origins) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut add = |name: &'static str, also: &str, value: String| {
        settings.push(Setting { name, value, origin: origins.of(&[name, also]) });
    };
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    add("listen", "", list(config.listen.iter().map(ToString::to_string).collect()));
    let offered = |listener: &Listener| {
        let kind = if listener.tls { "tls" } else { "plain" };
        format!("{} {kind}", listener.address)
    };
    add("listeners", "tls", list(config.listeners.iter().map(offered).collect()));
    if let Some(tls) = &config.tls {
        add("tls.certificate", "", tls.certificate.display().to_string());
        add("tls.key", "", tls.key.display().to_string());
        let ca = tls.client_ca.as_ref().map_or_else(String::new, |path| path.display().to_string());
        add("tls.client_ca", "", ca);
    }
    match &config.store {
        Store::Directory(path) => add("data_dir", "in_memory", path.display().to_string()),
        Store::Memory => add("in_memory", "data_dir", "true".to_owned()),
    }
    add("virtual_hosts", "", list(config.virtual_hosts.clone()));
    add("users", "", list(config.users.iter().map(|user| user.name.clone()).collect()));
    add("admin_tls", "", config.admin_tls.to_string());
    add("metrics_login", "", config.metrics_login.to_string());
    if let Some(file) = &config.load_definitions {
        add("load_definitions", "", file.display().to_string());
    }
    let limits = &config.limits;
    for (name, value) in [
        ("limits.connections_max", limits.connections_max.to_string()),
        ("limits.half_open_max", limits.half_open_max.to_string()),
        ("limits.half_open_per_address_max", limits.half_open_per_address_max.to_string()),
        ("limits.handshake_bytes_max", limits.handshake_bytes_max.to_string()),
        ("limits.handshake_timeout", format!("{:?}", limits.handshake_timeout)),
        ("limits.refusal_delay", format!("{:?}", limits.refusal_delay)),
        ("limits.channels_max", limits.channels_max.to_string()),
        ("limits.frame_bytes_max", limits.frame_bytes_max.to_string()),
        ("limits.heartbeat", format!("{:?}", limits.heartbeat)),
        ("limits.message_bytes_max", limits.message_bytes_max.to_string()),
        ("limits.consumer_timeout", timeout(limits.consumer_timeout)),
        ("limits.close_timeout", format!("{:?}", limits.close_timeout)),
        ("limits.http.connections_max", limits.http.connections_max.to_string()),
        ("limits.http.head_bytes_max", limits.http.head_bytes_max.to_string()),
        ("limits.http.head_timeout", format!("{:?}", limits.http.head_timeout)),
        ("limits.http.body_bytes_max", limits.http.body_bytes_max.to_string()),
        ("limits.http.definitions_bytes_max", limits.http.definitions_bytes_max.to_string()),
        ("limits.http.body_timeout", format!("{:?}", limits.http.body_timeout)),
        ("limits.http.write_timeout", format!("{:?}", limits.http.write_timeout)),
        ("alarms.memory", shown(config.alarms.memory)),
        ("alarms.disk_free", format!("{}B", config.alarms.disk_free_min)),
        ("alarms.interval", format!("{:?}", config.alarms.interval)),
    ] {
        add(name, "", value);
    }
    settings
}

fn timeout(time: Option<Duration>) -> String {
    time.map_or_else(|| "off".to_owned(), |time| format!("{time:?}"))
}

fn shown(mark: MemoryMark) -> String {
    match mark {
        MemoryMark::Off => "off".to_owned(),
        MemoryMark::Bytes(bytes) => format!("{bytes}B"),
        MemoryMark::Percent(percent) => format!("{percent}%"),
    }
}
