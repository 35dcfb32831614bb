//! What the TLS library complains of, in the words of this crate.

use std::io;

use tokio_rustls::rustls::{self, CertificateError, InvalidMessage, pki_types::UnixTime};

use super::verifier::TooDeep;
use crate::error::{CertificateProblem, TlsError};

/// Names of a certificate that an error repeats.
const NAMES_MAX: usize = 8;

pub(super) fn of_handshake(error: io::Error) -> TlsError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(known) => of_library(known),
        None => TlsError::Lost(error),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's other errors speak for themselves"
)]
fn of_library(error: &rustls::Error) -> TlsError {
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            TlsError::Certificate(of_certificate(problem))
        }
        rustls::Error::AlertReceived(alert) => TlsError::Refused { alert: format!("{alert:?}") },
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => TlsError::NotTls,
        other => TlsError::Other { text: other.to_string() },
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's other errors speak for themselves"
)]
fn of_certificate(problem: &CertificateError) -> CertificateProblem {
    match problem {
        CertificateError::Expired => CertificateProblem::Expired { detail: String::new() },
        CertificateError::ExpiredContext { time, not_after } => {
            CertificateProblem::Expired { detail: days(*not_after, *time, "ago") }
        }
        CertificateError::NotValidYet => CertificateProblem::NotYetValid { detail: String::new() },
        CertificateError::NotValidYetContext { time, not_before } => {
            CertificateProblem::NotYetValid { detail: days(*time, *not_before, "to go") }
        }
        CertificateError::UnknownIssuer => CertificateProblem::UnknownAuthority,
        CertificateError::Revoked => CertificateProblem::Revoked,
        CertificateError::NotValidForNameContext { expected, presented } => {
            let shown: Vec<_> = presented.iter().take(NAMES_MAX).map(|name| bare(name)).collect();
            let found = if shown.is_empty() {
                ": it has no name".to_owned()
            } else {
                format!(" but for {}", shown.join(", "))
            };
            CertificateProblem::WrongName { wanted: expected.to_str().into_owned(), found }
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<TooDeep>() {
            Some(TooDeep(problem)) => problem.clone(),
            None => CertificateProblem::Other { text: problem.to_string() },
        },
        other => CertificateProblem::Other { text: other.to_string() },
    }
}

/// How long it is from one to the other.
fn days(from: UnixTime, to: UnixTime, how: &str) -> String {
    let secs = to.as_secs().saturating_sub(from.as_secs());
    match secs / 86_400 {
        0 => format!(" ({secs} s {how})"),
        days => format!(" ({days} days {how})"),
    }
}

/// The name in `DnsName("…")`, as the library writes it.
fn bare(name: &str) -> &str {
    name.strip_prefix("DnsName(\"").and_then(|rest| rest.strip_suffix("\")")).unwrap_or(name)
}
