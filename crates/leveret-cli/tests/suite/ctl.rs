//! `leveret ctl` against a broker that runs.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use expect_test::{Expect, expect};

use crate::process::{Broker, leveret};

pub(crate) fn broker() -> Broker {
    Broker::from_command(leveret(&[
        "broker",
        "--in-memory",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ]))
}

pub(crate) fn address(broker: &Broker) -> String {
    let line = broker.banner.lines().find(|line| line.contains("admin api")).unwrap();
    line.split_whitespace().last().unwrap().to_owned()
}

/// Runs one verb; gives back the exit code, and what it printed on either output.
pub(crate) fn ctl(broker: &Broker, words: &[&str], input: &str) -> (i32, String) {
    let address = address(broker);
    let mut command: Command = leveret(&[&["ctl", "--http", &address], words].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A verb that reads nothing may have ended already.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

fn check(broker: &Broker, words: &[&str], input: &str, expected: Expect) {
    let (code, text) = ctl(broker, words, input);
    expected.assert_eq(&format!("{code}\n{text}"));
}

#[test]
fn users_and_permissions_are_made_and_listed() {
    let broker = broker();
    check(
        &broker,
        &["add-user", "hazel", "--tags", "management"],
        "down\n",
        expect![[r#"
        0
    "#]],
    );
    check(
        &broker,
        &["set-permissions", "hazel", "^q", ".*", ""],
        "",
        expect![[r#"
        0
    "#]],
    );
    check(
        &broker,
        &["list-permissions"],
        "",
        expect![[r#"
        0
        user   configure  write  read
        guest  .*         .*     .*
        hazel  ^q         .*
    "#]],
    );
    check(
        &broker,
        &["set-user-limits", "hazel", "max-channels", "-1"],
        "",
        expect![[r#"
        0
    "#]],
    );
    check(
        &broker,
        &["list-users"],
        "",
        expect![[r#"
        0
        name   tags
        guest  administrator
        hazel  management
    "#]],
    );
    check(
        &broker,
        &["delete-user", "hazel"],
        "",
        expect![[r#"
        0
    "#]],
    );
}

#[test]
fn policies_are_made_and_listed() {
    let broker = broker();
    let definition = r#"{"max-length": 5}"#;
    let policy = ["set-policy", "short", "^q", definition, "--apply-to", "queues"];
    check(
        &broker,
        &policy,
        "",
        expect![[r#"
        0
    "#]],
    );
    check(
        &broker,
        &["list-policies"],
        "",
        expect![[r#"
        0
        name   pattern  apply-to  priority  definition
        short  ^q       queues    0         {"max-length":5}
    "#]],
    );
    check(
        &broker,
        &["list-policies", "--json"],
        "",
        expect![[r#"
        0
        [
          {
            "apply-to": "queues",
            "definition": {
              "max-length": 5
            },
            "name": "short",
            "pattern": "^q",
            "priority": 0,
            "vhost": "/"
          }
        ]
    "#]],
    );
    check(
        &broker,
        &["clear-policy", "short"],
        "",
        expect![[r#"
        0
    "#]],
    );
}

#[test]
fn what_is_wrong_is_named_and_has_its_exit_code() {
    let broker = broker();
    check(
        &broker,
        &["delete-user", "nobody"],
        "",
        expect![[r#"
        66
        refused: user `nobody` does not exist
    "#]],
    );
    check(
        &broker,
        &["purge-queue", "none"],
        "",
        expect![[r#"
        66
        refused: NOT_FOUND - no queue 'none' in vhost '/'
    "#]],
    );
    check(
        &broker,
        &["set-policy", "p", "(", r#"{"expires": 1}"#],
        "",
        expect![[r#"
        65
        refused: Validation failed: `pattern`: not a regular expression: unclosed group
    "#]],
    );
    check(
        &broker,
        &["add-user", "hazel"],
        "",
        expect![[r#"
        64
        no password came on standard input
    "#]],
    );
    check(
        &broker,
        &["--user", "nobody", "list-users"],
        "wrong\n",
        expect![[r#"
        77
        refused: Login failed
    "#]],
    );
    let unreachable = ["ctl", "--http", "127.0.0.1:1", "status"];
    assert_eq!(leveret(&unreachable).status().unwrap().code(), Some(69));
    check(
        &broker,
        &["frobnicate-user"],
        "",
        expect![[r#"
        64
        error: unrecognized subcommand 'frobnicate-user'

        Usage: leveret ctl [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_running_broker_is_backed_up_and_the_copy_is_whole() {
    let (root, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data_dir = root.path().to_str().unwrap();
    let any = "127.0.0.1:0";
    let words = ["broker", "--data-dir", data_dir, "--listen", any, "--admin-listen", any];
    let broker = Broker::from_command(leveret(&words));
    let copy = place.path().join("copy").to_str().unwrap().to_owned();
    let (code, text) = ctl(&broker, &["backup", &copy], "");
    assert!(code == 0 && text.contains(&copy), "{code} {text}");
    let (code, text) = ctl(&broker, &["backup", &copy], "");
    assert!(code == 65 && text.contains("is not empty"), "{code} {text}");
    let verified = leveret(&["journal", "verify", &copy]).output().unwrap();
    let text = String::from_utf8([verified.stdout, verified.stderr].concat()).unwrap();
    assert!(verified.status.success(), "{text}");
}

#[test]
fn definitions_go_out_and_come_in_by_files() {
    let (one, other) = (broker(), broker());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.json");
    let file = file.to_str().unwrap();
    assert_eq!(ctl(&one, &["add-user", "hazel"], "down\n").0, 0);
    assert_eq!(ctl(&one, &["export-definitions", file], ""), (0, String::new()));
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(ctl(&other, &["import-definitions", file], ""), (0, String::new()));
    let (_, of_other) = ctl(&other, &["export-definitions", "-"], "");
    assert!(of_other.contains("\"hazel\""), "{of_other}");
    let (code, text) = ctl(&other, &["import-definitions", "-"], r#"{"queues":[{"name":"q"}]}"#);
    assert_eq!(code, 65, "{text}");
    assert!(text.contains("queues[0]: `vhost` is missing"), "{text}");
    let only = ["import-definitions", "-", "--only-vhost"];
    assert_eq!(ctl(&other, &only, r#"{"queues":[{"name":"q"}]}"#).0, 0);
    assert_eq!(ctl(&other, &["import-definitions", "/none.json"], "").0, 66);
}
