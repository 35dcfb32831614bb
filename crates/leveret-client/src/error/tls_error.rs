//! Why a connection could not be made secure.

use std::{io, path::PathBuf};

/// TLS did not come about.
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
        /// The system's words.
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
    /// The key is not the certificate's.
    #[error("the key `{}` does not belong to the certificate `{}`", key.display(), certificate.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// This machine trusts nobody.
    #[error("this machine has no list of authorities to trust{reasons}; name a file with them")]
    NoAuthorities {
        /// What went wrong when it was looked for.
        reasons: String,
    },
    /// The broker's host is no name that a certificate can have.
    #[error("`{name}` is neither a host name nor an address, so no certificate can be for it")]
    ServerName {
        /// The name.
        name: String,
    },
    /// The broker's certificate is not to be believed.
    #[error("the broker's certificate {0}")]
    Certificate(CertificateProblem),
    /// The broker refused us, often for want of a client certificate that it likes.
    #[error("the broker refused: {alert}")]
    Refused {
        /// The alert it sent.
        alert: String,
    },
    /// What answers there does not speak TLS.
    #[error("what answers there does not speak TLS")]
    NotTls,
    /// The broker broke off.
    #[error("the connection was lost in the handshake: {0}")]
    Lost(#[source] io::Error),
    /// Something else, in the words of the library.
    #[error("{text}")]
    Other {
        /// The words.
        text: String,
    },
    /// This client was built without TLS.
    #[error("this client was built without the feature `tls`")]
    Unsupported,
}

/// What is wrong with a broker's certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Its time is over.
    #[error("has expired{detail}")]
    Expired {
        /// When, as far as that is known.
        detail: String,
    },
    /// Its time has not begun.
    #[error("is not valid yet{detail}")]
    NotYetValid {
        /// From when, as far as that is known.
        detail: String,
    },
    /// Nobody who is trusted has signed it.
    #[error("comes from no authority that is trusted here")]
    UnknownAuthority,
    /// It is for another host.
    #[error("is not for `{wanted}`{found}")]
    WrongName {
        /// The name it should have.
        wanted: String,
        /// The names it has, as far as they are known.
        found: String,
    },
    /// Its authority has taken it back.
    #[error("was revoked")]
    Revoked,
    /// Too many certificates stand between it and its authority.
    #[error("has {found} certificates between it and its authority, at most {max} are allowed")]
    TooDeep {
        /// How many.
        found: usize,
        /// How many there may be.
        max: u8,
    },
    /// Something else, in the words of the library.
    #[error("is refused: {text}")]
    Other {
        /// The words.
        text: String,
    },
}

impl TlsError {
    /// Whether only other options or other files can help.
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Unreadable { .. }
            | Self::Unfit { .. }
            | Self::Mismatch { .. }
            | Self::NoAuthorities { .. }
            | Self::ServerName { .. }
            | Self::Unsupported => true,
            // A broker gets a new certificate without a word to its clients.
            Self::Certificate(_)
            | Self::Refused { .. }
            | Self::NotTls
            | Self::Lost(_)
            | Self::Other { .. } => false,
        }
    }
}
