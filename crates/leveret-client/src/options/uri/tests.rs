//! Tables of URIs: what each means, or why it means nothing.

use std::time::Duration;

use super::*;
use crate::options::Mechanism;

/// `user password host port vhost`, or the error.
fn read(uri: &str) -> String {
    match ConnectOptions::from_uri(uri) {
        Ok(options) => format!(
            "{}|{}|{}|{}|{}",
            options.user,
            options.password.reveal(),
            options.host,
            options.port,
            options.virtual_host
        ),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn the_specifications_own_examples_mean_what_it_says() {
    let table = [
        ("amqp://user:pass@host:10000/vhost", "user|pass|host|10000|vhost"),
        ("amqp://user%61:%61pass@ho%61st:10000/v%2fhost", "usera|apass|hoast|10000|v/host"),
        ("amqp://", "guest|guest|localhost|5672|/"),
        ("amqp://:@/", "||localhost|5672|"),
        ("amqp://user@", "user|guest|localhost|5672|/"),
        ("amqp://user:pass@", "user|pass|localhost|5672|/"),
        ("amqp://host", "guest|guest|host|5672|/"),
        ("amqp://:10000", "guest|guest|localhost|10000|/"),
        ("amqp:///vhost", "guest|guest|localhost|5672|vhost"),
        ("amqp://host/", "guest|guest|host|5672|"),
        ("amqp://host/%2F", "guest|guest|host|5672|/"),
        ("amqp://[::1]", "guest|guest|::1|5672|/"),
        ("AMQP://[::1]:7/x", "guest|guest|::1|7|x"),
        ("amqp://us%40er:p%2Fa%3Ass@h", "us@er|p/a:ss|h|5672|/"),
        ("amqp://user:p@ss@h", "user|p@ss|h|5672|/"),
        ("amqp://us,er:p,w@h", "us,er|p,w|h|5672|/"),
    ];
    for (uri, meaning) in table {
        assert_eq!(read(uri), meaning, "{uri}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let table = [
        ("", "Scheme"),
        ("localhost", "Scheme"),
        ("http://localhost", "Scheme"),
        ("amqp://h:x", "Port"),
        ("amqp://h:0", "Port"),
        ("amqp://h:65536", "Port"),
        ("amqp://h:+1", "Port"),
        ("amqp://[::1", "Brackets"),
        ("amqp://[::1]x", "Brackets"),
        ("amqp://::1", "Colons"),
        ("amqp://fe80::1:5672/v", "Colons"),
        ("amqp://a,b", "SeveralHosts { hosts: 2 }"),
        ("amqp://h/a/b", "VirtualHostSlash"),
        ("amqp://h//", "VirtualHostSlash"),
        ("amqp://u:%zz@h", "Escape { part: Password }"),
        ("amqp://u%f:p@h", "Escape { part: User }"),
        ("amqp://h/%ff", "NotText { part: VirtualHost }"),
        ("amqp://u:a%00b@h", "ZeroByte { part: Password }"),
        ("amqp://u:p#x@h", "Fragment"),
        ("amqp://h?colour=red", "UnknownKey { position: 1 }"),
        ("amqp://h?heartbeat=1&x", "UnknownKey { position: 2 }"),
    ];
    for (uri, error) in table {
        assert_eq!(read(uri), error, "{uri}");
    }
    let long = format!("amqp://h/{}", "v".repeat(256));
    assert_eq!(read(&long), "VirtualHostLong { bytes: 256 }");
}

fn with_query(uri: &str) -> Result<ConnectOptions, String> {
    ConnectOptions::from_uri(uri).map_err(|error| error.to_string())
}

#[test]
fn parameters_are_read() {
    let options = with_query(
        "amqp://h?heartbeat=7&connection_timeout=1500&channel_max=9&frame_max=8192\
         &auth_mechanism=EXTERNAL&auth_mechanism=plain&locale=en_US&request_timeout=2\
         &publish_timeout=3&connection_name=order%20desk",
    )
    .unwrap();
    let expected = ConnectOptions {
        host: "h".to_owned(),
        heartbeat: Duration::from_secs(7),
        connect_timeout: Duration::from_millis(1500),
        channel_max: 9,
        frame_max: 8192,
        mechanisms: vec![Mechanism::External, Mechanism::Plain],
        request_timeout: Duration::from_millis(2),
        publish_timeout: Duration::from_millis(3),
        name: Some("order desk".to_owned()),
        ..ConnectOptions::default()
    };
    assert_eq!(options, expected);
}

#[test]
fn a_parameter_that_does_not_fit_is_named_with_what_would() {
    let table = [
        ("amqp", "heartbeat=", "`heartbeat` wants seconds from 0 to 65535"),
        ("amqp", "heartbeat=-1", "`heartbeat` wants seconds from 0 to 65535"),
        ("amqp", "heartbeat=65536", "`heartbeat` wants seconds from 0 to 65535"),
        ("amqp", "heartbeat", "`heartbeat` wants seconds from 0 to 65535"),
        (
            "amqp",
            "connection_timeout=0",
            "`connection_timeout` wants milliseconds from 1 to 4294967295",
        ),
        ("amqp", "request_timeout=1s", "`request_timeout` wants milliseconds from 1 to 4294967295"),
        ("amqp", "channel_max=x", "`channel_max` wants a number from 0 to 65535"),
        ("amqp", "frame_max=100", "`frame_max` wants 0 or bytes from 4096 on"),
        (
            "amqp",
            "auth_mechanism=kerberos",
            "`auth_mechanism` wants `plain`, `amqplain` or `external`",
        ),
        ("amqp", "locale=de_DE", "`locale` wants `en_US`"),
        ("amqp", "cacertfile=/x", "`cacertfile` is about TLS: the URI must begin with `amqps://`"),
        ("amqp", "verify=verify_none", "`verify` is about TLS: the URI must begin with `amqps://`"),
        (
            "amqp",
            "heartbeet=7",
            "query parameter 1 is unknown; known are heartbeat, connection_timeout, channel_max, \
             frame_max, auth_mechanism, locale, request_timeout, publish_timeout, connection_name, \
             cacertfile, certfile, keyfile, password, verify, server_name_indication, depth",
        ),
    ];
    for (scheme, query, error) in table {
        let uri = format!("{scheme}://h?{query}");
        assert_eq!(with_query(&uri).unwrap_err(), error, "{uri}");
    }
}

#[test]
fn what_other_clients_know_can_be_skipped() {
    let uri = "amqp://h?heartbeat=7&retry_delay=5&channel_max=9";
    assert!(ConnectOptions::from_uri(uri).is_err());
    let options = ConnectOptions::from_uri_of_other_clients(uri).unwrap();
    assert_eq!((options.heartbeat.as_secs(), options.channel_max), (7, 9));
    assert!(ConnectOptions::from_uri_of_other_clients("amqp://h?heartbeat=x").is_err());
}

#[test]
fn several_hosts_share_all_but_their_ports() {
    let all = ConnectOptions::list_from_uri("amqp://u:p@one:7,[::1],three/v?heartbeat=3").unwrap();
    let shown: Vec<_> = all
        .iter()
        .map(|options| {
            let ConnectOptions { user, virtual_host, heartbeat, .. } = options;
            format!("{user} {} {virtual_host} {}", options.authority(), heartbeat.as_secs())
        })
        .collect();
    assert_eq!(shown, ["u one:7 v 3", "u [::1]:5672 v 3", "u three:5672 v 3"]);
    assert_eq!(ConnectOptions::list_from_uri("amqp://a:x,b"), Err(UriError::Port));
}

#[test]
fn a_password_shows_in_no_error_and_no_debug_output() {
    let broken = [
        "amqp://jo:hunter2/x@h:1/v",
        "amqp://jo:hunter2/x/y@h",
        "amqp://jo:hunter2?x@h",
        "amqp://jo:hunter2#x@h",
        "amqp://jo:hunter2%@h",
        "amqp://jo:hunter2%00@h",
        "amqp:jo:hunter2@h",
        "amqp://jo:hunter2:3@a:b:c",
        "amqp://jo:hunter2@a,b",
        "amqp://jo:x?hunter2=hunter2@h",
        "amqp://h?auth_mechanism=hunter2",
    ];
    for uri in broken {
        let error = ConnectOptions::from_uri(uri).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{uri}: {shown}");
    }
    let options = ConnectOptions::from_uri("amqp://jo:hunter2@h/v").unwrap();
    assert!(!format!("{options:?} {options:#?}").contains("hunter2"));
    assert_eq!(options.authority(), "h:5672");
}

#[cfg(not(feature = "tls"))]
#[test]
fn without_tls_nobody_connects_in_the_clear_instead() {
    assert_eq!(read("amqps://h"), "TlsUnsupported");
}
