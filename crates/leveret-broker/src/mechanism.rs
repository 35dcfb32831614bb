//! The login mechanisms that can be offered, each listener its own list.

use std::fmt;

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// A name and a password, by RFC 4616.
    Plain,
    /// A name and a password in a field table, as the oldest clients send them.
    AmqPlain,
    /// No more than the client's certificate: only where TLS asks for one.
    External,
}

impl Mechanism {
    /// Every mechanism, by preference.
    pub(crate) const ALL: [Self; 3] = [Self::External, Self::Plain, Self::AmqPlain];

    /// What a listener without a list of its own offers where no certificate is asked for.
    pub(crate) const PASSWORDS: [Self; 2] = [Self::Plain, Self::AmqPlain];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::AmqPlain => "AMQPLAIN",
            Self::External => "EXTERNAL",
        }
    }

    /// The mechanism of that name.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(ToString::to_string).collect();
            format!("`{name}` is no login mechanism, known are {}", known.join(", "))
        })
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
