//! The credentials file of `RabbitMQ`'s tools: `~/.rabbitmqadmin.conf`.
//!
//! A table a node, in TOML (version 2 of the tools) or as an INI file (version 1). An error names
//! file, line and key and never repeats a value.

mod line;

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use leveret_protocol::ShortStr;

use self::line::{Line, Malformed};
use super::{ConnectOptions, TlsIdentity, TlsOptions};

/// A file longer than this is another file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The node that is meant when none is named.
const DEFAULT_NODE: &str = "default";

/// A credentials file does not say how to reach a node.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// It cannot be read.
    #[error("cannot read the credentials file `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A line is none of such a file.
    #[error("`{}`, line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A value does not fit its key.
    #[error("`{}`, line {line}: `{key}` wants {wanted}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: &'static str,
        /// What it may be.
        wanted: &'static str,
    },
    /// There is no such node in it.
    #[error("`{}` has no node `{node}`, it has {known}", path.display())]
    NoNode {
        /// The file.
        path: PathBuf,
        /// The node.
        node: String,
        /// The nodes that it has.
        known: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("`{}`, node `{node}`: a client certificate needs its private key, and the key it", path.display())]
    HalfIdentity {
        /// The file.
        path: PathBuf,
        /// The node.
        node: String,
    },
}

/// What a node's table says.
#[derive(Debug, Default)]
struct Node {
    options: ConnectOptions,
    is_tls: bool,
    tls: TlsOptions,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

impl ConnectOptions {
    /// `.rabbitmqadmin.conf` in the home folder, if there is one.
    pub fn credentials_path() -> Option<PathBuf> {
        let home = env::var_os("HOME").filter(|home| !home.is_empty())?;
        Some(Path::new(&home).join(".rabbitmqadmin.conf"))
    }

    /// How to reach a node (`default` unless named) by such a file.
    ///
    /// Of its keys count `hostname`, `username`, `password`, `virtual_host` or `vhost`, `tls` or
    /// `ssl`, `scheme`, `ca_certificate_bundle_path`, `client_certificate_file_path` and
    /// `client_private_key_file_path`. The port it may name is that of the management API, so the
    /// port is 5672, or 5671 with TLS. A warning is logged if others may read the file.
    pub fn from_credentials_file(
        path: &Path,
        node: Option<&str>,
    ) -> Result<Self, CredentialsError> {
        let unreadable = |source| CredentialsError::Unreadable { path: path.to_owned(), source };
        let found = fs::metadata(path).map_err(unreadable)?;
        if found.len() > FILE_BYTES_MAX {
            let text = format!("it has {} bytes, wanted at most {FILE_BYTES_MAX}", found.len());
            return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, text)));
        }
        warn_of_readers(path, &found);
        let text = fs::read_to_string(path).map_err(unreadable)?;
        find(path, &text, node.unwrap_or(DEFAULT_NODE))
    }
}

#[cfg(unix)]
fn warn_of_readers(path: &Path, found: &fs::Metadata) {
    if found.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others may read this credentials file; chmod 600");
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path, _: &fs::Metadata) {}

fn find(path: &Path, text: &str, wanted: &str) -> Result<ConnectOptions, CredentialsError> {
    let mut known = Vec::new();
    let mut node = None;
    let mut is_wanted = false;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let place = Place { path, line: index + 1 };
        match Line::read(line).map_err(|Malformed(problem)| place.malformed(problem))? {
            Line::Blank => {}
            Line::Table(name) => {
                is_wanted = name == wanted;
                if is_wanted {
                    node.get_or_insert_with(Node::default);
                }
                known.push(format!("`{name}`"));
            }
            Line::Pair(key, value) => {
                if let Some(node) = node.as_mut().filter(|_| is_wanted) {
                    node.set(key, value, place)?;
                }
            }
        }
    }
    let Some(node) = node else {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let (path, node) = (path.to_owned(), wanted.to_owned());
        return Err(CredentialsError::NoNode { path, node, known });
    };
    node.options(path, wanted)
}

/// A line of a file.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    path: &'a Path,
    line: usize,
}

impl Place<'_> {
    fn malformed(self, problem: &'static str) -> CredentialsError {
        CredentialsError::Line { path: self.path.to_owned(), line: self.line, problem }
    }

    fn unfit(self, key: &'static str, wanted: &'static str) -> CredentialsError {
        CredentialsError::Value { path: self.path.to_owned(), line: self.line, key, wanted }
    }
}

impl Node {
    fn set(&mut self, key: &str, value: String, place: Place<'_>) -> Result<(), CredentialsError> {
        match key {
            "hostname" => self.options.host = value,
            "username" => self.options.user = value,
            "password" => self.options.password = value.into(),
            "virtual_host" | "vhost" => {
                let unfit = |_| place.unfit("virtual_host", "at most 255 bytes");
                self.options.virtual_host = ShortStr::try_from(value).map_err(unfit)?;
            }
            "tls" | "ssl" => {
                self.is_tls = match value.to_ascii_lowercase().as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(place.unfit("tls", "`true` or `false`")),
                };
            }
            "scheme" => match value.as_str() {
                "https" | "amqps" => self.is_tls = true,
                "http" | "amqp" => {}
                _ => return Err(place.unfit("scheme", "`http` or `https`")),
            },
            "ca_certificate_bundle_path" | "ssl_ca_cert_file" => {
                self.tls.ca_file = Some(value.into());
            }
            "client_certificate_file_path" | "ssl_cert_file" => {
                self.certificate_file = Some(value.into());
            }
            "client_private_key_file_path" | "ssl_key_file" => self.key_file = Some(value.into()),
            // What is left is about the management API and its tables.
            _ => {}
        }
        Ok(())
    }

    fn options(self, path: &Path, node: &str) -> Result<ConnectOptions, CredentialsError> {
        let Self { mut options, is_tls, mut tls, certificate_file, key_file } = self;
        if !is_tls {
            return Ok(options);
        }
        tls.identity = match (certificate_file, key_file) {
            (None, None) => None,
            (Some(certificate_file), Some(key_file)) => {
                Some(TlsIdentity { certificate_file, key_file })
            }
            (Some(_), None) | (None, Some(_)) => {
                let (path, node) = (path.to_owned(), node.to_owned());
                return Err(CredentialsError::HalfIdentity { path, node });
            }
        };
        options.tls = Some(tls);
        options.port = ConnectOptions::TLS_PORT;
        Ok(options)
    }
}

#[cfg(test)]
mod tests;
