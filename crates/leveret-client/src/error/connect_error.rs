//! Why a connection could not be opened.

use std::{io, time::Duration};

use crate::{
    error::{
        connection_end::{ConnectionEnd, Loss},
        tls_error::TlsError,
    },
    options::{ConnectOptions, UriError},
};

/// A connection was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is none.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// Nobody answered there.
    #[error("cannot reach {authority}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// It took too long.
    #[error("the broker did not open the connection within {} ms", within.as_millis())]
    TimedOut {
        /// How long it was given.
        within: Duration,
    },
    /// User or password are wrong, or the user may not come in.
    #[error("the broker refused the login of user `{user}`: {code} {text}")]
    LoginRefused {
        /// Who.
        user: String,
        /// The reply code.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// The broker offers no login mechanism that was to be used.
    #[error("the broker offers the login mechanisms `{offered}`, wanted one of `{wanted}`")]
    MechanismNotOffered {
        /// What it offers, separated by spaces.
        offered: String,
        /// What was to be used.
        wanted: String,
    },
    /// The connection could not be made secure.
    #[error("no TLS with {authority}: {source}")]
    Tls {
        /// Host and port.
        authority: String,
        /// Why.
        #[source]
        source: TlsError,
    },
    /// The virtual host is unknown, or the user may not enter it.
    #[error("the broker refused the virtual host `{virtual_host}`: {code} {text}")]
    VirtualHostRefused {
        /// Which.
        virtual_host: String,
        /// The reply code.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// The broker closed the connection for another reason.
    #[error("the broker closed the connection before it was open: {code} {text}")]
    Closed {
        /// The reply code.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// The connection broke off.
    #[error("the connection was lost before it was open: {0}")]
    Lost(#[source] Loss),
    /// What was asked for cannot be said in the protocol.
    #[error("the option `{option}` cannot be sent: {problem}")]
    Option {
        /// Which.
        option: &'static str,
        /// Why.
        problem: &'static str,
    },
    /// As many attempts as allowed failed.
    #[error("gave up after {attempts} attempts")]
    GaveUp {
        /// How many.
        attempts: u32,
        /// Why the last failed.
        #[source]
        last: Box<Self>,
    },
}

impl ConnectError {
    /// Whether trying again with the same options cannot help.
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Tls { source, .. } => source.is_permanent(),
            Self::Uri(_)
            | Self::MechanismNotOffered { .. }
            | Self::LoginRefused { .. }
            | Self::VirtualHostRefused { .. }
            | Self::Option { .. }
            | Self::GaveUp { .. } => true,
            // A broker that starts or is told to close its connections says so and recovers.
            Self::Closed { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Lost(_) => false,
        }
    }

    /// TLS 1.3 refuses a client's certificate after the handshake.
    pub(crate) fn after_tls(self, options: &ConnectOptions) -> Self {
        if let Self::Lost(Loss::Io { kind: io::ErrorKind::InvalidData, text }) = self {
            let authority = options.authority();
            return Self::Tls { authority, source: TlsError::Refused { alert: text } };
        }
        self
    }

    pub(crate) fn ended(end: ConnectionEnd) -> Self {
        match end {
            ConnectionEnd::ClosedByBroker { code, text } => Self::Closed { code, text },
            ConnectionEnd::Lost(loss) => Self::Lost(loss),
            ConnectionEnd::ClosedHere => Self::Lost(Loss::EndOfStream),
        }
    }
}
