//! A stream with TLS around it.

use std::{io, sync::Arc};

use tokio::{net::TcpStream, task::spawn_blocking};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{self, ClientConfig, crypto::ring, pki_types::ServerName},
};

use super::{
    material, problem,
    verifier::{Trust, Verifier},
};
use crate::{error::TlsError, options::TlsOptions};

/// Does the handshake with the broker of that host.
pub(crate) async fn secure(
    stream: TcpStream,
    host: &str,
    options: &TlsOptions,
) -> Result<TlsStream<TcpStream>, TlsError> {
    let name = options.server_name.as_deref().unwrap_or(host);
    let server_name = ServerName::try_from(name.to_owned())
        .map_err(|_| TlsError::ServerName { name: name.to_owned() })?;
    if options.danger_accept_any_certificate {
        tracing::warn!(host, "certificates are not verified: anyone may read what is sent");
    }
    let options = options.clone();
    // Reads files, some of them long.
    let config = spawn_blocking(move || config(&options))
        .await
        .map_err(|error| TlsError::Lost(io::Error::other(error)))??;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(server_name, stream).await.map_err(problem::of_handshake)
}

impl TlsOptions {
    /// Reads the files that are named, as each connection does: an error if they cannot be used.
    /// What this machine trusts is not looked at. It blocks.
    pub fn check_files(&self) -> Result<(), TlsError> {
        let trusts_machine = self.ca_file.is_none();
        let named = Self { danger_accept_any_certificate: trusts_machine, ..self.clone() };
        config(&named).map(drop)
    }
}

fn config(options: &TlsOptions) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let trust = if options.danger_accept_any_certificate {
        Trust::Anyone
    } else {
        let roots = match &options.ca_file {
            Some(path) => material::authorities(path)?,
            None => material::platform_authorities()?,
        };
        Trust::Authorities(Arc::new(roots))
    };
    let verifier = Verifier::new(trust, options.depth_max, Arc::clone(&provider))?;
    let other = |error: rustls::Error| TlsError::Other { text: error.to_string() };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(identity) = &options.identity else { return Ok(builder.with_no_client_auth()) };
    let chain = material::certificates(&identity.certificate_file)?;
    let key = material::private_key(&identity.key_file)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        if matches!(error, rustls::Error::InconsistentKeys(_)) {
            let (key, certificate) = (identity.key_file.clone(), identity.certificate_file.clone());
            return TlsError::Mismatch { key, certificate };
        }
        other(error)
    })
}
