//! Who may log in, from where, and to which virtual hosts.

use std::net::IpAddr;

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
    /// The virtual hosts the user may open; `None` is all of them.
    pub virtual_hosts: Option<Vec<String>>,
}

impl User {
    /// A user who may come from anywhere and open every virtual host.
    ///
    /// ```
    /// # use leveret_broker::{Secret, User};
    /// let user = User::new("hazel", Secret::new("down")).loopback_only();
    /// assert!(user.loopback_only);
    /// ```
    pub fn new(name: impl Into<String>, password: Secret) -> Self {
        Self { name: name.into(), password, loopback_only: false, virtual_hosts: None }
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
        Self::new("guest", Secret::new("guest")).loopback_only()
    }

    /// Whether the user may open this virtual host.
    pub(crate) fn may_open(&self, virtual_host: &[u8]) -> bool {
        let Some(allowed) = &self.virtual_hosts else { return true };
        allowed.iter().any(|name| name.as_bytes() == virtual_host)
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

/// The users of one broker.
#[derive(Debug, Clone)]
pub(crate) struct Users {
    users: Vec<User>,
    nobody: Secret,
}

impl Users {
    pub(crate) fn new(users: Vec<User>) -> Self {
        Self { users, nobody: Secret::new("nobody has this one") }
    }

    /// The user of that name, if the password is theirs and they may come from that address.
    ///
    /// An unknown user costs the same comparison as a known one.
    pub(crate) fn authenticate(
        &self,
        name: &[u8],
        password: &[u8],
        peer: Peer,
    ) -> Result<&User, LoginError> {
        let user = self.users.iter().find(|user| user.name.as_bytes() == name);
        let secret = user.map_or(&self.nobody, |user| &user.password);
        let right = secret.matches(password) && !secret.is_empty();
        Self::admit(user.filter(|_| right).ok_or(LoginError::Mismatch)?, peer)
    }

    /// The user of that name, whom a certificate has shown to be who they are.
    pub(crate) fn known(&self, name: &str, peer: Peer) -> Result<&User, LoginError> {
        let user = self.users.iter().find(|user| user.name == name);
        Self::admit(user.ok_or(LoginError::NotCertified)?, peer)
    }

    fn admit(user: &User, peer: Peer) -> Result<&User, LoginError> {
        if user.loopback_only && !peer.is_local() {
            return Err(LoginError::NotFromHere);
        }
        Ok(user)
    }
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

    fn is_local(self) -> bool {
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

    fn check(name: &str, password: &str, peer: &str, expected: Result<&str, LoginError>) {
        let hazel = User::new("hazel", Secret::new("down"));
        let users = Users::new(vec![User::guest(), hazel, User::new("open", Secret::new(""))]);
        let peer = peer.parse().map_or(Peer::Process, Peer::Address);
        let found = users.authenticate(name.as_bytes(), password.as_bytes(), peer);
        assert_eq!(found.map(|user| user.name.as_str()), expected, "{name} from {peer}");
    }

    #[test]
    fn guest_comes_from_this_machine_only() {
        check("guest", "guest", "127.0.0.1:9", Ok("guest"));
        check("guest", "guest", "127.8.0.1:9", Ok("guest"));
        check("guest", "guest", "[::1]:9", Ok("guest"));
        check("guest", "guest", "[::ffff:127.0.0.1]:9", Ok("guest"));
        check("guest", "guest", "in process", Ok("guest"));
        check("guest", "guest", "192.0.2.7:9", Err(LoginError::NotFromHere));
        check("hazel", "down", "192.0.2.7:9", Ok("hazel"));
    }

    #[test]
    fn an_unknown_user_and_a_wrong_password_are_the_same() {
        check("guest", "gues", "127.0.0.1:9", Err(LoginError::Mismatch));
        check("nobody", "guest", "127.0.0.1:9", Err(LoginError::Mismatch));
        check("nobody", "nobody has this one", "127.0.0.1:9", Err(LoginError::Mismatch));
    }

    #[test]
    fn an_empty_password_never_matches() {
        check("open", "", "127.0.0.1:9", Err(LoginError::Mismatch));
    }
}
