//! Tables of URIs: what each means, or why it means nothing.

use super::*;

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
        ("amqps://localhost", "TlsUnsupported"),
        ("amqp://h:x", "Port"),
        ("amqp://h:0", "Port"),
        ("amqp://h:65536", "Port"),
        ("amqp://h:+1", "Port"),
        ("amqp://[::1", "Brackets"),
        ("amqp://[::1]x", "Brackets"),
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

#[test]
fn parameters_are_read_and_checked() {
    let options = ConnectOptions::from_uri(
        "amqp://h?heartbeat=7&connection_timeout=1500&channel_max=9&frame_max=8192&auth_mechanism=PLAIN",
    )
    .unwrap();
    assert_eq!(options.heartbeat, Duration::from_secs(7));
    assert_eq!(options.connect_timeout, Duration::from_millis(1500));
    assert_eq!((options.channel_max, options.frame_max), (9, 8192));
    for bad in ["heartbeat=", "heartbeat=-1", "heartbeat=65536", "connection_timeout=0"] {
        let error = ConnectOptions::from_uri(&format!("amqp://h?{bad}")).unwrap_err();
        assert!(matches!(error, UriError::Value { .. }), "{bad}: {error}");
    }
    for bad in ["channel_max=x", "frame_max=100", "auth_mechanism=external"] {
        let error = ConnectOptions::from_uri(&format!("amqp://h?{bad}")).unwrap_err();
        assert!(matches!(error, UriError::Value { .. }), "{bad}: {error}");
    }
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
        "amqps://jo:hunter2@h",
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
