//! Certificates and keys from PEM files, looked at before they are believed.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::TlsError;

/// A PEM file larger than this is a mistake.
const FILE_BYTES_MAX: u64 = 1 << 20;

const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";
const CLIENT_CA: &str = "client authority";

/// Our certificate and those above it; its time must be now.
pub(super) fn certificates(
    path: &Path,
    now: UnixTime,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(CERTIFICATE, path)?;
    let chain = chain(CERTIFICATE, path, &pem)?;
    if let Some(first) = chain.first() {
        check_dates(path, first, now)?;
    }
    Ok(chain)
}

/// When a certificate ends, in seconds since 1970.
pub(super) fn expires_at(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(parsed.validity().not_after.timestamp())
}

/// The authorities that clients' certificates must come from.
pub(super) fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let pem = read(CLIENT_CA, path)?;
    let mut roots = RootCertStore::empty();
    for certificate in chain(CLIENT_CA, path, &pem)? {
        roots.add(certificate).map_err(|error| TlsError::Unfit {
            role: CLIENT_CA,
            path: path.to_owned(),
            found: format!("holds a certificate that is none ({error})"),
            wanted: "certificates of authorities in PEM",
        })?;
    }
    Ok(roots)
}

/// The private key; who else may read it is logged.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(KEY, path)?;
    if let Ok(found) = fs::metadata(path)
        && found.permissions().mode() & 0o004 != 0
    {
        tracing::warn!(key = %path.display(), "every user of this machine can read the tls key");
    }
    let unfit = |found: String| TlsError::Unfit {
        role: KEY,
        path: path.to_owned(),
        found,
        wanted: "a private key in PEM without a passphrase",
    };
    if contains(&pem, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(&pem, b"Proc-Type: 4,ENCRYPTED")
    {
        return Err(unfit("is encrypted".to_owned()));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| unfit(contents(&pem)))
}

fn chain(
    role: &'static str,
    path: &Path,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unfit = |found| TlsError::Unfit {
        role,
        path: path.to_owned(),
        found,
        wanted: "at least one certificate in PEM",
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(unfit(contents(pem))),
        Ok(chain) => Ok(chain),
        Err(error) => Err(unfit(format!("is damaged ({error})"))),
    }
}

fn check_dates(path: &Path, certificate: &[u8], now: UnixTime) -> Result<(), TlsError> {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Err(TlsError::Unfit {
            role: CERTIFICATE,
            path: path.to_owned(),
            found: "holds a certificate that is none".to_owned(),
            wanted: "an X.509 certificate",
        });
    };
    let validity = parsed.validity();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let (what, date) = if now > validity.not_after.timestamp() {
        ("has expired", validity.not_after)
    } else if now < validity.not_before.timestamp() {
        ("is not valid yet", validity.not_before)
    } else {
        return Ok(());
    };
    Err(TlsError::NotValidNow { path: path.to_owned(), what, date: date.to_string() })
}

fn read(role: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { role, path: path.to_owned(), source };
    let found = fs::metadata(path).map_err(unreadable)?;
    if found.len() > FILE_BYTES_MAX {
        let text = format!("it has {} bytes, wanted at most {FILE_BYTES_MAX}", found.len());
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, text)));
    }
    fs::read(path).map_err(unreadable)
}

/// What is in a PEM file, in words.
fn contents(pem: &[u8]) -> String {
    for (label, name) in [
        (&b"-----BEGIN CERTIFICATE-----"[..], "a certificate"),
        (b"PRIVATE KEY-----", "a private key"),
        (b"PUBLIC KEY-----", "a public key"),
        (b"-----BEGIN CERTIFICATE REQUEST-----", "a certificate request"),
    ] {
        if contains(pem, label) {
            return format!("holds {name}");
        }
    }
    if pem.is_empty() { "is empty".to_owned() } else { "is no PEM".to_owned() }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
