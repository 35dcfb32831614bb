//! What a wrong configuration is answered with.

use std::path::Path;
use std::time::Duration;

use expect_test::{Expect, expect};

use super::*;
use crate::report::ErrorRoute;

fn check_error(text: &str, expect: Expect) {
    let error = Config::parse(Path::new("leveret.toml"), text).unwrap_err();
    expect.assert_eq(&error.to_string());
}

#[test]
fn a_whole_file_is_understood() {
    let text = r#"
        [connection]
        data-dir = "data"
        [connections.archive]
        address = "amqp://guest:guest@archive/"
        [settings]
        threshold = 3
        [handlers.classify]
        concurrency = 10
        concurrency-min = 2
        concurrency-max = 20
        time-limit = "30s"
        retry = { attempts = 2, delays = 3, first-delay = "5s", give-up-after = "1h" }
        [[files.read]]
        directory = "mails"
        exchange = "mails"
        key = "mail.incoming"
        [[files.write]]
        queue = "results"
        directory = "out"
        pattern = "${date}/${msgid}.json"
        [logging]
        level = "debug"
        format = "json"
        messages = "info"
    "#;
    let config = Config::parse(Path::new("leveret.toml"), text).unwrap();
    assert_eq!(config.connection, Some(Endpoint::Directory("data".into())));
    assert_eq!(config.connections["archive"], Endpoint::from("amqp://guest:guest@archive/"));
    assert_eq!(config.settings["threshold"].as_integer(), Some(3));
    let classify = &config.handlers["classify"];
    let (least, most) = (classify.concurrency_min, classify.concurrency_max);
    assert_eq!((classify.concurrency, least, most), (Some(10), Some(2), Some(20)));
    assert_eq!(classify.time_limit, Some(Duration::from_secs(30)));
    assert_eq!(
        classify.retry.unwrap().to_string(),
        "2 attempts at once, again after 5 s, 10 s, 20 s; 8 in all, within 1 h"
    );
    assert_eq!((config.read.len(), config.write.len()), (1, 1));
    assert_eq!(config.log_level.as_deref(), Some("debug"));
    assert_eq!(config.log_format, Some(LogFormat::Json));
    assert_eq!(config.log_messages, Some(MessageLog::Info));
}

#[test]
fn a_pause_that_is_none_is_pointed_at() {
    check_error(
        "[handlers.a]\nretry = { delays = 2, first-delay = \"soon\" }\n",
        expect![[r#"
        leveret.toml:2:37: `soon` is no length of time
          |
        2 | retry = { delays = 2, first-delay = "soon" }
          |                                     ^^^^^^
          = expected a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`"#]],
    );
    check_error(
        "guarantee = \"no-los\"\n",
        expect![[r#"
        leveret.toml:1:13: unknown guarantee `no-los`
          |
        1 | guarantee = "no-los"
          |             ^^^^^^^^
          = did you mean `no-loss`?"#]],
    );
}

#[test]
fn a_misspelt_section_is_pointed_at() {
    check_error(
        "[setings]\nx = 1\n",
        expect![[r#"
        leveret.toml:1:2: unknown field `setings`
          |
        1 | [setings]
          |  ^^^^^^^
          = did you mean `settings`?"#]],
    );
}

#[test]
fn a_misspelt_key_is_pointed_at() {
    check_error(
        "[connection]\n  adress = \"amqp://localhost\"\n",
        expect![[r#"
        leveret.toml:2:3: unknown field `adress`
          |
        2 |   adress = "amqp://localhost"
          |   ^^^^^^
          = did you mean `address`?"#]],
    );
}

#[test]
fn a_wrong_type_is_pointed_at() {
    check_error(
        "[handlers.a]\nconcurrency = \"ten\"\n",
        expect![[r#"
        leveret.toml:2:15: invalid type: string "ten", expected usize
          |
        2 | concurrency = "ten"
          |               ^^^^^
          = expected usize"#]],
    );
}

#[test]
fn a_concurrency_out_of_range_is_pointed_at() {
    check_error(
        "[handlers.a]\nconcurrency = 0\n",
        expect![[r#"
        leveret.toml:2:15: concurrency is 1 to 1024, found 0
          |
        2 | concurrency = 0
          |               ^"#]],
    );
    check_error(
        "[handlers.a]\nconcurrency-max = 2000\n",
        expect![[r#"
        leveret.toml:2:19: concurrency-max is 1 to 1024, found 2000
          |
        2 | concurrency-max = 2000
          |                   ^^^^"#]],
    );
}

#[test]
fn an_unknown_level_is_pointed_at() {
    check_error(
        "[logging]\nlevel = \"inf\"\n",
        expect![[r#"
        leveret.toml:2:9: unknown level `inf`
          |
        2 | level = "inf"
          |         ^^^^^
          = did you mean `info`?"#]],
    );
}

#[test]
fn a_broken_syntax_is_pointed_at() {
    check_error(
        "[connection\n",
        expect![[r#"
        leveret.toml:1:12: unclosed table, expected `]`
          |
        1 | [connection
          |            ^
          = expected `]`"#]],
    );
}

#[test]
fn a_wrong_scheme_is_pointed_at() {
    check_error(
        "[connection]\naddress = \"http://localhost\"\n",
        expect![[r#"
        leveret.toml:2:11: unknown scheme `http`
          |
        2 | address = "http://localhost"
          |           ^^^^^^^^^^^^^^^^^^
          = an address begins with `amqp://`"#]],
    );
}

#[test]
fn a_climbing_pattern_is_pointed_at() {
    check_error(
        "[[files.write]]\nqueue = \"q\"\ndirectory = \"d\"\npattern = \"../${msgid}\"\n",
        expect![[r#"
            leveret.toml:4:11: a pattern names files below its directory, without `..` or empty parts
              |
            4 | pattern = "../${msgid}"
              |           ^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::from_file("no/such/leveret.toml").unwrap_err();
    assert!(error.to_string().starts_with("no/such/leveret.toml: "), "{error}");
}

#[test]
fn a_rule_for_errors_is_understood_or_pointed_at() {
    let text = "[handlers.a.on-error]\nstale = \"drop\"\nbusy = { pause = \"1min\" }\n\
                transient = { retry = { attempts = 9 } }\n\"a::B\" = \"dead-letter\"\n";
    let config = Config::parse(Path::new("leveret.toml"), text).unwrap();
    let rules: Vec<String> = config.handlers["a"]
        .rules
        .iter()
        .map(|(errors, rule)| format!("{errors}: {rule}"))
        .collect();
    let wanted = [
        "`a::B`: dead letter at once",
        "busy: handler stops for 1 min",
        "`stale`: dropped",
        "transient: 9 attempts at once",
    ];
    assert_eq!(rules, wanted);
    check_error(
        "[handlers.a]\non-error = { transiet = \"drop\" }\n",
        expect![[r#"
        leveret.toml:2:14: `transiet` is no class of errors
          |
        2 | on-error = { transiet = "drop" }
          |              ^^^^^^^^
          = did you mean `transient`?"#]],
    );
    check_error(
        "[handlers.a]\non-error = { stale = \"ignore\" }\n",
        expect![[r#"
        leveret.toml:2:22: unknown rule `ignore`
          |
        2 | on-error = { stale = "ignore" }
          |                      ^^^^^^^^
          = expected `"dead-letter"`, `"drop"`, `{ retry = { attempts = 5 } }` or `{ pause = "30s" }`"#]],
    );
    check_error(
        "[handlers.a]\non-error = { stale = { retyr = 1 } }\n",
        expect![[r#"
            leveret.toml:2:24: unknown field `retyr`
              |
            2 | on-error = { stale = { retyr = 1 } }
              |                        ^^^^^
              = did you mean `retry`?"#]],
    );
}

#[test]
fn routes_for_errors_are_understood_or_pointed_at() {
    let text = "[handlers.a]\nerror-routes = [{ exchange = \"shop\", key = \"declined\", errors = [\"card-expired\", \"stolen\"] }, { queue = \"errors\", exhausted = true }]\n";
    let config = Config::parse(Path::new("leveret.toml"), text).unwrap();
    let declined = ErrorRoute::new("shop", "declined").named("card-expired").named("stolen");
    let rest = ErrorRoute::to_queue("errors").exhausted();
    assert_eq!(config.handlers["a"].error_routes, [declined, rest]);
    check_error(
        "[handlers.a]\nerror-routes = [{ exchange = \"shop\" }]\n",
        expect![[r#"
            leveret.toml:2:17: a route to an exchange without a key
              |
            2 | error-routes = [{ exchange = "shop" }]
              |                 ^^^^^^^^^^^^^^^^^^^^^
              = expected `queue = ".."`, or `exchange = ".."` and `key = ".."`"#]],
    );
    check_error(
        "[[handlers.a.error-routes]]\nquue = \"errors\"\n",
        expect![[r#"
            leveret.toml:2:1: unknown field `quue`
              |
            2 | quue = "errors"
              | ^^^^
              = did you mean `queue`?"#]],
    );
}

#[cfg(feature = "http")]
#[test]
fn statuses_are_understood_or_pointed_at() {
    let text = "[handlers.a.statuses]\n404 = \"ack\"\n4xx = \"reject\"\n\
                400-499 = \"retry\"\n429 = { busy = \"1min\" }\n";
    let config = Config::parse(Path::new("leveret.toml"), text).unwrap();
    let statuses = &config.handlers["a"].statuses;
    let last = |status: u16| statuses.iter().rev().find(|(range, _)| range.contains(&status));
    assert_eq!(last(404).unwrap().1, crate::serve::StatusRule::Ack);
    assert_eq!(last(429).unwrap().1, crate::serve::StatusRule::Busy(Duration::from_mins(1)));
    assert_eq!(last(500), None);
    check_error(
        "[handlers.a]\nstatuses = { 40x = \"ack\" }\n",
        expect![[r#"
            leveret.toml:2:14: `40x` is no status
              |
            2 | statuses = { 40x = "ack" }
              |              ^^^
              = expected a status as `404`, all of a kind as `4xx`, or a range as `400-499`"#]],
    );
    check_error(
        "[handlers.a]\nstatuses = { 404 = \"akc\" }\n",
        expect![[r#"
            leveret.toml:2:20: unknown rule `akc`
              |
            2 | statuses = { 404 = "akc" }
              |                    ^^^^^
              = did you mean `ack`?"#]],
    );
}
