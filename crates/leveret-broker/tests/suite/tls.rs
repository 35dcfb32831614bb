//! TLS over real sockets: versions, certificates, EXTERNAL, new files.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use expect_test::expect;
use leveret_broker::{
    Broker, ClientCertificates, Config, Listener, Mechanism, NameSource, Secret, StartError, Store,
    TlsConfig, TlsVersion, User,
};
use leveret_client::{AckMode, ConnectError, Connection, Publish, QueueDeclare};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType,
    date_time_ymd,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
        version::{TLS12, TLS13},
    },
};

use crate::wire::Wire;

const REFUSED: &str = "connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism EXTERNAL. For details see the broker logfile. (0.0)";

/// An authority with a folder of files, and what it has certified.
struct Warren {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Warren {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "warren");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let warren = Self { folder, authority };
        warren.certify("server", |_| {});
        warren
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `name.pem` and `name.key`.
    fn certify(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn server(&self) -> TlsConfig {
        TlsConfig::new(self.path("server.pem"), self.path("server.key"))
    }

    fn asking(&self, asked: ClientCertificates) -> TlsConfig {
        self.server().client_ca(self.path("ca.pem"), asked)
    }

    /// A client of that version, with the certificate of that name.
    fn client(
        &self,
        version: &'static SupportedProtocolVersion,
        name: Option<&str>,
    ) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots);
        let config = match name {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let chain = CertificateDer::pem_file_iter(self.path(&format!("{name}.pem")))
                    .unwrap()
                    .collect::<Result<Vec<_>, _>>()
                    .unwrap();
                let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }
}

async fn broker(tls: TlsConfig, listener: Listener) -> Broker {
    Broker::builder()
        .in_memory()
        .tls(tls)
        .listener(listener)
        .user(User::guest())
        .user(User::new("hazel", Secret::new("down")))
        .start()
        .await
        .unwrap()
}

fn anywhere() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

async fn connect(
    broker: &Broker,
    client: &TlsConnector,
) -> std::io::Result<Wire<TlsStream<TcpStream>>> {
    let stream = TcpStream::connect(broker.local_addrs()[0]).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    client.connect(name, stream).await.map(Wire::new)
}

/// What the broker answers to a login by certificate.
async fn external(broker: &Broker, client: &TlsConnector) -> String {
    let mut peer = connect(broker, client).await.unwrap();
    peer.start().await;
    peer.start_ok("EXTERNAL", "", true).await;
    peer.next().await
}

#[tokio::test]
async fn amqp_is_spoken_over_both_versions_of_tls() {
    let warren = Warren::new();
    let broker = broker(warren.server(), Listener::tls(anywhere())).await;
    for version in [&TLS12, &TLS13] {
        let mut peer = connect(&broker, &warren.client(version, None)).await.unwrap();
        peer.ready_to_publish("burrow").await;
        // More than fits into one record, or into what a stream keeps.
        let body = vec![7; 3_000_000];
        peer.publish("burrow", body.clone()).await;
        peer.confirmed(1).await;
        assert_eq!(peer.drain("burrow").await, [body]);
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn a_version_that_is_too_old_is_refused() {
    let warren = Warren::new();
    let tls = warren.server().version_min(TlsVersion::V1_3);
    let broker = broker(tls, Listener::tls(anywhere())).await;
    assert!(connect(&broker, &warren.client(&TLS12, None)).await.is_err());
    assert!(connect(&broker, &warren.client(&TLS13, None)).await.is_ok());
    broker.shutdown().await;
}

#[tokio::test]
async fn a_plain_client_on_a_tls_port_is_left() {
    let warren = Warren::new();
    let broker = broker(warren.server(), Listener::tls(anywhere())).await;
    let stream = TcpStream::connect(broker.local_addrs()[0]).await.unwrap();
    let mut peer = Wire::new(stream);
    peer.send(b"AMQP\0\0\x09\x01").await;
    // An alert of TLS, which is no AMQP, and then the end.
    assert!(peer.rest().await.starts_with("eof"));
    broker.shutdown().await;
}

#[tokio::test]
async fn a_certificate_logs_its_user_in() {
    let warren = Warren::new();
    warren.certify("hazel", |_| {});
    warren.certify("fiver", |_| {});
    let tls = warren.asking(ClientCertificates::Optional);
    let broker = broker(tls, Listener::tls(anywhere())).await;
    for version in [&TLS12, &TLS13] {
        let tuned = external(&broker, &warren.client(version, Some("hazel"))).await;
        assert_eq!(tuned, "connection.tune 2047 131072 60");
        // No such user, and no certificate.
        for name in [Some("fiver"), None] {
            assert_eq!(external(&broker, &warren.client(version, name)).await, REFUSED, "{name:?}");
        }
    }
    let mut peer = connect(&broker, &warren.client(&TLS13, None)).await.unwrap();
    peer.ready().await;
    broker.shutdown().await;
}

#[tokio::test]
async fn the_user_may_stand_in_another_name_of_the_certificate() {
    let warren = Warren::new();
    warren.certify("one", |params| {
        params.subject_alt_names = vec![SanType::DnsName("hazel".try_into().unwrap())];
    });
    let tls = warren.asking(ClientCertificates::Required).user_from(NameSource::DnsName);
    let broker = broker(tls, Listener::tls(anywhere())).await;
    let client = warren.client(&TLS13, Some("one"));
    assert_eq!(external(&broker, &client).await, "connection.tune 2047 131072 60");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_required_certificate_must_be_there_and_good() {
    // W85
    let (warren, stranger) = (Warren::new(), Warren::new());
    stranger.certify("hazel", |_| {});
    for name in ["hazel.pem", "hazel.key"] {
        fs::copy(stranger.path(name), warren.path(name)).unwrap();
    }
    warren.certify("expired", |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    let tls = warren.asking(ClientCertificates::Required);
    let broker = broker(tls, Listener::tls(anywhere())).await;
    for name in [None, Some("hazel"), Some("expired")] {
        // TLS 1.2 tells the client within its handshake.
        let refused = connect(&broker, &warren.client(&TLS12, name)).await;
        assert!(refused.is_err(), "{name:?}");
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn a_listener_offers_its_own_mechanisms() {
    let warren = Warren::new();
    let listener = Listener::tls(anywhere()).mechanisms([Mechanism::External]);
    let broker = broker(warren.asking(ClientCertificates::Optional), listener).await;
    let mut peer = connect(&broker, &warren.client(&TLS13, None)).await.unwrap();
    peer.start().await;
    peer.start_ok("PLAIN", "\0hazel\0down", true).await;
    assert_eq!(peer.next().await, REFUSED.replace("EXTERNAL", "PLAIN"));
    broker.shutdown().await;
}

#[tokio::test]
async fn our_own_client_logs_in_by_each_mechanism() {
    let warren = Warren::new();
    warren.certify("hazel", |_| {});
    let tls = warren.asking(ClientCertificates::Optional);
    let broker = broker(tls, Listener::tls(anywhere())).await;
    let authority = broker.local_addrs()[0].to_string();
    let path = |name| warren.path(name).display().to_string();
    let (ca, certificate, key) = (path("ca.pem"), path("hazel.pem"), path("hazel.key"));
    let certified = format!("certfile={certificate}&keyfile={key}");
    for (login, query) in [
        ("hazel:down@", "auth_mechanism=plain".to_owned()),
        ("hazel:down@", "auth_mechanism=amqplain".to_owned()),
        ("hazel:down@", certified.clone()),
        ("", format!("auth_mechanism=external&{certified}")),
    ] {
        let uri = format!(
            "amqps://{login}{authority}?cacertfile={ca}&server_name_indication=localhost&{query}"
        );
        let connection = Connection::open(&uri).await.unwrap();
        let channel = connection.channel().await.unwrap();
        channel.confirm_select().await.unwrap();
        let queue = channel.queue_declare(&QueueDeclare::default()).await.unwrap().name;
        // More than fits into one record, or into what a stream keeps.
        let publish = Publish {
            routing_key: queue.clone(),
            body: vec![7; 3_000_000].into(),
            ..Publish::default()
        };
        channel.publish_and_confirm(publish).await.unwrap();
        let got = channel.get(queue, AckMode::NoAck).await.unwrap().unwrap();
        assert_eq!(got.delivery.body.len(), 3_000_000);
        connection.close().await;
    }
    let uri = format!(
        "amqps://{authority}?cacertfile={ca}&server_name_indication=localhost&auth_mechanism=external"
    );
    let refused = Connection::open(&uri).await.unwrap_err();
    assert!(matches!(&refused, ConnectError::LoginRefused { code: 403, .. }), "{refused:?}");
    broker.shutdown().await;
}

async fn not_started(folder: &Path, tls: TlsConfig) -> String {
    let started =
        Broker::builder().in_memory().tls(tls).listener(Listener::tls(anywhere())).start().await;
    let Err(StartError::Tls(error)) = started else { panic!("another end: {started:?}") };
    error.to_string().replace(folder.to_str().unwrap(), "ROOT")
}

#[tokio::test]
async fn files_that_cannot_serve_are_named_with_what_is_in_them() {
    let warren = Warren::new();
    let (root, server) = (warren.folder.path(), warren.server());
    warren.certify("expired", |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    warren.certify("later", |params| params.not_before = date_time_ymd(2999, 1, 1));
    warren.certify("other", |_| {});
    fs::write(warren.path("empty.pem"), "").unwrap();
    fs::write(warren.path("text.pem"), "hello").unwrap();
    fs::write(warren.path("locked.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").unwrap();
    let with =
        |certificate: &str, key: &str| TlsConfig::new(warren.path(certificate), warren.path(key));
    let mut said = Vec::new();
    for tls in [
        with("nope.pem", "server.key"),
        with("empty.pem", "server.key"),
        with("text.pem", "server.key"),
        with("server.key", "server.key"),
        with("expired.pem", "expired.key"),
        with("later.pem", "later.key"),
        with("server.pem", "server.pem"),
        with("server.pem", "locked.key"),
        with("server.pem", "other.key"),
        server.client_ca(warren.path("server.key"), ClientCertificates::Required),
    ] {
        said.push(not_started(root, tls).await);
    }
    expect![[r#"
        cannot read the certificate `ROOT/nope.pem`: No such file or directory (os error 2)
        the certificate `ROOT/empty.pem` is empty, wanted at least one certificate in PEM
        the certificate `ROOT/text.pem` is no PEM, wanted at least one certificate in PEM
        the certificate `ROOT/server.key` holds a private key, wanted at least one certificate in PEM
        the certificate `ROOT/expired.pem` has expired (Jan  1 00:00:00 2001 +00:00)
        the certificate `ROOT/later.pem` is not valid yet (Jan  1 00:00:00 2999 +00:00)
        the key `ROOT/server.pem` holds a certificate, wanted a private key in PEM without a passphrase
        the key `ROOT/locked.key` is encrypted, wanted a private key in PEM without a passphrase
        the key `ROOT/other.key` does not belong to the certificate `ROOT/server.pem`
        the client authority `ROOT/server.key` holds a private key, wanted at least one certificate in PEM"#]].assert_eq(&said.join("\n"));
}

/// The certificate that the broker shows.
async fn shown(broker: &Broker, client: &TlsConnector) -> CertificateDer<'static> {
    let stream = TcpStream::connect(broker.local_addrs()[0]).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = client.connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn new_files_are_taken_at_a_reload_and_bad_ones_change_nothing() {
    let warren = Warren::new();
    let tls = warren.server();
    let client = warren.client(&TLS13, None);
    let broker = broker(tls.clone(), Listener::tls(anywhere())).await;
    let mut open = connect(&broker, &client).await.unwrap();
    open.ready_to_publish("burrow").await;
    let mut config = Config::default();
    config.tls = Some(tls);
    config.listen.clear();
    let first = shown(&broker, &client).await;

    warren.certify("server", |_| {});
    assert_eq!(shown(&broker, &client).await, first, "not before it is asked to");
    assert!(broker.reload(&config).unwrap().applied.contains(&"tls"));
    let second = shown(&broker, &client).await;
    assert_ne!(second, first);

    warren.certify("other", |_| {});
    fs::copy(warren.path("other.key"), warren.path("server.key")).unwrap();
    let refused = broker.reload(&config).unwrap_err().to_string();
    assert!(refused.contains("does not belong to the certificate"), "{refused}");
    assert_eq!(shown(&broker, &client).await, second);
    // Who was there before goes on.
    open.publish("burrow", "still here").await;
    open.confirmed(1).await;
    broker.shutdown().await;
}

#[tokio::test]
async fn a_reload_says_what_waits_for_a_restart() {
    let broker = Broker::builder().in_memory().start().await.unwrap();
    let mut next = Config::default();
    next.limits.handshake_timeout = std::time::Duration::from_secs(1);
    let reloaded = broker.reload(&next).unwrap();
    assert_eq!(reloaded.applied, ["limits"]);
    assert_eq!(reloaded.waiting, ["listen", "data_dir, in_memory"]);
    // The same again changes nothing more.
    assert_eq!(broker.reload(&next).unwrap().applied, [""; 0]);
    broker.shutdown().await;
}

/// The HTTP API with `admin_tls`: both versions, and nothing for who speaks plain HTTP.
#[tokio::test]
async fn the_http_api_speaks_tls() {
    let warren = Warren::new();
    let mut config = Config::default();
    config.store = Store::Memory;
    config.admin_listen = Some(anywhere());
    config.admin_tls = true;
    config.tls = Some(warren.server());
    let broker = Broker::builder().config(config).start().await.unwrap();
    let address = broker.admin_addr().unwrap();
    let login = "authorization: Basic Z3Vlc3Q6Z3Vlc3Q=";
    let request = format!("GET /api/overview HTTP/1.0\r\nhost: localhost\r\n{login}\r\n\r\n");
    for version in [&TLS12, &TLS13] {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = warren.client(version, None).connect(name, stream).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        assert!(answer.contains(r#""protocol":"https""#), "{answer}");
    }
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The end may be a reset.
    plain.read_to_end(&mut answer).await.ok();
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
    broker.shutdown().await;
}
