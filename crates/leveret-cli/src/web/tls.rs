//! TLS around a stream, and until when a certificate holds.

use std::{
    fs, io,
    net::TcpStream,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use tokio_rustls::rustls::{
    self, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{self, CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A PEM file larger than this is a mistake.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A stream with TLS around it.
pub(super) type Secured = StreamOwned<ClientConnection, TcpStream>;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFailure {
    #[error("cannot read the authorities in `{}`: {reason}", path.display())]
    Authorities { path: PathBuf, reason: String },
    #[error("this machine trusts no authority: wanted --ca FILE")]
    NoAuthorities,
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
    #[error("{0}")]
    Setting(rustls::Error),
    #[error("{0}")]
    Handshake(io::Error),
}

/// Does the handshake with the server of that name, which has to show a certificate to believe.
pub(super) fn secure(
    stream: TcpStream,
    host: &str,
    ca_file: Option<&Path>,
) -> Result<Secured, TlsFailure> {
    let roots = match ca_file {
        Some(path) => authorities(path)
            .map_err(|reason| TlsFailure::Authorities { path: path.to_owned(), reason })?,
        None => platform_authorities().ok_or(TlsFailure::NoAuthorities)?,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsFailure::Setting)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    shake(stream, host, config)
}

/// Until when the certificate holds that whoever answers there shows, in seconds since 1970. It is
/// not believed, so nothing may be said on this stream.
pub(crate) fn certificate_end(stream: TcpStream, host: &str) -> Result<i64, String> {
    let provider = Arc::new(ring::default_provider());
    let witness = Arc::new(Witness { provider: Arc::clone(&provider), seen: OnceLock::new() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Witness>::clone(&witness))
        .with_no_client_auth();
    let shaken = shake(stream, host, config);
    // One that wants a certificate of ours has shown its own by then.
    let Some(seen) = witness.seen.get() else {
        let why = shaken.err().map(|failure| failure.to_string());
        return Err(why.unwrap_or_else(|| "it shows no certificate".to_owned()));
    };
    let (_, certificate) =
        X509Certificate::from_der(seen).map_err(|error| format!("its certificate: {error}"))?;
    Ok(certificate.validity().not_after.timestamp())
}

fn shake(mut stream: TcpStream, host: &str, config: ClientConfig) -> Result<Secured, TlsFailure> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| TlsFailure::Name(host.to_owned()))?;
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(TlsFailure::Setting)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(TlsFailure::Handshake)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let bytes = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(format!("it has {bytes} bytes, wanted at most {FILE_BYTES_MAX}"));
    }
    let pem = fs::read(path).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("it is damaged ({error})"))?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it has no certificate, wanted at least one in PEM".to_owned());
    }
    Ok(roots)
}

/// Those of this machine; old ones that the library does not understand are left out.
fn platform_authorities() -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (known, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    (known > 0).then_some(roots)
}

/// Keeps what it is shown, and believes it.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    seen: OnceLock<CertificateDer<'static>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // A second one would be of the same handshake.
        self.seen.set(end_entity.clone().into_owned()).ok();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
