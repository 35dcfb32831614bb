//! Which broker an application speaks to: elsewhere, or inside the program.

use std::fmt::{self, Debug, Display, Formatter};
use std::path::PathBuf;

/// Where a connection leads.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// A broker elsewhere: `amqp://user:password@host:5672/vhost`.
    Address(String),
    /// The broker inside the program, keeping its data in this directory.
    Directory(PathBuf),
    /// The broker inside the program, forgetting everything at the end.
    Memory,
}

impl Endpoint {
    /// Whether it is the broker inside the program.
    pub fn is_embedded(&self) -> bool {
        match self {
            Self::Address(_) => false,
            Self::Directory(_) | Self::Memory => true,
        }
    }
}

impl From<&str> for Endpoint {
    fn from(address: &str) -> Self {
        Self::Address(address.to_owned())
    }
}

impl From<String> for Endpoint {
    fn from(address: String) -> Self {
        Self::Address(address)
    }
}

/// Without user name and password.
impl Display for Endpoint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => match address.split_once("://") {
                Some((scheme, rest)) => {
                    write!(f, "{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
                }
                None => f.write_str("a malformed address"),
            },
            Self::Directory(path) => write!(f, "the embedded broker in {}", path.display()),
            Self::Memory => f.write_str("the embedded broker in memory"),
        }
    }
}

impl Debug for Endpoint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let endpoint = Endpoint::from("amqp://guest:sec@ret@host:5672/%2f");
        assert_eq!(endpoint.to_string(), "amqp://host:5672/%2f");
        assert!(!format!("{endpoint:?}").contains("sec"));
    }
}
