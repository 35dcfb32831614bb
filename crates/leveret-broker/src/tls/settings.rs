//! What an operator says of TLS.

use std::path::{Path, PathBuf};

/// The certificate to show and the certificates to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The PEM file with our certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// The PEM file with its private key.
    pub key: PathBuf,
    /// The PEM file with the authorities that clients' certificates must come from.
    pub client_ca: Option<PathBuf>,
    /// Whether clients are asked for a certificate.
    pub client_certificates: ClientCertificates,
    /// The oldest version spoken.
    pub version_min: TlsVersion,
    /// Which name of a client's certificate is the user's, for the mechanism EXTERNAL.
    pub user_from: NameSource,
}

impl TlsConfig {
    /// A certificate and its key; no client is asked for one.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            client_ca: None,
            client_certificates: ClientCertificates::None,
            version_min: TlsVersion::V1_2,
            user_from: NameSource::CommonName,
        }
    }

    /// Takes relative paths as of that directory.
    pub(crate) fn rebase(&mut self, directory: &Path) {
        let paths = [&mut self.certificate, &mut self.key].into_iter().chain(&mut self.client_ca);
        for path in paths {
            *path = directory.join(&*path);
        }
    }

    /// The same, but clients are asked for a certificate of these authorities.
    #[must_use]
    pub fn client_ca(mut self, path: impl Into<PathBuf>, asked: ClientCertificates) -> Self {
        self.client_ca = Some(path.into());
        self.client_certificates = asked;
        self
    }

    /// The same, but with users named by another field of their certificate.
    #[must_use]
    pub fn user_from(mut self, source: NameSource) -> Self {
        self.user_from = source;
        self
    }

    /// The same, but no older version than this.
    #[must_use]
    pub fn version_min(mut self, version: TlsVersion) -> Self {
        self.version_min = version;
        self
    }
}

/// Whether clients are asked for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not.
    None,
    /// They are, and may have none; a bad one is refused.
    Optional,
    /// Without a good one there is no connection.
    Required,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// Which name of a certificate is the user's; the choices of `RabbitMQ`'s `ssl_cert_login_from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameSource {
    /// The common name of the subject; several are joined with commas.
    CommonName,
    /// The whole subject as RFC 4514 writes it: `CN=hazel,O=warren`.
    DistinguishedName,
    /// The first DNS name among the subject's alternative names.
    DnsName,
    /// The first mail address among them.
    Email,
    /// The first URI among them.
    Uri,
}
