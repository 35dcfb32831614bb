//! Why TLS cannot be had: the file, what was found in it, what was wanted.

use std::{io, path::PathBuf};

/// What is wrong with the files that TLS needs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read the {role} `{}`: {source}", path.display())]
    Unreadable {
        /// What the file is for.
        role: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("the {role} `{}` {found}, wanted {wanted}", path.display())]
    Unfit {
        /// What the file is for.
        role: &'static str,
        /// The file.
        path: PathBuf,
        /// What is in it instead.
        found: String,
        /// What should be.
        wanted: &'static str,
    },
    /// The certificate's time is over, or has not begun.
    #[error("the certificate `{}` {what} ({date})", path.display())]
    NotValidNow {
        /// The file.
        path: PathBuf,
        /// Whether it is over or has not begun.
        what: &'static str,
        /// When it ended, or begins.
        date: String,
    },
    /// The key is not the certificate's.
    #[error("the key `{}` does not belong to the certificate `{}`", key.display(), certificate.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// The certificate, the key and the rest do not make a server.
    #[error("cannot serve tls with the certificate `{}`: {reason}", certificate.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// What the library said.
        reason: String,
    },
}
