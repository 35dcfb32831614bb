//! The tables `[tls]` and `[[listeners]]`.

use std::{net::SocketAddr, ops::Range, path::PathBuf};

use super::{address::parse_address, document::Section, problem::Problem};
use crate::{
    mechanism::Mechanism,
    tls::{ClientCertificates, NameSource, TlsConfig, TlsVersion},
};

/// The address of TLS where none is given.
const TLS_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5671);

/// One address to listen on, with what it offers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// The address; a port of 0 takes any free one.
    pub address: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The login mechanisms it offers; `None` is all that make sense there.
    pub mechanisms: Option<Vec<Mechanism>>,
}

impl Listener {
    /// A listener without TLS.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, tls: false, mechanisms: None }
    }

    /// A listener with TLS.
    pub fn tls(address: SocketAddr) -> Self {
        Self { address, tls: true, mechanisms: None }
    }

    /// The same, but it offers only these mechanisms.
    #[must_use]
    pub fn mechanisms(mut self, mechanisms: impl Into<Vec<Mechanism>>) -> Self {
        self.mechanisms = Some(mechanisms.into());
        self
    }

    /// What it offers, given whether clients are asked for a certificate.
    pub(crate) fn offered(&self, tls: Option<&TlsConfig>) -> Vec<Mechanism> {
        self.mechanisms.clone().unwrap_or_else(|| {
            let mut offered = Vec::new();
            if self.tls && tls.is_some_and(asks_for_certificates) {
                offered.push(Mechanism::External);
            }
            offered.extend(Mechanism::PASSWORDS);
            offered
        })
    }
}

fn asks_for_certificates(tls: &TlsConfig) -> bool {
    tls.client_certificates != ClientCertificates::None
}

/// What of listeners and TLS contradicts itself.
pub(super) fn problems(listeners: &[Listener], tls: Option<&TlsConfig>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for Listener { address, tls: speaks_tls, mechanisms } in listeners {
        if *speaks_tls && tls.is_none() {
            let text = format!(
                "the listener {address} speaks tls, but there is no `[tls]` with a certificate"
            );
            problems.push(Problem::whole(text));
        }
        let offers_external = mechanisms.iter().flatten().any(|one| *one == Mechanism::External);
        if offers_external && !(*speaks_tls && tls.is_some_and(asks_for_certificates)) {
            let text = format!(
                "the listener {address} offers EXTERNAL, but asks no client for a certificate"
            );
            problems.push(Problem::whole(text));
        }
    }
    if let Some(tls) = tls {
        let is_asking = asks_for_certificates(tls);
        if is_asking && tls.client_ca.is_none() {
            let text = "`tls.client_certificates` asks for certificates, but there is no `tls.client_ca` to verify them";
            problems.push(Problem::whole(text));
        }
    }
    problems
}

pub(super) fn read_listener(section: &mut Section<'_, '_>, span: Range<usize>) -> Option<Listener> {
    let address = section.parsed("address", parse_address);
    let tls = section.flag("tls").unwrap_or(false);
    let mechanisms = section.list("mechanisms", Mechanism::parse);
    if address.is_none() && !section.has("address") {
        section.report(span, "a listener without an `address`".to_owned());
    }
    Some(Listener { address: address?, tls, mechanisms })
}

/// The table `[tls]`, and the listeners that it opens.
pub(super) fn read_tls(
    mut section: Section<'_, '_>,
    span: Range<usize>,
) -> Option<(TlsConfig, Vec<Listener>)> {
    let listen = section.list("listen", parse_address);
    let mechanisms = section.list("mechanisms", Mechanism::parse);
    let certificate = section.parsed("certificate", path);
    let key = section.parsed("key", path);
    let client_ca = section.parsed("client_ca", path);
    let client_certificates = section.parsed("client_certificates", client_certificates);
    let version_min = section.parsed("version_min", version);
    let user_from = section.parsed("user_from", name_source);
    for (name, value) in [("certificate", &certificate), ("key", &key)] {
        if value.is_none() && !section.has(name) {
            section.report(span.clone(), format!("`[tls]` without a `{name}`"));
        }
    }
    section.finish();
    let asked = match client_ca {
        Some(_) => ClientCertificates::Optional,
        None => ClientCertificates::None,
    };
    let tls = TlsConfig {
        certificate: certificate?,
        key: key?,
        client_ca,
        client_certificates: client_certificates.unwrap_or(asked),
        version_min: version_min.unwrap_or(TlsVersion::V1_2),
        user_from: user_from.unwrap_or(NameSource::CommonName),
    };
    let addresses = listen.unwrap_or_else(|| vec![TLS_ADDRESS]);
    let listener = |address| Listener { address, tls: true, mechanisms: mechanisms.clone() };
    Some((tls, addresses.into_iter().map(listener).collect()))
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("empty, wanted a file".to_owned()) } else { Ok(PathBuf::from(text)) }
}

fn client_certificates(text: &str) -> Result<ClientCertificates, String> {
    match text {
        "none" => Ok(ClientCertificates::None),
        "optional" => Ok(ClientCertificates::Optional),
        "required" => Ok(ClientCertificates::Required),
        other => Err(format!("`{other}` is unknown, wanted `none`, `optional` or `required`")),
    }
}

fn version(text: &str) -> Result<TlsVersion, String> {
    match text {
        "1.2" => Ok(TlsVersion::V1_2),
        "1.3" => Ok(TlsVersion::V1_3),
        other => Err(format!("`{other}` is no version spoken here, wanted `1.2` or `1.3`")),
    }
}

fn name_source(text: &str) -> Result<NameSource, String> {
    match text {
        "common_name" => Ok(NameSource::CommonName),
        "distinguished_name" => Ok(NameSource::DistinguishedName),
        "san_dns" => Ok(NameSource::DnsName),
        "san_email" => Ok(NameSource::Email),
        "san_uri" => Ok(NameSource::Uri),
        other => Err(format!(
            "`{other}` is unknown, wanted `common_name`, `distinguished_name`, `san_dns`, `san_email` or `san_uri`"
        )),
    }
}
