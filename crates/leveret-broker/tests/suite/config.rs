//! What a configuration may say, and how its mistakes are shown.

use std::path::PathBuf;

use expect_test::{Expect, expect};
use leveret_broker::{Config, ConfigError, RawConfig, Store};

fn check(text: &str, expected: Expect) {
    let shown = match RawConfig::from_toml("broker.toml", text).and_then(RawConfig::resolve) {
        Ok(config) => format!("{config:?}").replace(", limits", "\nlimits").replace("}, ", "},\n"),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

fn store(layers: &[&str]) -> Result<Store, ConfigError> {
    let mut all = RawConfig::default();
    for text in layers {
        all = all.overlay(RawConfig::from_toml("layer", text)?);
    }
    all.resolve().map(|config: Config| config.store)
}

#[test]
fn a_whole_configuration_shows_no_password() {
    check(
        r#"
listen = ["127.0.0.1:0", "[::1]:5672", "localhost:5673"]
data_dir = "warren"
virtual_hosts = ["/", "bounces"]
[[users]]
name = "hazel"
password = "canary"
virtual_hosts = ["bounces"]
[[users]]
name = "guest"
password = "canary"
[limits]
heartbeat = "30s"
handshake_timeout = "500ms"
"#,
        expect![[r#"
            Config { listen: [127.0.0.1:0, [::1]:5672, 127.0.0.1:5673], listeners: [], tls: None, admin_listen: None, store: Directory("warren"), virtual_hosts: ["/", "bounces"], users: [User { name: "hazel", password: Secret(hidden), loopback_only: false, virtual_hosts: Some(["bounces"]), tags: {} },
            User { name: "guest", password: Secret(hidden), loopback_only: true, virtual_hosts: None, tags: {} }]
            limits: Limits { connections_max: 10000, half_open_max: 1024, half_open_per_address_max: 256, handshake_bytes_max: 65536, handshake_timeout: 500ms, refusal_delay: 3s, channels_max: 2047, frame_bytes_max: 131072, heartbeat: 30s, message_bytes_max: 134217728, ingress_bytes_max: 33554432, connection_ingress_bytes_max: 262144, egress_bytes_max: 1048576, page_messages_max: 4096, page_bytes_max: 2097152, page_thin_after: 5s, scrub_bytes_per_sec: 8388608, consumer_timeout: Some(1800s), unsettled_messages_max: 1000000, unsettled_bytes_max: 268435456, scheduled_bytes_max: 268435456, transaction_operations_max: 65536, transaction_bytes_max: 268435456, close_timeout: 1s, http: HttpLimits { connections_max: 1024, head_bytes_max: 16384, head_timeout: 30s, body_bytes_max: 1048576, definitions_bytes_max: 20971520, body_timeout: 30s, write_timeout: 30s } },
            alarms: AlarmSettings { memory: Percent(60), disk_free_min: 50000000, interval: 1s },
            load_definitions: None, admin_tls: false, metrics_login: false }"#]],
    );
}

#[test]
fn every_mistake_is_shown_with_line_caret_and_suggestion() {
    check(
        r#"lissten = ["127.0.0.1:5672"]
listen = ["127.0.0.1", "127.0.0.1:70000", 7]
data_dir = 3
in_memory = "yes"
colour = 1
[limits]
heartbeat = 60
handshake_timeout = "10"
channels_max = -1
frame_bytes_max = 100
conections_max = 3
"#,
        expect![[r#"
            broker.toml:1:1: unknown key `lissten`
              |
            1 | lissten = ["127.0.0.1:5672"]
              | ^^^^^^^
              = help: did you mean `listen`?
            broker.toml:2:11: `127.0.0.1` is no address, wanted an IP address and a port such as `127.0.0.1:5672`
              |
            2 | listen = ["127.0.0.1", "127.0.0.1:70000", 7]
              |           ^^^^^^^^^^^
            broker.toml:2:24: `127.0.0.1:70000` is no address, wanted an IP address and a port such as `127.0.0.1:5672`
              |
            2 | listen = ["127.0.0.1", "127.0.0.1:70000", 7]
              |                        ^^^^^^^^^^^^^^^^^
            broker.toml:2:43: `listen` is an integer, wanted a list of strings
              |
            2 | listen = ["127.0.0.1", "127.0.0.1:70000", 7]
              |                                           ^
            broker.toml:3:12: `data_dir` is an integer, wanted a string
              |
            3 | data_dir = 3
              |            ^
            broker.toml:4:13: `in_memory` is a string, wanted `true` or `false`
              |
            4 | in_memory = "yes"
              |             ^^^^^
            broker.toml:5:1: unknown key `colour`
              |
            5 | colour = 1
              | ^^^^^^
              = help: known here: listen, admin_listen, data_dir, load_definitions, admin_tls, metrics_login, in_memory, virtual_hosts, users, limits, listeners, alarms, tls
            broker.toml:7:13: `heartbeat` is an integer, wanted a time with its unit, such as `"10s"`
              |
            7 | heartbeat = 60
              |             ^^
            broker.toml:8:21: `10` is no time, wanted a whole number and a unit such as `10s`, `500ms` or `2min`
              |
            8 | handshake_timeout = "10"
              |                     ^^^^
            broker.toml:9:16: `channels_max` is -1, wanted a number from 1 to 65535
              |
            9 | channels_max = -1
              |                ^^
            broker.toml:10:19: `frame_bytes_max` is 100, wanted a number from 8192 to 16777216
               |
            10 | frame_bytes_max = 100
               |                   ^^^
            broker.toml:11:1: unknown key `conections_max`
               |
            11 | conections_max = 3
               | ^^^^^^^^^^^^^^
               = help: did you mean `connections_max`?"#]],
    );
}

#[test]
fn a_password_is_not_shown_even_when_it_is_the_mistake() {
    check(
        r#"[[users]]
name = "hazel"
password = 12345
[[users]]
password = "canary"
[[users]]
name = "a"
pasword = "x"
[[users]]
name = "b"
password = ""
"#,
        expect![[r#"
            broker.toml:3:11: `password` is an integer, wanted a string
              |
            3 | password = (hidden)
              |           ^
            broker.toml:4:1: a user without a `name`
              |
            4 | [[users]]
              | ^^^^^^^^^
            broker.toml:6:1: user `a` has no `password`
              |
            6 | [[users]]
              | ^^^^^^^^^
            broker.toml:8:1: unknown key `pasword`
              |
            8 | pasword = (hidden)
              | ^^^^^^^
              = help: did you mean `password`?
            broker.toml:9:1: user `b` has no `password`
              |
            9 | [[users]]
              | ^^^^^^^^^"#]],
    );
}

#[test]
fn a_password_is_not_shown_when_its_line_is_no_toml() {
    check(
        "users = [{ name = \"hazel\", password = \"canary }]",
        expect![[r#"
        broker.toml:1:38: unclosed inline table, expected `}`
          |
        1 | users = [{ name = "hazel", password = (hidden)
          |                                      ^"#]],
    );
}

#[test]
fn what_is_no_toml_is_shown_with_its_place() {
    check(
        "listen = [\"127.0.0.1:5672\"\ndata_dir = \"x\"\n\"\n",
        expect![[r#"
            broker.toml:2:1: missing comma between array elements, expected `,`
              |
            2 | data_dir = "x"
              | ^
            broker.toml:3:1: missing comma between array elements, expected `,`
              |
            3 | "
              | ^"#]],
    );
    check(
        "listen = 1\nlisten = 2",
        expect![[r#"
            broker.toml:2:1: duplicate key
              |
            2 | listen = 2
              | ^^^^^^"#]],
    );
    check(
        "\u{feff}in_memory = true\r\nusers = 1\r\n",
        expect![[r#"
        broker.toml:2:9: `users` is an integer, wanted tables, written `[[users]]`
          |
        2 | users = 1
          |         ^"#]],
    );
    check(
        "in_memory = true\0",
        expect![[r#"
        broker.toml:1:13: invalid boolean, expected `true`
          |
        1 | in_memory = true 
          |             ^^^^^"#]],
    );
}

#[test]
fn contradictions_are_refused() {
    check(
        "in_memory = true\ndata_dir = \"x\"",
        expect!["`in_memory` is true and `data_dir` is `x`: only one can be"],
    );
    check(
        r#"users = [
  { name = "a", password = "x" },
  { name = "a", password = "y", virtual_hosts = ["nope"] },
]"#,
        expect![[r#"
            user `a` is there twice
            user `a` may open the virtual host `nope`, which does not exist"#]],
    );
    check(
        "listen = []\nvirtual_hosts = [\"\"]",
        expect![[r#"
        broker.toml:1:10: `listen` is empty, wanted at least one
          |
        1 | listen = []
          |          ^^
        broker.toml:2:18: a virtual host's name is empty, wanted a name such as `/`
          |
        2 | virtual_hosts = [""]
          |                  ^^"#]],
    );
}

#[test]
fn the_later_source_decides_where_messages_are_kept() {
    let directory = |path: &str| Store::Directory(PathBuf::from(path));
    assert_eq!(store(&[]).unwrap(), directory("leveret-data"));
    assert_eq!(store(&["data_dir = \"a\"", "in_memory = true"]).unwrap(), Store::Memory);
    assert_eq!(store(&["in_memory = true", "data_dir = \"b\""]).unwrap(), directory("b"));
    assert_eq!(store(&["data_dir = \"a\"", "listen = [\"127.0.0.1:1\"]"]).unwrap(), directory("a"));
}

#[test]
fn variables_are_read_and_an_empty_one_is_not_set() {
    let config = RawConfig::from_env(|name| match name {
        "LEVERET_BROKER_LISTEN" => Some("127.0.0.1:1, [::1]:2".to_owned()),
        "LEVERET_BROKER_DATA_DIR" => Some(String::new()),
        "LEVERET_BROKER_IN_MEMORY" => Some("true".to_owned()),
        _ => None,
    })
    .unwrap();
    assert_eq!(config.listen.unwrap().len(), 2);
    assert_eq!(config.data_dir, None);
    assert_eq!(config.in_memory, Some(true));

    let error = RawConfig::from_env(|name| match name {
        "LEVERET_BROKER_LISTEN" => Some("nowhere".to_owned()),
        "LEVERET_BROKER_IN_MEMORY" => Some("maybe".to_owned()),
        _ => None,
    })
    .unwrap_err();
    expect![[r#"
        LEVERET_BROKER_LISTEN: `nowhere` is no address, wanted an IP address and a port such as `127.0.0.1:5672`
        LEVERET_BROKER_IN_MEMORY: `maybe` is neither `true` nor `false`"#]].assert_eq(&error.to_string());
}

#[test]
fn an_unreadable_file_is_named() {
    let error = RawConfig::from_file(PathBuf::from("/nonexistent/broker.toml")).unwrap_err();
    expect!["cannot read the configuration file `/nonexistent/broker.toml`: No such file or directory (os error 2)"].assert_eq(&error.to_string());
}

#[test]
fn the_files_of_tls_are_looked_for_beside_the_file_that_names_them() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("broker.toml");
    let text = "[tls]\ncertificate = \"server.pem\"\nkey = \"/keys/server.key\"\nclient_ca = \"ca/clients.pem\"\n";
    std::fs::write(&file, text).unwrap();
    let tls = RawConfig::from_file(file).unwrap().resolve().unwrap().tls.unwrap();
    assert_eq!(tls.certificate, root.path().join("server.pem"));
    assert_eq!(tls.key, std::path::Path::new("/keys/server.key"));
    assert_eq!(tls.client_ca, Some(root.path().join("ca/clients.pem")));
}
