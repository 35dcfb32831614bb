//! Certificates and keys that cannot serve, told by the real command.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use expect_test::{Expect, expect};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::process::{Broker, ended, leveret};

/// A folder for certificates.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// `NAME.pem` and `NAME.key`.
    fn certify(&self, name: &str, year_of_end: i32) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year_of_end, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        self.write(&format!("{name}.pem"), &certificate.pem(), 0o644);
        self.write(&format!("{name}.key"), &key.serialize_pem(), 0o600);
    }

    /// A file of the broker with this certificate and key.
    fn configure(&self, certificate: &str, key: &str) {
        let text = format!(
            "in_memory = true\nlisten = [\"127.0.0.1:0\"]\n\
             [[listeners]]\naddress = \"127.0.0.1:0\"\ntls = true\n\
             [tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n"
        );
        self.write("broker.toml", &text, 0o644);
    }

    fn said(&self, words: &[&str]) -> String {
        let mut command = leveret(words);
        command.current_dir(self.0.path());
        let (code, said) = ended(command);
        format!("{}{}\n", shown(&said, self.0.path()), code.unwrap())
    }
}

fn shown(said: &str, root: &Path) -> String {
    said.replace(&format!("{}/", root.display()), "")
}

#[test]
fn a_broker_without_a_good_certificate_does_not_start() {
    let folder = Folder::new();
    folder.certify("good", 2999);
    folder.certify("other", 2999);
    folder.certify("expired", 2001);
    folder.write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 0o600);
    let mut said = String::new();
    for (certificate, key) in [
        ("none.pem", "good.key"),
        ("good.pem", "none.key"),
        ("good.pem", "other.key"),
        ("good.pem", "locked.key"),
        ("expired.pem", "expired.key"),
        ("good.key", "good.key"),
    ] {
        folder.configure(certificate, key);
        said.push_str(&folder.said(&["broker", "--config", "broker.toml"]));
    }
    expect![[r#"
        cannot read the certificate `none.pem`: No such file or directory (os error 2)
        78
        cannot read the key `none.key`: No such file or directory (os error 2)
        78
        the key `other.key` does not belong to the certificate `good.pem`
        78
        the key `locked.key` is encrypted, wanted a private key in PEM without a passphrase
        78
        the certificate `expired.pem` has expired (Jan  1 00:00:00 2001 +00:00)
        78
        the certificate `good.key` holds a private key, wanted at least one certificate in PEM
        78
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_key_that_everybody_can_read_is_told_and_served() {
    let folder = Folder::new();
    folder.certify("good", 2999);
    folder.configure("good.pem", "good.key");
    fs::set_permissions(folder.path("good.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = leveret(&["broker", "--config", "broker.toml"]);
    let errors = fs::File::create(folder.path("errors")).unwrap();
    command.current_dir(folder.0.path()).stderr(errors);
    let broker = Broker::from_command(command);
    broker.signal("TERM");
    assert_eq!(broker.wait(), Some(0));
    let said = fs::read_to_string(folder.path("errors")).unwrap();
    assert!(said.contains("every user of this machine can read the tls key"), "{said}");
}

#[test]
fn a_run_file_names_authorities_that_are_there() {
    let folder = Folder::new();
    folder.write("text.pem", "hello", 0o644);
    let check = |lines: &str, expected: Expect| {
        folder.write("leveret.toml", lines, 0o644);
        expected.assert_eq(&folder.said(&["config", "check", "leveret.toml"]));
    };
    let target = |file: &str| {
        format!(
            "[connection]\nin-memory = true\n[consumers.jobs]\nqueue = \"jobs\"\n\
             target = {{ http = {{ url = \"https://localhost/\", ca-file = \"{file}\" }} }}\n"
        )
    };
    check(
        &target("none.pem"),
        expect![[r#"
        leveret.toml:5:10: the target of `jobs`: `http.ca-file`: `none.pem` cannot be read
          |
        5 | target = { http = { url = "https://localhost/", ca-file = "none.pem" } }
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        78
    "#]],
    );
    check(
        &target("text.pem"),
        expect![[r#"
        leveret.toml:5:10: the target of `jobs`: `http.ca-file`: it holds no certificate of an authority
          |
        5 | target = { http = { url = "https://localhost/", ca-file = "text.pem" } }
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        78
    "#]],
    );
    check(
        "[connection]\naddress = \"amqps://jo:secret@localhost?certfile=/x\"\n",
        expect![[r#"
            leveret.toml:2:11: no address: `certfile` is there and `keyfile` is missing
              |
            2 | address = "amqps://jo:***@localhost?certfile=/x"
              |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            78
        "#]],
    );
    check(
        "[connection]\naddress = \"amqp://jo:secret@localhost?cacertfile=/x\"\n",
        expect![[r#"
            leveret.toml:2:11: no address: `cacertfile` is about TLS: the URI must begin with `amqps://`
              |
            2 | address = "amqp://jo:***@localhost?cacertfile=/x"
              |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            78
        "#]],
    );
}

#[test]
fn an_address_of_a_run_file_names_certificates_that_serve() {
    let folder = Folder::new();
    folder.certify("good", 2999);
    folder.certify("other", 2999);
    folder.write("text.pem", "hello", 0o644);
    folder.write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 0o600);
    let mut said = String::new();
    for query in [
        "cacertfile=none.pem",
        "cacertfile=text.pem",
        "certfile=good.pem&keyfile=other.key",
        "certfile=good.pem&keyfile=locked.key",
        "certfile=good.key&keyfile=good.key",
        "certfile=good.pem&keyfile=good.key",
    ] {
        let text = format!("[connection]\naddress = \"amqps://jo:secret@localhost/%2F?{query}\"\n");
        folder.write("leveret.toml", &text, 0o644);
        let shown = folder.said(&["config", "check", "leveret.toml"]);
        let first = shown.lines().next().unwrap_or_default().to_owned();
        said.push_str(&format!("{first}\n{}\n", shown.lines().last().unwrap()));
    }
    assert!(!said.contains("secret"), "{said}");
    expect![[r#"
        leveret.toml:2:11: cannot read the list of authorities `none.pem`: No such file or directory (os error 2)
        78
        leveret.toml:2:11: the list of authorities `text.pem` is no PEM, wanted at least one certificate in PEM
        78
        leveret.toml:2:11: the key `other.key` does not belong to the certificate `good.pem`
        78
        leveret.toml:2:11: the client key `locked.key` is encrypted, wanted a private key in PEM without a passphrase
        78
        leveret.toml:2:11: the client certificate `good.key` holds a private key, wanted at least one certificate in PEM
        78
        0
        0
    "#]].assert_eq(&said);
}
