//! Where the broker is, by the environment.
//!
//! An error names the variable or file and never repeats what is in it.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{ConnectOptions, UriError};

/// The variables that may hold an AMQP URI, the first to count first.
const URIS: [&str; 3] = ["AMQP_URL", "RABBITMQ_URL", "CLOUDAMQP_URL"];

const USER: &str = "AMQP_USER";
const PASSWORD: &str = "AMQP_PASSWORD";

/// Where systemd puts the credentials of a service, a file each.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// A file with a URI or a password is no longer.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The environment does not say where the broker is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A variable or file holds no AMQP URI.
    #[error("{origin} holds no AMQP URI: {source}")]
    Uri {
        /// The variable, or the variable that names the file.
        origin: String,
        /// Why it is none.
        source: UriError,
    },
    /// A variable or file is not UTF-8.
    #[error("{origin} is not UTF-8")]
    NotText {
        /// The variable, or the variable that names the file.
        origin: String,
    },
    /// A file that a variable names cannot be read.
    #[error("{origin} names `{}`, which cannot be read: {source}", path.display())]
    Unreadable {
        /// The variable.
        origin: String,
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A variable and its twin for a file are both there.
    #[error("{name} and {name}_FILE are both set, wanted one of them")]
    Twice {
        /// The variable.
        name: &'static str,
    },
}

impl ConnectOptions {
    /// What the environment says, if it says where the broker is.
    ///
    /// The first of `AMQP_URL`, `RABBITMQ_URL` and `CLOUDAMQP_URL` that is set counts; empty is
    /// as good as not set. User and password are then replaced by those of `AMQP_USER` and
    /// `AMQP_PASSWORD`. Each may instead stand in a file, as secrets of containers do:
    /// `AMQP_URL_FILE`, `AMQP_PASSWORD_FILE` and so on name it. What none of them says is looked
    /// for in the credentials of a systemd service: files `amqp_url`, `amqp_user` and
    /// `amqp_password` in `$CREDENTIALS_DIRECTORY`. White space at a file's end does not count.
    pub fn from_env() -> Result<Option<Self>, EnvironmentError> {
        Environment { variable: |name: &str| env::var_os(name) }.options()
    }
}

/// The variables, or a test's idea of them.
struct Environment<V> {
    variable: V,
}

/// A text and where it stood.
struct Found {
    origin: String,
    text: String,
}

impl<V: Fn(&str) -> Option<OsString>> Environment<V> {
    fn options(&self) -> Result<Option<ConnectOptions>, EnvironmentError> {
        let mut uri = None;
        for name in URIS {
            if uri.is_none() {
                uri = self.find(name)?;
            }
        }
        let uri = uri.map_or_else(|| self.credential(URIS[0]), |uri| Ok(Some(uri)))?;
        let Some(Found { origin, text }) = uri else { return Ok(None) };
        let mut options = ConnectOptions::from_uri(&text)
            .map_err(|source| EnvironmentError::Uri { origin, source })?;
        if let Some(user) = self.find_or_credential(USER)? {
            options.user = user.text;
        }
        if let Some(password) = self.find_or_credential(PASSWORD)? {
            options.password = password.text.into();
        }
        Ok(Some(options))
    }

    fn find_or_credential(&self, name: &'static str) -> Result<Option<Found>, EnvironmentError> {
        match self.find(name)? {
            Some(found) => Ok(Some(found)),
            None => self.credential(name),
        }
    }

    /// The variable, or the file that its twin names.
    fn find(&self, name: &'static str) -> Result<Option<Found>, EnvironmentError> {
        let twin = format!("{name}_FILE");
        match (self.set(name), self.set(&twin)) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(EnvironmentError::Twice { name }),
            (Some(text), None) => {
                let origin = name.to_owned();
                match text.into_string() {
                    Ok(text) => Ok(Some(Found { origin, text })),
                    Err(_) => Err(EnvironmentError::NotText { origin }),
                }
            }
            (None, Some(path)) => read(twin, Path::new(&path)).map(Some),
        }
    }

    /// The systemd credential of that name, in small letters.
    fn credential(&self, name: &str) -> Result<Option<Found>, EnvironmentError> {
        let Some(folder) = self.set(CREDENTIALS_DIRECTORY) else { return Ok(None) };
        let path = Path::new(&folder).join(name.to_ascii_lowercase());
        match read(CREDENTIALS_DIRECTORY.to_owned(), &path) {
            Err(EnvironmentError::Unreadable { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            found => found.map(Some),
        }
    }

    fn set(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

fn read(origin: String, path: &Path) -> Result<Found, EnvironmentError> {
    let unreadable = |source| EnvironmentError::Unreadable {
        origin: origin.clone(),
        path: path.to_owned(),
        source,
    };
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > FILE_BYTES_MAX {
        let text = format!("it has {length} bytes, wanted at most {FILE_BYTES_MAX}");
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, text)));
    }
    match String::from_utf8(fs::read(path).map_err(unreadable)?) {
        Ok(text) => Ok(Found { origin, text: text.trim_end().to_owned() }),
        Err(_) => Err(EnvironmentError::NotText { origin }),
    }
}

#[cfg(test)]
mod tests;
