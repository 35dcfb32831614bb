//! Where a server of HTTP is, and whom to believe there.

use std::{
    fmt, io,
    net::{TcpStream, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use leveret_client::{ConnectOptions, Secret};

use super::tls::{self, Secured, TlsFailure};
use crate::{Refusal, exit::Exit};

/// Usual ports: of plain HTTP, and with TLS.
pub(crate) type Ports = [u16; 2];

/// Those of a broker's admin API.
pub(crate) const ADMIN_PORTS: Ports = [15_672, 15_671];

/// Those of an application's control.
pub(crate) const APP_PORTS: Ports = [15_680, 15_680];

/// Whom to believe at `https://`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TrustArgs {
    /// For https:// the authorities to trust, a PEM file; without it that of an amqps:// address
    /// (`cacertfile`), or those that this machine trusts
    #[arg(long, value_name = "FILE", env = "LEVERET_ADMIN_CA", global = true)]
    pub(crate) ca: Option<PathBuf>,
}

impl TrustArgs {
    /// The file, or else the one that the broker's address names; an empty name is none.
    pub(crate) fn file(&self, options: Option<&ConnectOptions>) -> Option<PathBuf> {
        let named = self.ca.clone().filter(|path| !path.as_os_str().is_empty());
        let of_broker = || options?.tls.as_ref()?.ca_file.clone();
        named.or_else(of_broker)
    }
}

/// A server of HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    host: String,
    port: u16,
    is_tls: bool,
    login: Option<(String, Secret)>,
    ca_file: Option<PathBuf>,
}

/// Why an address is none; it never has the address, in which a password may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SiteError {
    #[error("the scheme is neither http nor https: wanted http://HOST:PORT or https://HOST:PORT")]
    Scheme,
    #[error("there is a path: wanted http://HOST:PORT or https://HOST:PORT")]
    Path,
    #[error("there is no host: wanted http://HOST:PORT or https://HOST:PORT")]
    Host,
    #[error("the port is no number from 1 to 65535")]
    Port,
}

impl Site {
    /// Reads `HOST`, `HOST:PORT`, with `http://` or `https://` and `USER:PASSWORD@` before it.
    pub(crate) fn parse(
        text: &str,
        usual: Ports,
        ca_file: Option<PathBuf>,
    ) -> Result<Self, SiteError> {
        let (is_tls, rest) = match text.split_once("://") {
            None => (false, text),
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) => return Err(SiteError::Scheme),
        };
        let rest = rest.trim_end_matches('/');
        let (login, authority) = match rest.rsplit_once('@') {
            Some((login, authority)) => (Some(login), authority),
            None => (None, rest),
        };
        if authority.contains(['/', '?', '#']) {
            return Err(SiteError::Path);
        }
        let login = login.map(|login| login.split_once(':').unwrap_or((login, "")));
        let login = login.map(|(user, password)| (user.to_owned(), Secret::from(password)));
        let [plain, secured] = usual;
        let (host, port) = place(authority, if is_tls { secured } else { plain })?;
        Ok(Self { host, port, is_tls, login, ca_file })
    }

    /// The admin API where the broker is, at its usual port: with TLS if the broker is spoken to so,
    /// since the same password goes there.
    pub(crate) fn beside(options: &ConnectOptions, ca_file: Option<PathBuf>) -> Self {
        let [plain, secured] = ADMIN_PORTS;
        let is_tls = options.tls.is_some();
        let port = if is_tls { secured } else { plain };
        Self { host: options.host.clone(), port, is_tls, login: None, ca_file }
    }

    /// User and password, if the address has them.
    pub(crate) fn login(&self) -> Option<(String, String)> {
        let login = self.login.as_ref()?;
        Some((login.0.clone(), login.1.reveal().to_owned()))
    }

    /// What is between the scheme and the path.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Whether it is spoken to with TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Until when its certificate holds, in seconds since 1970.
    pub(crate) fn certificate_end(&self, patience: Duration) -> Result<i64, String> {
        let stream = self.reach(patience, Some(patience)).map_err(|error| error.to_string())?;
        tls::certificate_end(stream, &self.host)
    }

    /// A stream to it, without TLS.
    pub(super) fn reach(
        &self,
        patience: Duration,
        silence: Option<Duration>,
    ) -> io::Result<TcpStream> {
        let none = || io::Error::other("the address names no host");
        let mut last = none();
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(stream) => {
                    stream.set_read_timeout(silence)?;
                    stream.set_write_timeout(Some(patience))?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// TLS around a stream to it.
    pub(super) fn secure(&self, stream: TcpStream) -> Result<Secured, TlsFailure> {
        tls::secure(stream, &self.host, self.ca_file.as_deref())
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https://" } else { "" };
        write!(f, "{scheme}{}", self.authority())
    }
}

/// Host and port; an address of IPv6 is in brackets.
fn place(authority: &str, usual: u16) -> Result<(String, u16), SiteError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(SiteError::Host)?;
            (host, rest.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err(SiteError::Host);
    }
    let port = match port {
        None => usual,
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(SiteError::Port)?,
    };
    Ok((host.to_owned(), port))
}

/// The same, as a flag of that name has it.
pub(crate) fn of_flag(
    flag: &str,
    (text, usual): (&str, Ports),
    ca_file: Option<PathBuf>,
) -> Result<Site, Refusal> {
    Site::parse(text, usual, ca_file)
        .map_err(|error| Refusal { text: format!("{flag}: {error}"), exit: Exit::Usage })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_login_a_host_and_a_port_or_what_is_usual() {
        let shown = |text| Site::parse(text, ADMIN_PORTS, None).map(|site| site.to_string());
        for (text, wanted) in [
            ("broker", "broker:15672"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("http://broker:1/", "broker:1"),
            ("https://broker", "https://broker:15671"),
            ("https://[::1]:443", "https://[::1]:443"),
            ("http://hazel:b/c@d@broker", "broker:15672"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(wanted), "{text}");
        }
        for (text, wanted) in [
            ("amqp://broker", SiteError::Scheme),
            ("http://broker/api", SiteError::Path),
            ("http://", SiteError::Host),
            ("[::1", SiteError::Host),
            (":15672", SiteError::Host),
            ("broker:0", SiteError::Port),
            ("broker:65536", SiteError::Port),
            ("::1", SiteError::Host),
        ] {
            assert_eq!(shown(text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn a_login_is_had_and_never_shown() {
        let site = Site::parse("http://hazel:b:c@broker", ADMIN_PORTS, None).unwrap();
        assert_eq!(site.login(), Some(("hazel".to_owned(), "b:c".to_owned())));
        assert!(!format!("{site} {site:?}").contains("b:c"), "{site:?}");
    }

    #[test]
    fn beside_a_broker_with_tls_the_password_does_not_go_in_the_clear() {
        let beside =
            |url: &str| Site::beside(&ConnectOptions::from_uri(url).unwrap(), None).to_string();
        assert_eq!(beside("amqp://broker"), "broker:15672");
        assert_eq!(beside("amqps://broker"), "https://broker:15671");
    }
}
