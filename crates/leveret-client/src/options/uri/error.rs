//! Why an AMQP URI is none.
//!
//! An error names the part that is wrong and never repeats it: an unescaped character in a
//! password makes the rest of the password look like a port, a path or a key.

use std::fmt;

use super::key;

/// A piece of an AMQP URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriPart {
    /// Before the first colon of the user information.
    User,
    /// After it.
    Password,
    /// Before the port.
    Host,
    /// After the host's slash.
    VirtualHost,
    /// After the question mark.
    Query,
}

/// Why an AMQP URI is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// It begins otherwise.
    #[error("an AMQP URI begins with `amqp://` or `amqps://`")]
    Scheme,
    /// It asks for TLS.
    #[error("`amqps://` needs TLS, which this client was built without (feature `tls`)")]
    TlsUnsupported,
    /// A `%` without two hexadecimal digits after it.
    #[error("the {part} has a `%` that two hexadecimal digits do not follow; write `%25` for `%`")]
    Escape {
        /// Where.
        part: UriPart,
    },
    /// Escapes that make no text.
    #[error("the {part} is not UTF-8 after its `%` escapes are undone")]
    NotText {
        /// Where.
        part: UriPart,
    },
    /// A zero byte, which the login cannot carry.
    #[error("the {part} has a zero byte")]
    ZeroByte {
        /// Where.
        part: UriPart,
    },
    /// A port out of range or not a number, often a password with an unescaped `/`, `?` or `#`.
    #[error(
        "the port is not a number from 1 to 65535; is an `@`, `/`, `?` or `#` before it unescaped?"
    )]
    Port,
    /// An address in brackets without an end, or with something after it.
    #[error("an address that begins with `[` ends with `]`, and only a port may follow")]
    Brackets,
    /// An address of several colons without brackets: where would the port begin?
    #[error("the host has several `:`; an IPv6 address is written `[::1]`")]
    Colons,
    /// More than one segment of path.
    #[error("the virtual host has a second `/`; one that belongs to its name is written `%2F`")]
    VirtualHostSlash,
    /// A virtual host longer than 255 bytes.
    #[error("the virtual host has {bytes} bytes, at most 255 are possible")]
    VirtualHostLong {
        /// Its length.
        bytes: usize,
    },
    /// A fragment, which means nothing here.
    #[error("an AMQP URI has no `#` part; write `%23` for `#`")]
    Fragment,
    /// Several hosts where one is wanted.
    #[error("the URI names {hosts} hosts where one is wanted")]
    SeveralHosts {
        /// How many.
        hosts: usize,
    },
    /// A key that nobody knows.
    #[error("query parameter {position} is unknown; known are {}", key::names())]
    UnknownKey {
        /// Which one, from 1.
        position: usize,
    },
    /// A value out of range.
    #[error("`{key}` wants {wanted}")]
    Value {
        /// Its key.
        key: &'static str,
        /// What it may be.
        wanted: &'static str,
    },
    /// A key about TLS in a URI without it.
    #[error("`{key}` is about TLS: the URI must begin with `amqps://`")]
    NeedsTls {
        /// The key.
        key: &'static str,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("`{present}` is there and `{missing}` is missing")]
    HalfIdentity {
        /// The key that is there.
        present: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
}

impl fmt::Display for UriPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Password => "password",
            Self::Host => "host",
            Self::VirtualHost => "virtual host",
            Self::Query => "query",
        })
    }
}
