//! Who may log in, from where, and to which virtual hosts.

use std::{collections::BTreeSet, net::IpAddr};

use crate::secret::Secret;

/// One user of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The login name.
    pub name: String,
    /// The password; an empty one never matches.
    pub password: Secret,
    /// Whether the user may come from this machine only.
    pub loopback_only: bool,
    /// The virtual hosts the user may open; `None` is all that are there at the start.
    pub virtual_hosts: Option<Vec<String>>,
    /// What the user may do beside messaging: `administrator`, `monitoring`, `policymaker`, `management`.
    pub tags: BTreeSet<String>,
}

impl User {
    /// A user who may come from anywhere and open every virtual host there is at the start.
    ///
    /// ```
    /// # use leveret_broker::{Secret, User};
    /// let user = User::new("hazel", Secret::new("down")).loopback_only();
    /// assert!(user.loopback_only);
    /// ```
    pub fn new(name: impl Into<String>, password: Secret) -> Self {
        Self {
            name: name.into(),
            password,
            loopback_only: false,
            virtual_hosts: None,
            tags: BTreeSet::new(),
        }
    }

    /// The same user, but from this machine only.
    #[must_use]
    pub fn loopback_only(mut self) -> Self {
        self.loopback_only = true;
        self
    }

    /// The same user, but with these virtual hosts only.
    #[must_use]
    pub fn virtual_hosts<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.virtual_hosts = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// `guest` with the password `guest`, from this machine only: who there is when none is configured.
    pub fn guest() -> Self {
        Self::new("guest", Secret::new("guest")).loopback_only().tag("administrator")
    }

    /// The same user, with one more tag, such as `administrator`.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.insert(tag.into());
        self
    }
}

/// Why a login is refused; said to the log only, never to the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("unknown user or wrong password")]
    Mismatch,
    #[error("the user may log in from this machine only")]
    NotFromHere,
    #[error("unsupported mechanism")]
    Mechanism,
    #[error("malformed response")]
    Malformed,
    #[error("no client certificate")]
    NoCertificate,
    #[error("no name in the client certificate")]
    NamelessCertificate,
    #[error("no user of the client certificate's name")]
    NotCertified,
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Another part of the same process.
    Process,
    /// A socket's other end.
    Address(std::net::SocketAddr),
}

impl Peer {
    /// The address, if it is not this machine's own.
    pub(crate) fn foreign_ip(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) if !self.is_local() => Some(address.ip().to_canonical()),
            Self::Process | Self::Address(_) => None,
        }
    }

    pub(crate) fn is_local(self) -> bool {
        match self {
            Self::Process => true,
            Self::Address(address) => match address.ip() {
                IpAddr::V4(address) => address.is_loopback(),
                IpAddr::V6(address) => address.to_canonical().is_loopback(),
            },
        }
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Process => formatter.write_str("in process"),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_what_speaks_over_loopback() {
        for (peer, is_local) in [
            ("127.0.0.1:9", true),
            ("127.8.0.1:9", true),
            ("[::1]:9", true),
            ("[::ffff:127.0.0.1]:9", true),
            ("192.0.2.7:9", false),
        ] {
            assert_eq!(Peer::Address(peer.parse().unwrap()).is_local(), is_local, "{peer}");
        }
        assert!(Peer::Process.is_local());
    }
}
