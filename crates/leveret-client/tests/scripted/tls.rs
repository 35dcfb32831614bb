//! TLS against a server with certificates made on the spot.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use leveret_client::{
    CertificateProblem, ConnectError, ConnectOptions, Connection, Loss, TlsError, TlsIdentity,
    TlsOptions,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, task::JoinHandle};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, pem::PemObject as _},
        server::WebPkiClientVerifier,
    },
};

use crate::peer::{Peer, limits};

/// An authority, and a folder with what it has certified.
struct Warren {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

/// Whether the server asks who the client is.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Nobody,
    Everyone,
}

/// What a server saw of a client: the name it asked for, and whether it had a certificate.
type Seen = (Option<String>, bool);

impl Warren {
    fn new() -> Self {
        Self::called("warren")
    }

    fn called(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let warren = Self { folder, authority };
        warren.certify("hazel", "hazel", |_| {});
        warren
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `file.pem` and `file.key` for that name.
    fn certify(&self, file: &str, name: &str, change: impl FnOnce(&mut CertificateParams)) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        fs::write(self.path(&format!("{file}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{file}.key")), key.serialize_pem()).unwrap();
    }

    /// Serves one client with a certificate for that name.
    async fn serve(
        &self,
        name: &str,
        asks: Asks,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (SocketAddr, JoinHandle<Option<Seen>>) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match asks {
            Asks::Nobody => builder.with_no_client_auth(),
            Asks::Everyone => {
                let mut roots = RootCertStore::empty();
                roots.add(self.authority.der().clone()).unwrap();
                let roots = Arc::new(roots);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = vec![certificate.der().clone(), self.authority.der().clone()];
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = acceptor.accept(stream).await.ok()?;
            let (_, session) = stream.get_ref();
            let name = session.server_name().map(ToOwned::to_owned);
            let seen = (name, session.peer_certificates().is_some());
            let mut peer = Peer::offering("PLAIN", stream, limits());
            peer.greet().await;
            peer.serve_until_closed().await;
            Some(seen)
        });
        (address, serving)
    }

    fn trusting(&self, host: &str) -> TlsOptions {
        TlsOptions {
            ca_file: Some(self.path("ca.pem")),
            server_name: Some(host.to_owned()),
            ..TlsOptions::default()
        }
    }

    fn identity(&self, certificate: &str, key: &str) -> TlsIdentity {
        TlsIdentity { certificate_file: self.path(certificate), key_file: self.path(key) }
    }
}

fn at(address: SocketAddr, tls: TlsOptions) -> ConnectOptions {
    ConnectOptions {
        host: address.ip().to_string(),
        port: address.port(),
        heartbeat: Duration::ZERO,
        tls: Some(tls),
        ..ConnectOptions::default()
    }
}

async fn refused(options: &ConnectOptions) -> TlsError {
    match Connection::connect(options).await {
        Err(ConnectError::Tls { authority, source }) => {
            assert_eq!(authority, options.authority());
            source
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_good_certificate_is_believed_and_its_name_asked_for() {
    let warren = Warren::new();
    let (address, serving) = warren.serve("warren.example", Asks::Nobody, |_| {}).await;
    let options = at(address, warren.trusting("warren.example"));
    Connection::connect(&options).await.unwrap().close().await;
    assert_eq!(serving.await.unwrap(), Some((Some("warren.example".to_owned()), false)));
    // Without a name of its own the host's is asked for: here an address, which no one is told.
    let (address, serving) = warren.serve("127.0.0.1", Asks::Nobody, |_| {}).await;
    let tls = TlsOptions { server_name: None, ..warren.trusting("") };
    Connection::connect(&at(address, tls)).await.unwrap().close().await;
    assert_eq!(serving.await.unwrap(), Some((None, false)));
}

#[tokio::test]
async fn a_uri_says_it_all() {
    let warren = Warren::new();
    let (address, serving) = warren.serve("warren.example", Asks::Everyone, |_| {}).await;
    let path = |name| warren.path(name).display().to_string();
    let (ca, certificate, key) = (path("ca.pem"), path("hazel.pem"), path("hazel.key"));
    let uri = format!(
        "amqps://{address}?heartbeat=0&cacertfile={ca}&certfile={certificate}&keyfile={key}\
         &server_name_indication=warren.example"
    );
    Connection::open(&uri).await.unwrap().close().await;
    assert_eq!(serving.await.unwrap(), Some((Some("warren.example".to_owned()), true)));
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_named() {
    type Change = fn(&mut CertificateParams);
    let warren = Warren::new();
    let table: [(&str, Change, &str); 4] = [
        (
            "a.example",
            |params| {
                params.not_before = date_time_ymd(2000, 1, 1);
                params.not_after = date_time_ymd(2001, 1, 1);
            },
            "the broker's certificate has expired (",
        ),
        (
            "a.example",
            |params| params.not_before = date_time_ymd(2999, 1, 1),
            "the broker's certificate is not valid yet (",
        ),
        ("b.example", |_| {}, "the broker's certificate is not for `a.example` but for b.example"),
        (
            "c.example",
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            "the broker's certificate is refused: ",
        ),
    ];
    for (name, change, text) in table {
        let (address, serving) = warren.serve(name, Asks::Nobody, change).await;
        let error = refused(&at(address, warren.trusting("a.example"))).await;
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(!error.is_permanent(), "a broker may get a better one");
        assert_eq!(serving.await.unwrap(), None);
    }
}

#[tokio::test]
async fn who_is_not_trusted_is_not_believed_unless_anyone_is() {
    let (warren, stranger) = (Warren::new(), Warren::called("stranger"));
    let (address, serving) = stranger.serve("a.example", Asks::Nobody, |_| {}).await;
    let error = refused(&at(address, warren.trusting("a.example"))).await;
    assert!(
        matches!(error, TlsError::Certificate(CertificateProblem::UnknownAuthority)),
        "{error:?}"
    );
    assert_eq!(serving.await.unwrap(), None);
    // This machine trusts others, or nobody.
    let (address, _serving) = stranger.serve("a.example", Asks::Nobody, |_| {}).await;
    let tls = TlsOptions { server_name: Some("a.example".to_owned()), ..TlsOptions::default() };
    let error = refused(&at(address, tls)).await;
    assert!(
        matches!(
            error,
            TlsError::Certificate(CertificateProblem::UnknownAuthority)
                | TlsError::NoAuthorities { .. }
        ),
        "{error:?}"
    );
    let (address, serving) = stranger.serve("b.example", Asks::Nobody, |_| {}).await;
    let tls = TlsOptions { danger_accept_any_certificate: true, ..warren.trusting("a.example") };
    Connection::connect(&at(address, tls)).await.unwrap().close().await;
    assert!(serving.await.unwrap().is_some());
}

#[tokio::test]
async fn a_chain_may_be_as_deep_as_allowed() {
    let warren = Warren::new();
    // The server sends its authority too.
    for (depth_max, is_taken) in [(Some(1), true), (Some(0), false)] {
        let (address, _serving) = warren.serve("a.example", Asks::Nobody, |_| {}).await;
        let options = at(address, TlsOptions { depth_max, ..warren.trusting("a.example") });
        if is_taken {
            Connection::connect(&options).await.unwrap().close().await;
        } else {
            let text = "the broker's certificate has 1 certificates between it and its authority, \
                        at most 0 are allowed";
            assert_eq!(refused(&options).await.to_string(), text);
        }
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_told_that_it_needs_one() {
    let warren = Warren::new();
    let (address, _serving) = warren.serve("a.example", Asks::Everyone, |_| {}).await;
    let error = Connection::connect(&at(address, warren.trusting("a.example"))).await.unwrap_err();
    // TLS 1.3 tells after the handshake, and the socket may be gone before it is read.
    assert!(
        matches!(
            &error,
            ConnectError::Tls { source: TlsError::Refused { alert }, .. }
                if alert.contains("CertificateRequired")
        ) || matches!(&error, ConnectError::Lost(Loss::Io { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_hangs_up_or_says_nothing() {
    for (answer, is_kept_open) in [(&b"AMQP\0\0\x09\x01"[..], true), (b"", false), (b"", true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(answer).await.unwrap();
            is_kept_open.then_some(stream)
        });
        let tls = TlsOptions { danger_accept_any_certificate: true, ..TlsOptions::default() };
        let connect_timeout = Duration::from_millis(if answer.is_empty() { 300 } else { 20_000 });
        let error =
            Connection::connect(&ConnectOptions { connect_timeout, ..at(address, tls) }).await;
        match error.unwrap_err() {
            ConnectError::Tls { source: TlsError::NotTls, .. } => assert!(!answer.is_empty()),
            ConnectError::Tls { source: TlsError::Lost(_), .. } => assert!(!is_kept_open),
            ConnectError::TimedOut { .. } => assert!(answer.is_empty() && is_kept_open),
            other => panic!("{other:?}"),
        }
        drop(serving.await.unwrap());
    }
}

#[tokio::test]
async fn files_that_do_not_serve_are_named_with_what_is_in_them() {
    let warren = Warren::new();
    warren.certify("other", "other", |_| {});
    fs::write(warren.path("empty"), "").unwrap();
    fs::write(warren.path("text"), "hunter2").unwrap();
    fs::write(warren.path("locked"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").unwrap();
    let trusting =
        |name| TlsOptions { ca_file: Some(warren.path(name)), ..warren.trusting("a.example") };
    let showing = |certificate, key| TlsOptions {
        identity: Some(warren.identity(certificate, key)),
        ..warren.trusting("a.example")
    };
    let missing = "No such file or directory (os error 2)";
    let pem = "wanted at least one certificate in PEM";
    let key = "wanted a private key in PEM without a passphrase";
    let table = [
        (trusting("nope"), format!("cannot read the list of authorities `ROOT/nope`: {missing}")),
        (trusting("empty"), format!("the list of authorities `ROOT/empty` is empty, {pem}")),
        (trusting("text"), format!("the list of authorities `ROOT/text` is no PEM, {pem}")),
        (
            trusting("hazel.key"),
            format!("the list of authorities `ROOT/hazel.key` holds a private key, {pem}"),
        ),
        (
            showing("nope", "hazel.key"),
            format!("cannot read the client certificate `ROOT/nope`: {missing}"),
        ),
        (
            showing("hazel.pem", "hazel.pem"),
            format!("the client key `ROOT/hazel.pem` holds a certificate, {key}"),
        ),
        (
            showing("hazel.pem", "locked"),
            format!("the client key `ROOT/locked` is encrypted, {key}"),
        ),
        (
            showing("hazel.pem", "other.key"),
            "the key `ROOT/other.key` does not belong to the certificate `ROOT/hazel.pem`".into(),
        ),
        (
            TlsOptions { server_name: Some("a b".to_owned()), ..warren.trusting("") },
            "`a b` is neither a host name nor an address, so no certificate can be for it".into(),
        ),
    ];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = warren.folder.path().to_str().unwrap();
    for (tls, text) in table {
        let error = refused(&at(listener.local_addr().unwrap(), tls)).await;
        assert!(error.is_permanent());
        assert_eq!(error.to_string().replace(root, "ROOT"), text);
    }
}
