//! Certificates and keys from PEM files.

use std::{fs, io, path::Path};

use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::error::TlsError;

/// A PEM file larger than this is a mistake.
const FILE_BYTES_MAX: u64 = 4 << 20;

const CERTIFICATE: &str = "client certificate";
const KEY: &str = "client key";
const AUTHORITIES: &str = "list of authorities";

/// The authorities in a file.
pub(super) fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(AUTHORITIES, path)? {
        roots.add(certificate).map_err(|error| TlsError::Unfit {
            role: AUTHORITIES,
            path: path.to_owned(),
            found: format!("holds a certificate that is none ({error})"),
            wanted: "certificates of authorities in PEM",
        })?;
    }
    Ok(roots)
}

/// The authorities that this machine trusts.
pub(super) fn platform_authorities() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Old ones that the library does not understand are no reason to trust nobody.
    let (known, unknown) = roots.add_parsable_certificates(found.certs);
    if known > 0 {
        tracing::debug!(known, unknown, "authorities of this machine read");
        return Ok(roots);
    }
    let reasons = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
    Err(TlsError::NoAuthorities { reasons })
}

/// The client's certificate and those above it.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    chain(CERTIFICATE, path)
}

/// The client's private key.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(KEY, path)?;
    let unfit = |found: &str| TlsError::Unfit {
        role: KEY,
        path: path.to_owned(),
        found: found.to_owned(),
        wanted: "a private key in PEM without a passphrase",
    };
    let is_encrypted = contains(&pem, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(&pem, b"Proc-Type: 4,ENCRYPTED");
    if is_encrypted {
        return Err(unfit("is encrypted"));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| unfit(contents(&pem)))
}

fn chain(role: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(role, path)?;
    let unfit = |found| TlsError::Unfit {
        role,
        path: path.to_owned(),
        found,
        wanted: "at least one certificate in PEM",
    };
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(chain) if chain.is_empty() => Err(unfit(contents(&pem).to_owned())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(unfit(format!("is damaged ({error})"))),
    }
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
fn contents(pem: &[u8]) -> &'static str {
    for (label, name) in [
        (&b"-----BEGIN CERTIFICATE-----"[..], "holds a certificate"),
        (b"PRIVATE KEY-----", "holds a private key"),
        (b"PUBLIC KEY-----", "holds a public key"),
        (b"-----BEGIN CERTIFICATE REQUEST-----", "holds a certificate request"),
    ] {
        if contains(pem, label) {
            return name;
        }
    }
    if pem.is_empty() { "is empty" } else { "is no PEM" }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
