//! A broker under test: where it listens, and as whom a case comes.

use std::time::Duration;

use anyhow::{Context as _, Result};
use percent_encoding::percent_decode_str;

use crate::{
    admin::Admin,
    method::Outgoing,
    peer::{Login, Peer},
};

/// A broker's addresses and one place on it where nobody else is.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) address: String,
    pub(crate) admin: Option<Admin>,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) vhost: String,
    /// Tells the workers on one broker apart.
    pub(crate) worker: usize,
    /// How long nothing may happen before that is what happened.
    pub(crate) patience: Duration,
}

impl Target {
    /// A broker by its AMQP address and that of its HTTP API, if it has one.
    pub fn new(url: &str, http: Option<&str>) -> Result<Self> {
        let rest = url.strip_prefix("amqp://").context("an address begins with amqp://")?;
        let (login, rest) = rest.split_once('@').unwrap_or(("guest:guest", rest));
        let (user, password) = login.split_once(':').context("an address has user:password")?;
        let (address, vhost) = rest.split_once('/').unwrap_or((rest, "%2f"));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decoded(user), decoded(password));
        let admin = http.map(|url| Admin::new(url, &user, &password)).transpose()?;
        Ok(Self {
            address: address.to_owned(),
            admin,
            user,
            password,
            vhost: decoded(vhost),
            worker: 0,
            patience: Duration::from_secs(5),
        })
    }

    /// As many targets as asked for, each in a virtual host of its own, if the broker has an HTTP
    /// API to make them; else the one.
    pub fn split(&self, workers: usize) -> Result<Vec<Self>> {
        let Some(admin) = &self.admin else { return Ok(vec![self.clone()]) };
        let mut targets = Vec::new();
        for worker in 0..workers {
            let vhost = format!("conformance-{worker}");
            admin.request("PUT", &format!("/api/vhosts/{vhost}"), "")?;
            let all = r#"{"configure":".*","write":".*","read":".*"}"#;
            admin.request("PUT", &format!("/api/permissions/{vhost}/{}", self.user), all)?;
            targets.push(Self { vhost, worker, ..self.clone() });
        }
        Ok(targets)
    }

    /// The version that the broker names.
    pub fn version(&self) -> Result<String> {
        let mut peer = Peer::raw(&self.address, self.patience)?;
        peer.send_bytes(&leveret_protocol::PROTOCOL_HEADER);
        let start =
            peer.reply(0, &["connection.start".to_owned()])?.context("no connection.start")?;
        let version = start.line.split(", version=").nth(1);
        let version = version.context("no version")?;
        Ok(version
            .split(['"', ',', '}'])
            .find(|part| !part.is_empty())
            .unwrap_or_default()
            .to_owned())
    }

    pub(crate) fn login(&self) -> Login {
        Login {
            user: self.user.clone(),
            password: self.password.clone(),
            vhost: self.vhost.clone(),
            client_properties: "{capabilities={authentication_failure_close=true, consumer_cancel_notify=true, basic.nack=true, publisher_confirms=true, connection.blocked=true}}".to_owned(),
        }
    }

    /// Removes what a case left behind; what is locked by a connection that is just ending is
    /// tried again.
    pub(crate) fn sweep(&self, left: &[Left]) -> Result<()> {
        if left.is_empty() {
            return Ok(());
        }
        let mut peer = Peer::raw(&self.address, self.patience)?;
        peer.log_in(&self.login())?;
        for one in left {
            let line = match one {
                Left::Queue(name) => format!("queue.delete queue=\"{name}\""),
                Left::Exchange(name) => format!("exchange.delete exchange=\"{name}\""),
            };
            let (open, delete) = (Outgoing::parse("channel.open")?, Outgoing::parse(&line)?);
            for _ in 0..1_000 {
                if !peer.opened.contains(&1) || peer.closed.contains(&1) {
                    peer.send(1, &open);
                    peer.reply(1, &open.replies())?;
                    peer.opened.insert(1);
                }
                peer.send(1, &delete);
                let reply = peer.reply(1, &delete.replies())?;
                let is_locked =
                    reply.as_ref().is_some_and(|reply| reply.line.contains("reply_code=405"));
                if !is_locked {
                    break;
                }
            }
        }
        let close = Outgoing::parse("connection.close reply_code=200")?;
        peer.send(0, &close);
        peer.reply(0, &close.replies())?;
        Ok(())
    }
}

/// What a case may leave behind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Left {
    Queue(String),
    Exchange(String),
}
