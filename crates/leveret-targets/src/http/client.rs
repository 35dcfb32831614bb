//! The client: connections that are used again, TLS where the address says so.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::TargetError;

pub(super) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// How long a connection that is not used is kept.
const IDLE: Duration = Duration::from_mins(1);

/// The most connections that are kept without being used.
const IDLE_MAX: usize = 1024;

/// A client that waits this long for a connection. Authorities are read only if `is_secure`.
pub(super) fn client(
    connect_timeout: Duration,
    trust: Trust<'_>,
    consumer: &str,
) -> Result<HttpClient, TargetError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_timeout));
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TargetError::value(consumer, "http.url", error))?
        .with_root_certificates(trust.roots(consumer)?)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_MAX)
        .build(connector);
    Ok(client)
}

/// Whom to believe.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trust<'a> {
    /// Nobody is asked: no TLS.
    Nobody,
    /// The machine's authorities, and those of a file.
    Machine { and_file: Option<&'a Path> },
}

impl Trust<'_> {
    fn roots(self, consumer: &str) -> Result<RootCertStore, TargetError> {
        let mut roots = RootCertStore::empty();
        let Self::Machine { and_file } = self else { return Ok(roots) };
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = and_file {
            let wrong = |problem: &str| TargetError::value(consumer, "http.ca-file", problem);
            let pem = std::fs::read(path).map_err(|source| TargetError::File {
                consumer: consumer.to_owned(),
                field: "http.ca-file",
                path: path.to_owned(),
                source,
            })?;
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
            let found = found.map_err(|_| wrong("it is no PEM"))?;
            if roots.add_parsable_certificates(found).0 == 0 {
                return Err(wrong("it holds no certificate of an authority"));
            }
        }
        if roots.is_empty() {
            let problem = "this machine trusts no authority: name one with `ca-file`";
            return Err(TargetError::value(consumer, "http.url", problem));
        }
        Ok(roots)
    }
}
