//! Who asks: a token, or a name with a password.
//!
//! They are in files or in the environment.
//!
//! Keeps true: what is secret is in no configuration, no log, no error and no `Debug`.

use std::fmt::{self, Debug, Formatter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use serde::Deserialize;

use crate::error::TargetError;

/// How long a file's secret is used before the file is read again: tokens are renewed in place.
const FRESH: Duration = Duration::from_secs(30);

/// The longest secret, in bytes.
const SECRET_BYTES_MAX: usize = 16 * 1024;

/// A name with a password, which is in a file or in a variable of the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Basic {
    /// The name.
    pub user: String,
    /// A file with the password; read again every half minute.
    pub password_file: Option<PathBuf>,
    /// A variable of the environment with the password.
    pub password_env: Option<String>,
}

/// What a configuration says of who asks: at most one of these.
#[derive(Debug)]
pub(super) struct Auth {
    pub(super) bearer_file: Option<PathBuf>,
    pub(super) bearer_env: Option<String>,
    pub(super) basic: Option<Basic>,
}

/// What makes the header `authorization`.
pub(super) struct Credentials {
    scheme: Scheme,
    source: Source,
}

enum Scheme {
    Bearer,
    Basic { user: String },
}

enum Source {
    Fixed(HeaderValue),
    File {
        path: Arc<Path>,
        // A lock, since all attempts share what was read; held for one look or one move.
        read: Mutex<(Instant, HeaderValue)>,
    },
}

impl Auth {
    pub(super) fn resolve(self, consumer: &str) -> Result<Option<Credentials>, TargetError> {
        let wrong = |problem: &str| TargetError::value(consumer, "http.basic", problem);
        let (scheme, file, variable) = match (self.bearer_file, self.bearer_env, self.basic) {
            (None, None, None) => return Ok(None),
            (file, variable, None) => (Scheme::Bearer, file, variable),
            (None, None, Some(basic)) => {
                if basic.user.contains(':') {
                    return Err(wrong("a user's name cannot hold a `:`"));
                }
                let scheme = Scheme::Basic { user: basic.user };
                (scheme, basic.password_file, basic.password_env)
            }
            (_, _, Some(_)) => return Err(wrong("either a token or a password, not both")),
        };
        let source = match (file, variable) {
            (Some(path), None) => {
                let read = std::fs::read(&path).map_err(|source| TargetError::File {
                    consumer: consumer.to_owned(),
                    field: "http.bearer-file",
                    path: path.clone(),
                    source,
                })?;
                let value = scheme
                    .value(&read)
                    .map_err(|problem| TargetError::value(consumer, "http.bearer-file", problem))?;
                Source::File { path: path.into(), read: Mutex::new((Instant::now(), value)) }
            }
            (None, Some(variable)) => {
                let wrong = |problem: &str| {
                    let problem = format!("the variable `{variable}` {problem}");
                    TargetError::value(consumer, "http.bearer-env", problem)
                };
                let secret = std::env::var_os(&variable).ok_or_else(|| wrong("is not set"))?;
                let value = scheme.value(secret.as_encoded_bytes()).map_err(wrong)?;
                Source::Fixed(value)
            }
            (Some(_), Some(_)) => return Err(wrong("either a file or a variable, not both")),
            (None, None) => {
                return Err(wrong("a password is wanted: `password-file` or `password-env`"));
            }
        };
        Ok(Some(Credentials { scheme, source }))
    }
}

impl Credentials {
    /// The value of `authorization`. A file that cannot be read any more leaves the last one.
    pub(super) async fn header(&self) -> HeaderValue {
        let (path, read) = match &self.source {
            Source::Fixed(value) => return value.clone(),
            Source::File { path, read } => (path, read),
        };
        let (at, value) = read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if at.elapsed() < FRESH {
            return value;
        }
        let again = tokio::fs::read(path).await.ok().and_then(|read| self.scheme.value(&read).ok());
        if again.is_none() {
            tracing::warn!(file = %path.display(), "a secret's file cannot be read again");
        }
        let value = again.unwrap_or(value);
        *read.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), value.clone());
        value
    }
}

impl Scheme {
    /// The header's value; the end of the line does not count.
    fn value(&self, secret: &[u8]) -> Result<HeaderValue, &'static str> {
        let secret = secret.trim_ascii_end();
        if secret.is_empty() {
            return Err("is empty");
        }
        if secret.len() > SECRET_BYTES_MAX {
            return Err("has more than 16 KiB");
        }
        let value = match self {
            Self::Bearer => [b"Bearer ", secret].concat(),
            Self::Basic { user } => {
                let pair = [user.as_bytes(), b":", secret].concat();
                format!("Basic {}", BASE64_STANDARD.encode(pair)).into_bytes()
            }
        };
        let mut value =
            HeaderValue::try_from(value).map_err(|_| "holds what no header can hold")?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Debug for Credentials {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}
