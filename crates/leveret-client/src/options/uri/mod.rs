//! Reads an AMQP URI.

mod error;
mod key;
mod query;
mod text;

use std::str::FromStr;

use leveret_protocol::ShortStr;

pub use self::error::{UriError, UriPart};
use self::{
    query::Unknown,
    text::{decimal, login_text, split, text},
};
use super::{ConnectOptions, Secret, TlsOptions};

impl ConnectOptions {
    /// Reads `amqp[s]://user:password@host:port/vhost?key=value&…`.
    ///
    /// Each part may be missing and is then as in [`ConnectOptions::default`]; `%` escapes are
    /// undone. The port is 5672, or 5671 with `amqps`. A missing virtual host is `/`, but the
    /// one of `amqp://host/` is the empty string: `/` is written `%2F`.
    ///
    /// | key | is |
    /// |---|---|
    /// | `heartbeat` | seconds |
    /// | `connection_timeout`, `request_timeout`, `publish_timeout` | milliseconds |
    /// | `channel_max`, `frame_max` | a number |
    /// | `auth_mechanism` | `plain`, `amqplain`, `external`; several are tried in order |
    /// | `connection_name` | the connection's name |
    /// | `locale` | `en_US` |
    /// | `cacertfile` | the authorities to trust, a PEM file |
    /// | `certfile`, `keyfile` | the client's certificate and key, PEM files |
    /// | `server_name_indication` | the name in the broker's certificate |
    /// | `depth` | how many certificates may stand between the broker's and the authority's |
    /// | `verify` | `verify_peer`, or, to trust anyone, `verify_none` |
    pub fn from_uri(uri: &str) -> Result<Self, UriError> {
        one(parse(uri, Unknown::Refuse)?)
    }

    /// The same, but keys of the query that it does not know are skipped with a warning.
    pub fn from_uri_of_other_clients(uri: &str) -> Result<Self, UriError> {
        one(parse(uri, Unknown::Skip)?)
    }

    /// The same as [`from_uri`](Self::from_uri) for several hosts of one cluster, separated by
    /// commas: `amqp://user:password@one:5672,two,three/vhost`.
    ///
    /// ```
    /// use leveret_client::ConnectOptions;
    ///
    /// let all = ConnectOptions::list_from_uri("amqp://jo:secret@one:7,two/orders")?;
    /// let authorities: Vec<_> = all.iter().map(ConnectOptions::authority).collect();
    /// assert_eq!(authorities, ["one:7", "two:5672"]);
    /// # Ok::<(), leveret_client::UriError>(())
    /// ```
    pub fn list_from_uri(uri: &str) -> Result<Vec<Self>, UriError> {
        parse(uri, Unknown::Refuse)
    }
}

impl FromStr for ConnectOptions {
    type Err = UriError;

    fn from_str(uri: &str) -> Result<Self, UriError> {
        Self::from_uri(uri)
    }
}

fn one(mut all: Vec<ConnectOptions>) -> Result<ConnectOptions, UriError> {
    match (all.pop(), all.len()) {
        (Some(options), 0) => Ok(options),
        (_, others) => Err(UriError::SeveralHosts { hosts: others + 1 }),
    }
}

fn parse(uri: &str, unknown: Unknown) -> Result<Vec<ConnectOptions>, UriError> {
    let (tls, rest) = after_scheme(uri)?;
    if rest.contains('#') {
        return Err(UriError::Fragment);
    }
    let (rest, query) = split(rest, '?');
    let (authority, path) = split(rest, '/');
    let port = if tls.is_some() { ConnectOptions::TLS_PORT } else { ConnectOptions::PORT };
    let mut options = ConnectOptions { port, tls, ..ConnectOptions::default() };
    let locations = read_user(authority, &mut options)?;
    if let Some(path) = path {
        options.virtual_host = virtual_host(path)?;
        if path.is_empty() {
            tracing::warn!("the URI names the virtual host ``; the usual one is written `/%2F`");
        }
    }
    query::read(query.unwrap_or_default(), &mut options, unknown)?;
    locations.split(',').map(|location| at(location, options.clone())).collect()
}

fn after_scheme(uri: &str) -> Result<(Option<TlsOptions>, &str), UriError> {
    let (scheme, rest) = uri.split_once("://").ok_or(UriError::Scheme)?;
    if scheme.eq_ignore_ascii_case("amqp") {
        Ok((None, rest))
    } else if !scheme.eq_ignore_ascii_case("amqps") {
        Err(UriError::Scheme)
    } else if cfg!(feature = "tls") {
        Ok((Some(TlsOptions::default()), rest))
    } else {
        Err(UriError::TlsUnsupported)
    }
}

/// Reads who logs in; gives where.
fn read_user<'a>(authority: &'a str, options: &mut ConnectOptions) -> Result<&'a str, UriError> {
    let Some((user_info, locations)) = authority.rsplit_once('@') else { return Ok(authority) };
    let (user, password) = split(user_info, ':');
    options.user = login_text(user, UriPart::User)?;
    if let Some(password) = password {
        options.password = Secret::new(login_text(password, UriPart::Password)?);
    }
    Ok(locations)
}

fn at(location: &str, mut options: ConnectOptions) -> Result<ConnectOptions, UriError> {
    let (host, port) = split_location(location)?;
    if !host.is_empty() {
        options.host = text(host, UriPart::Host)?;
    }
    if let Some(port) = port.filter(|port| !port.is_empty()) {
        options.port = decimal(port).filter(|port| *port > 0).ok_or(UriError::Port)?;
    }
    Ok(options)
}

fn split_location(location: &str) -> Result<(&str, Option<&str>), UriError> {
    let Some(bracketed) = location.strip_prefix('[') else {
        let (host, port) = split(location, ':');
        // A port with a colon in it is an address without brackets.
        if port.is_some_and(|port| port.contains(':')) {
            return Err(UriError::Colons);
        }
        return Ok((host, port));
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

#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "tls"))]
mod tls_tests;
