//! Commands that go to the HTTP API by TLS, and certificates that end.

use std::{fs, net::TcpListener, path::PathBuf, process::Stdio, sync::Arc, time::SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::process::{Broker, leveret};

const DAY_SECS: i64 = 86_400;

/// An authority, and what it has certified for this machine: it ends in so many days.
struct Papers {
    authority: String,
    certificate: String,
    key: String,
}

impl Papers {
    fn lasting(days: i64) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut params =
            CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        // An hour more, so that the test may take its time.
        let end = i64::try_from(now).unwrap() + days * DAY_SECS + 3600;
        params.not_after = OffsetDateTime::from_unix_timestamp(end).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        Self {
            authority: authority.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// Does handshakes with its certificate, and nothing else: a broker of ours does not start with one
/// that has ended.
fn stale(papers: &Papers) -> String {
    let chain = vec![CertificateDer::from_pem_slice(papers.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(papers.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Whoever does not believe it goes away in the middle.
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        }
    });
    address
}

/// A broker with TLS: AMQP and HTTP.
struct Secured {
    broker: Broker,
    folder: tempfile::TempDir,
}

impl Secured {
    /// With a certificate that ends in so many days.
    fn lasting(days: i64) -> Self {
        let (folder, papers) = (tempfile::tempdir().unwrap(), Papers::lasting(days));
        let config = "in_memory = true\nlisten = [\"127.0.0.1:0\"]\nadmin_listen = \"127.0.0.1:0\"\n\
            admin_tls = true\n[tls]\nlisten = [\"127.0.0.1:0\"]\ncertificate = \"server.pem\"\n\
            key = \"server.key\"\n";
        for (name, text) in [
            ("ca.pem", papers.authority.as_str()),
            ("server.pem", &papers.certificate),
            ("server.key", &papers.key),
            ("broker.toml", config),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let file = folder.path().join("broker.toml");
        let broker = Broker::from_command(leveret(&["broker", "--config", file.to_str().unwrap()]));
        Self { broker, folder }
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn http(&self) -> String {
        format!("https://{}", crate::ctl::address(&self.broker))
    }

    /// The second address is that of TLS.
    fn url(&self) -> String {
        let ca = self.path("ca.pem");
        format!("amqps://guest:guest@{}/%2F?cacertfile={ca}", self.broker.address())
    }
}

/// The exit code, and what was printed on either output.
fn run(words: &[&str]) -> (i32, String) {
    let output = leveret(words).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

/// How the doctor finds what is called so, and what it says of it.
#[track_caller]
fn found(said: &str, name: &str) -> (String, String) {
    let said: Value = serde_json::from_str(said).unwrap_or_else(|_| panic!("{said}"));
    let mut checks = said.get("checks").and_then(Value::as_array).into_iter().flatten();
    let check = checks.find(|check| check.get("name").and_then(Value::as_str) == Some(name));
    let check = check.unwrap_or_else(|| panic!("no {name}: {said:#}"));
    let text = |key: &str| check.get(key).and_then(Value::as_str).unwrap().to_owned();
    (text("health"), text("found"))
}

#[test]
fn commands_go_to_the_http_api_by_tls_and_believe_no_stranger() {
    let secured = Secured::lasting(90);
    let (http, ca, url) = (secured.http(), secured.path("ca.pem"), secured.url());
    let (code, text) = run(&["ctl", "--http", &http, "--ca", &ca, "status"]);
    assert!(code == 0 && text.contains("Leveret"), "{code} {text}");
    let (code, text) = run(&["ctl", "--http", &http, "status"]);
    assert!(code == 69 && text.contains("no TLS with the admin API at https://"), "{code} {text}");
    let (code, text) =
        run(&["ctl", "--http", &http, "--ca", &secured.path("server.key"), "status"]);
    assert!(code == 69 && text.contains("has no certificate"), "{code} {text}");
    // Whom to believe is said by the broker's address, too.
    let (code, text) = run(&["topology", "import", "--url", &url, "--http", &http]);
    assert_eq!(code, 0, "{text}");
    let (code, text) =
        run(&["why", "jobs", "--json", "--watch", "1ms", "--url", &url, "--http", &http]);
    assert!(code == 1 && text.contains("no-queue") && !text.contains("TLS"), "{code} {text}");
    let plain = http.replace("https", "http");
    let (code, text) = run(&["ctl", "--http", &plain, "status"]);
    assert_eq!(code, 69, "{text}");
}

#[test]
fn the_doctor_tells_when_certificates_end() {
    let secured = Secured::lasting(90);
    let words = |secured: &Secured| {
        ["doctor", "--json", "--url", &secured.url(), "--http", &secured.http()].map(str::to_owned)
    };
    let doctor = |secured: &Secured| {
        let words = words(secured);
        run(&words.each_ref().map(String::as_str))
    };
    let (code, said) = doctor(&secured);
    assert_eq!(code, 0, "{said}");
    for name in ["certificate", "http cert"] {
        let (health, text) = found(&said, name);
        assert!(health == "ok" && text.ends_with("90 days more"), "{health} {text}");
    }
    let (code, said) = doctor(&Secured::lasting(10));
    assert_eq!((code, found(&said, "certificate").0), (0, "warn".to_owned()), "{said}");
    assert_eq!(found(&said, "http cert").0, "warn");
    let papers = Papers::lasting(-10);
    let (address, ca) = (stale(&papers), secured.path("stale.pem"));
    fs::write(&ca, &papers.authority).unwrap();
    let (url, http) =
        (format!("amqps://{address}/%2F?cacertfile={ca}"), format!("https://{address}"));
    let (code, said) = run(&["doctor", "--json", "--url", &url, "--http", &http]);
    let (health, text) = found(&said, "certificate");
    assert_eq!((code, health.as_str()), (1, "fail"), "{said}");
    assert!(text.starts_with("expired on ") && text.ends_with(" 9 days ago"), "{text}");
    assert_eq!(found(&said, "http cert").0, "fail");
    assert_eq!(found(&said, "tls").0, "fail");
}

#[test]
fn one_thing_has_one_name_and_the_old_ones_are_understood() {
    let broker = crate::ctl::broker();
    let (address, url) = (crate::ctl::address(&broker), format!("amqp://{}", broker.address()));
    for flag in ["--http", "--api", "--address"] {
        let (code, text) = run(&["ctl", flag, &address, "status"]);
        assert_eq!(code, 0, "{flag}: {text}");
    }
    for flag in ["--http", "--api"] {
        let (code, text) = run(&["doctor", "--url", &url, flag, &address]);
        assert!(code == 0 && text.contains("ok    http api"), "{flag}: {text}");
        let (code, text) = run(&["topology", "export", "--url", &url, flag, &address]);
        assert_eq!(code, 0, "{flag}: {text}");
        let (code, text) = run(&["why", "none", "--url", &url, "--watch", "1ms", flag, &address]);
        assert_eq!(code, 1, "{flag}: {text}");
    }
    let (code, text) = run(&["ctl", "--http", "ftp://user:canary@host", "status"]);
    assert!(code == 64 && !text.contains("canary"), "{code} {text}");
}
