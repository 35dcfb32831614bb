//! Which broker is believed.

use std::sync::Arc;

use tokio_rustls::rustls::{
    self, CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{self, CryptoProvider},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use crate::error::{CertificateProblem, TlsError};

/// Whom to believe.
#[derive(Debug)]
pub(super) enum Trust {
    Authorities(Arc<RootCertStore>),
    /// Asked for by an option with a loud name.
    Anyone,
}

/// Verifies a certificate as far as it is to be verified; signatures always.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Nothing if anyone is believed.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    depth_max: Option<u8>,
    provider: Arc<CryptoProvider>,
}

/// More certificates between the broker's and the authority's than may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct TooDeep(pub(super) CertificateProblem);

impl Verifier {
    pub(super) fn new(
        trust: Trust,
        depth_max: Option<u8>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let authorities = match trust {
            Trust::Anyone => None,
            Trust::Authorities(roots) => {
                let builder =
                    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
                let other = |error: rustls::server::VerifierBuilderError| TlsError::Other {
                    text: error.to_string(),
                };
                Some(builder.build().map_err(other)?)
            }
        };
        Ok(Self { authorities, depth_max, provider })
    }

    fn check_depth(&self, found: usize) -> Result<(), rustls::Error> {
        match self.depth_max {
            Some(max) if found > usize::from(max) => {
                let error =
                    OtherError(Arc::new(TooDeep(CertificateProblem::TooDeep { found, max })));
                Err(CertificateError::Other(error).into())
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        self.check_depth(intermediates.len())?;
        authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
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
