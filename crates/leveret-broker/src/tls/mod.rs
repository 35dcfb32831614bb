//! TLS for listeners: what is shown, who is asked for a certificate.
//!
//! Keeps true: a reload either takes the new files whole or leaves the old ones in use.

mod error;
mod identity;
mod material;
mod settings;

use std::{io, sync::Arc};

use tokio::{net::TcpStream, sync::watch};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::UnixTime,
        server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
        version::{TLS12, TLS13},
    },
    server::TlsStream,
};

pub use self::{
    error::TlsError,
    settings::{ClientCertificates, NameSource, TlsConfig, TlsVersion},
};

/// What TLS listeners use now; connections that are open keep what they began with.
#[derive(Debug)]
pub(crate) struct TlsKeeper {
    current: watch::Sender<Current>,
}

#[derive(Debug, Clone)]
struct Current {
    server: Arc<ServerConfig>,
    user_from: NameSource,
    expires_at: Option<i64>,
}

/// A client's certificate, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientCertificate {
    /// There is none.
    Absent,
    /// There is a good one, with the user's name in it if it has one.
    Verified { user: Option<String> },
}

impl TlsKeeper {
    /// Reads the files.
    pub(crate) fn new(config: &TlsConfig) -> Result<Self, TlsError> {
        Ok(Self { current: watch::Sender::new(Current::load(config)?) })
    }

    /// Reads the files anew; if something is wrong with them, what was before stays.
    pub(crate) fn reload(&self, config: &TlsConfig) -> Result<(), TlsError> {
        let next = Current::load(config)?;
        self.current.send_replace(next);
        Ok(())
    }

    /// When the certificate ends, in seconds since 1970.
    pub(crate) fn expires_at(&self) -> Option<i64> {
        self.current.borrow().expires_at
    }

    /// Does the handshake.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, ClientCertificate)> {
        let Current { server, user_from, .. } = self.current.borrow().clone();
        let stream = TlsAcceptor::from(server).accept(stream).await?;
        let certificates = stream.get_ref().1.peer_certificates();
        let certificate = match certificates.and_then(<[_]>::first) {
            None => ClientCertificate::Absent,
            Some(first) => {
                ClientCertificate::Verified { user: identity::user_name(first, user_from) }
            }
        };
        Ok((stream, certificate))
    }
}

impl Current {
    fn load(config: &TlsConfig) -> Result<Self, TlsError> {
        let unusable =
            |reason: String| TlsError::Unusable { certificate: config.certificate.clone(), reason };
        let certificates = material::certificates(&config.certificate, UnixTime::now())?;
        let expires_at = certificates.first().and_then(material::expires_at);
        let key = material::private_key(&config.key)?;
        let versions: &[_] = match config.version_min {
            TlsVersion::V1_2 => &[&TLS12, &TLS13],
            TlsVersion::V1_3 => &[&TLS13],
        };
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .map_err(|error| unusable(error.to_string()))?
            .with_client_cert_verifier(verifier(config)?);
        let server = builder.with_single_cert(certificates, key).map_err(|error| {
            if matches!(error, rustls::Error::InconsistentKeys(_)) {
                let (key, certificate) = (config.key.clone(), config.certificate.clone());
                TlsError::Mismatch { key, certificate }
            } else {
                unusable(error.to_string())
            }
        })?;
        Ok(Self { server: Arc::new(server), user_from: config.user_from, expires_at })
    }
}

fn verifier(config: &TlsConfig) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let Some(path) = &config.client_ca else { return Ok(Arc::new(NoClientAuth)) };
    let roots = Arc::new(material::authorities(path)?);
    let builder =
        WebPkiClientVerifier::builder_with_provider(roots, Arc::new(ring::default_provider()));
    let built = match config.client_certificates {
        ClientCertificates::None => return Ok(Arc::new(NoClientAuth)),
        ClientCertificates::Optional => builder.allow_unauthenticated().build(),
        ClientCertificates::Required => builder.build(),
    };
    built.map(|verifier| verifier as Arc<dyn ClientCertVerifier>).map_err(|error| {
        TlsError::Unusable { certificate: path.clone(), reason: error.to_string() }
    })
}
