//! Reads an AMQP URI.
//!
//! An error names the part that is wrong and never repeats it: an unescaped character in a
//! password makes the rest of the password look like a port, a path or a key.

use std::{fmt, str::FromStr, time::Duration};

use leveret_protocol::ShortStr;
use percent_encoding::percent_decode_str;

use super::{ConnectOptions, Secret};

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
    #[error("an AMQP URI begins with `amqp://`")]
    Scheme,
    /// It asks for TLS.
    #[error("`amqps://` needs TLS, which this client does not speak")]
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
    /// A key that nobody knows.
    #[error("query parameter {position} is unknown; known are {}", KEYS.join(", "))]
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
}

const KEYS: [&str; 5] =
    ["heartbeat", "connection_timeout", "channel_max", "frame_max", "auth_mechanism"];

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

impl ConnectOptions {
    /// Reads `amqp://user:password@host:port/vhost?key=value&…`.
    ///
    /// Each part may be missing and is then as in [`ConnectOptions::default`]; `%` escapes are
    /// undone. A missing virtual host is `/`, but the one of `amqp://host/` is the empty string:
    /// `/` is written `%2F`. Known keys: `heartbeat` in seconds, `connection_timeout` in
    /// milliseconds, `channel_max`, `frame_max`, and `auth_mechanism`, which must be `plain`.
    pub fn from_uri(uri: &str) -> Result<Self, UriError> {
        parse(uri)
    }
}

impl FromStr for ConnectOptions {
    type Err = UriError;

    fn from_str(uri: &str) -> Result<Self, UriError> {
        parse(uri)
    }
}

fn parse(uri: &str) -> Result<ConnectOptions, UriError> {
    let rest = after_scheme(uri)?;
    if rest.contains('#') {
        return Err(UriError::Fragment);
    }
    let (rest, query) = split(rest, '?');
    let (authority, path) = split(rest, '/');
    let mut options = ConnectOptions::default();
    read_authority(authority, &mut options)?;
    if let Some(path) = path {
        options.virtual_host = virtual_host(path)?;
    }
    for (index, pair) in query.unwrap_or_default().split('&').enumerate() {
        if !pair.is_empty() {
            read_parameter(index + 1, pair, &mut options)?;
        }
    }
    Ok(options)
}

fn after_scheme(uri: &str) -> Result<&str, UriError> {
    let (scheme, rest) = uri.split_once("://").ok_or(UriError::Scheme)?;
    if scheme.eq_ignore_ascii_case("amqp") {
        Ok(rest)
    } else if scheme.eq_ignore_ascii_case("amqps") {
        Err(UriError::TlsUnsupported)
    } else {
        Err(UriError::Scheme)
    }
}

/// What stands before the first `mark`, and what after it, if it is there.
fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn read_authority(authority: &str, options: &mut ConnectOptions) -> Result<(), UriError> {
    let (user_info, location) = match authority.rsplit_once('@') {
        Some((user_info, location)) => (Some(user_info), location),
        None => (None, authority),
    };
    if let Some(user_info) = user_info {
        let (user, password) = split(user_info, ':');
        options.user = login_text(user, UriPart::User)?;
        if let Some(password) = password {
            options.password = Secret::new(login_text(password, UriPart::Password)?);
        }
    }
    let (host, port) = split_location(location)?;
    if !host.is_empty() {
        options.host = text(host, UriPart::Host)?;
    }
    if let Some(port) = port.filter(|port| !port.is_empty()) {
        options.port = decimal(port).filter(|port| *port > 0).ok_or(UriError::Port)?;
    }
    Ok(())
}

fn split_location(location: &str) -> Result<(&str, Option<&str>), UriError> {
    let Some(bracketed) = location.strip_prefix('[') else {
        return Ok(split(location, ':'));
    };
    let (address, rest) = bracketed.split_once(']').ok_or(UriError::Brackets)?;
    match rest.strip_prefix(':') {
        Some(port) => Ok((address, Some(port))),
        None if rest.is_empty() => Ok((address, None)),
        None => Err(UriError::Brackets),
    }
}

fn virtual_host(path: &str) -> Result<ShortStr, UriError> {
    if path.contains('/') {
        return Err(UriError::VirtualHostSlash);
    }
    let name = text(path, UriPart::VirtualHost)?;
    ShortStr::try_from(name).map_err(|error| UriError::VirtualHostLong { bytes: error.bytes })
}

fn read_parameter(
    position: usize,
    pair: &str,
    options: &mut ConnectOptions,
) -> Result<(), UriError> {
    let (key, value) = split(pair, '=');
    let value = text(value.unwrap_or_default(), UriPart::Query)?;
    match key {
        "heartbeat" => {
            let seconds: u16 = number("heartbeat", "seconds from 0 to 65535", &value)?;
            options.heartbeat = Duration::from_secs(seconds.into());
        }
        "connection_timeout" => {
            let millis: u32 =
                number("connection_timeout", "milliseconds from 1 to 4294967295", &value)?;
            if millis == 0 {
                return Err(UriError::Value {
                    key: "connection_timeout",
                    wanted: "milliseconds from 1 to 4294967295",
                });
            }
            options.connect_timeout = Duration::from_millis(millis.into());
        }
        "channel_max" => {
            options.channel_max = number("channel_max", "a number from 0 to 65535", &value)?;
        }
        "frame_max" => {
            options.frame_max = number("frame_max", "0 or bytes from 4096 on", &value)?;
            if (1..4096).contains(&options.frame_max) {
                return Err(UriError::Value {
                    key: "frame_max",
                    wanted: "0 or bytes from 4096 on",
                });
            }
        }
        "auth_mechanism" if value.eq_ignore_ascii_case("plain") => {}
        "auth_mechanism" => {
            return Err(UriError::Value { key: "auth_mechanism", wanted: "`plain`" });
        }
        _ => return Err(UriError::UnknownKey { position }),
    }
    Ok(())
}

fn number<N: TryFrom<u64>>(
    key: &'static str,
    wanted: &'static str,
    value: &str,
) -> Result<N, UriError> {
    decimal(value).ok_or(UriError::Value { key, wanted })
}

/// Digits only: the sign that `parse` takes belongs to no URI.
fn decimal<N: TryFrom<u64>>(digits: &str) -> Option<N> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok().and_then(|number| N::try_from(number).ok())
}

fn login_text(escaped: &str, part: UriPart) -> Result<String, UriError> {
    let plain = text(escaped, part)?;
    if plain.contains('\0') {
        return Err(UriError::ZeroByte { part });
    }
    Ok(plain)
}

fn text(escaped: &str, part: UriPart) -> Result<String, UriError> {
    let is_escape =
        |tail: &str| tail.len() >= 2 && tail.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !escaped.split('%').skip(1).all(is_escape) {
        return Err(UriError::Escape { part });
    }
    match percent_decode_str(escaped).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(UriError::NotText { part }),
    }
}

#[cfg(test)]
mod tests;
