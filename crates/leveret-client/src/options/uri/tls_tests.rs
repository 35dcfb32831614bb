//! Tables of URIs with TLS.

use crate::options::{ConnectOptions, TlsIdentity, TlsOptions};

fn with_query(query: &str) -> Result<ConnectOptions, String> {
    ConnectOptions::from_uri(&format!("amqps://h?{query}")).map_err(|error| error.to_string())
}

#[test]
fn the_port_is_another() {
    for (uri, authority) in [
        ("amqps://", "localhost:5671"),
        ("AMQPS://h/v", "h:5671"),
        ("amqps://h:5672", "h:5672"),
        ("amqps://[::1]", "[::1]:5671"),
    ] {
        let options = ConnectOptions::from_uri(uri).unwrap();
        assert_eq!((options.authority().as_str(), options.tls.is_some()), (authority, true));
    }
}

#[test]
fn parameters_of_tls_are_read_and_certificates_verified_unless_said_otherwise() {
    let tls = |query: &str| with_query(query).unwrap().tls.unwrap();
    assert_eq!(tls(""), TlsOptions::default());
    assert!(!TlsOptions::default().danger_accept_any_certificate);
    let all = "cacertfile=/ca.pem&certfile=/a%26b.pem&keyfile=/k.pem&verify=verify_peer\
               &server_name_indication=warren&depth=3";
    let expected = TlsOptions {
        ca_file: Some("/ca.pem".into()),
        identity: Some(TlsIdentity {
            certificate_file: "/a&b.pem".into(),
            key_file: "/k.pem".into(),
        }),
        server_name: Some("warren".to_owned()),
        depth_max: Some(3),
        danger_accept_any_certificate: false,
    };
    assert_eq!(tls(all), expected);
    assert!(tls("verify=verify_none").danger_accept_any_certificate);
}

#[test]
fn a_parameter_that_does_not_fit_is_named_with_what_would() {
    let table = [
        ("verify=no", "`verify` wants `verify_peer` or `verify_none`"),
        ("verify=", "`verify` wants `verify_peer` or `verify_none`"),
        ("cacertfile=", "`cacertfile` wants the path of a PEM file"),
        ("depth=256", "`depth` wants a number from 0 to 255"),
        ("certfile=/x", "`certfile` is there and `keyfile` is missing"),
        ("keyfile=/x", "`keyfile` is there and `certfile` is missing"),
        (
            "password=hunter2",
            "`password` wants not to be there: keys are read without passphrase only",
        ),
    ];
    for (query, error) in table {
        assert_eq!(with_query(query).unwrap_err(), error, "{query}");
    }
}

#[test]
fn a_password_shows_in_no_error() {
    for query in ["password=hunter2", "verify=hunter2", "depth=hunter2", "keyfile=hunter2"] {
        let error = with_query(query).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error = ConnectOptions::from_uri("amqps://jo:hunter2/@h:x").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
