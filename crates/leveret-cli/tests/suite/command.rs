//! `leveret broker` as the shell sees it: what it says, and its exit codes.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

use expect_test::{Expect, expect};

use crate::process::{Broker, ended, leveret};

/// What `leveret broker` with these arguments says and ends with; `ROOT` stands for the directory.
fn refused(root: &Path, arguments: &[&str], expected: Expect) {
    let root = root.to_str().unwrap();
    let arguments: Vec<String> = arguments.iter().map(|text| text.replace("ROOT", root)).collect();
    let arguments: Vec<&str> =
        ["broker"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let (code, said) = ended(leveret(&arguments));
    expected.assert_eq(&format!("{}{}\n", said.replace(root, "ROOT"), code.unwrap()));
}

#[test]
fn the_help_tells_settings_and_exit_codes() {
    let output = leveret(&["broker", "--help"]).output().unwrap();
    assert!(output.status.success());
    expect![[r#"
        Run the broker until it is told to stop (SIGINT or SIGTERM; a second one forces it)

        Usage: leveret broker [OPTIONS] [COMMAND]

        Commands:
          config  Look at the configuration instead of running
          help    Print this message or the help of the given subcommand(s)

        Options:
              --config <FILE>        Read settings from this TOML file
              --listen <ADDR>        Listen here instead of 127.0.0.1:5672; can be given many times, port 0
                                     takes a free one
              --admin-listen <ADDR>  Answer the HTTP admin API (which `leveret ctl` uses) here, such as at
                                     127.0.0.1:15672
              --data-dir <DIR>       Keep messages in this directory instead of ./leveret-data; made if
                                     missing
              --in-memory            Keep messages in memory only; they are gone when the broker stops
          -h, --help                 Print help

        Settings are taken from flags, then the environment, then the file, then defaults:
          LEVERET_BROKER_CONFIG     the file
          LEVERET_BROKER_LISTEN     addresses, parted by commas
          LEVERET_BROKER_DATA_DIR   the data directory
          LEVERET_BROKER_IN_MEMORY  true or false
          LEVERET_LOG               what to log: error, warn, info, debug, trace, or a filter

        SIGHUP reads the file again: limits, alarms and certificates change for new connections, the log
        says what waits for a restart, and a file with mistakes changes nothing.

        Without users in the file there is `guest` with the password `guest`, from this machine only.

        Exit codes: 0 stopped cleanly, 64 usage, 65 data damaged or of a newer version, 66 no such file,
          70 internal failure, 73 data directory in use or not to be made, 74 disk failure,
          75 address in use, 77 no permission, 78 configuration, 130 forced by a second signal
    "#]].assert_eq(&String::from_utf8(output.stdout).unwrap());
}

#[test]
fn a_command_line_that_makes_no_sense_is_64() {
    let root = tempfile::tempdir().unwrap();
    refused(
        root.path(),
        &["--lissten", "127.0.0.1:0"],
        expect![[r#"
        error: unexpected argument '--lissten' found

          tip: a similar argument exists: '--listen'

        Usage: leveret broker --listen <ADDR>

        For more information, try '--help'.
        64
    "#]],
    );
    refused(
        root.path(),
        &["--listen", "nowhere"],
        expect![[r#"
        error: invalid value 'nowhere' for '--listen <ADDR>': `nowhere` is no address, wanted an IP address and a port such as `127.0.0.1:5672`

        For more information, try '--help'.
        64
    "#]],
    );
    refused(
        root.path(),
        &["--in-memory", "--data-dir", "x"],
        expect![[r#"
        error: the argument '--in-memory' cannot be used with '--data-dir <DIR>'

        Usage: leveret broker --in-memory

        For more information, try '--help'.
        64
    "#]],
    );
    assert_eq!(ended(leveret(&["brocker"])).0, Some(64));
    assert_eq!(ended(leveret(&[])).0, Some(64));
}

#[test]
fn a_wrong_configuration_is_78_and_shows_all_of_it() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("broker.toml");
    fs::write(&file, "lissten = []\ndata_dir = 7\n").unwrap();
    refused(
        root.path(),
        &["--config", "ROOT/broker.toml"],
        expect![[r#"
        ROOT/broker.toml:1:1: unknown key `lissten`
          |
        1 | lissten = []
          | ^^^^^^^
          = help: did you mean `listen`?
        ROOT/broker.toml:2:12: `data_dir` is an integer, wanted a string
          |
        2 | data_dir = 7
          |            ^
        78
    "#]],
    );
    fs::write(&file, "in_memory = true\ndata_dir = \"x\"\n").unwrap();
    refused(
        root.path(),
        &["--config", "ROOT/broker.toml"],
        expect![[r#"
        `in_memory` is true and `data_dir` is `x`: only one can be
        78
    "#]],
    );
    refused(
        root.path(),
        &["--config", "ROOT"],
        expect![[r#"
        cannot read the configuration file `ROOT`: Is a directory (os error 21)
        78
    "#]],
    );
    let mut command = leveret(&["broker"]);
    command.env("LEVERET_BROKER_IN_MEMORY", "maybe");
    let (code, said) = ended(command);
    expect![[r#"
        LEVERET_BROKER_IN_MEMORY: `maybe` is neither `true` nor `false`
    "#]]
    .assert_eq(&said);
    assert_eq!(code, Some(78));
}

#[test]
fn a_missing_configuration_is_66() {
    let root = tempfile::tempdir().unwrap();
    refused(
        root.path(),
        &["--config", "ROOT/nope.toml"],
        expect![[r#"
        cannot read the configuration file `ROOT/nope.toml`: No such file or directory (os error 2)
        66
    "#]],
    );
}

#[test]
fn a_data_directory_that_cannot_be_taken_is_refused_in_one_line() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    refused(
        root.path(),
        &["--data-dir", "ROOT/file"],
        expect![[r#"
        data directory `ROOT/file` is not a directory
        73
    "#]],
    );
    let newer = root.path().join("newer");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("format"), "leveret-data 9\n").unwrap();
    refused(
        root.path(),
        &["--data-dir", "ROOT/newer"],
        expect![[r#"
        data directory `ROOT/newer` has format 9, this version knows up to 1; use the newer leveret that wrote it
        65
    "#]],
    );
    let foreign = root.path().join("foreign");
    fs::create_dir_all(foreign.join("journal")).unwrap();
    fs::write(foreign.join("virtual-hosts.toml"), "hello").unwrap();
    refused(
        root.path(),
        &["--data-dir", "ROOT/foreign"],
        expect![[r#"
        `ROOT/foreign/virtual-hosts.toml` is no TOML: key with no value, expected `=`
        65
    "#]],
    );
}

#[test]
fn a_full_disk_is_refused_in_one_line() {
    let root = tempfile::tempdir().unwrap();
    // Each write to this device fails as on a full disk.
    std::os::unix::fs::symlink("/dev/full", root.path().join("format.new")).unwrap();
    refused(
        root.path(),
        &["--data-dir", "ROOT"],
        expect![[r#"
        no space left for `ROOT/format`
        73
    "#]],
    );
}

#[test]
fn a_directory_without_permission_is_77() {
    let root = tempfile::tempdir().unwrap();
    let closed = root.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(closed.join("probe"), "").is_ok() {
        // Skipped: the superuser may write everywhere.
        return;
    }
    refused(
        root.path(),
        &["--data-dir", "ROOT/closed/data"],
        expect![[r#"
        no permission for `ROOT/closed/data`
        77
    "#]],
    );
}

#[test]
fn an_address_in_use_is_75() {
    let root = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = ended(leveret(&["broker", "--in-memory", "--listen", &address]));
    let said = said.replace(&address, "ADDRESS");
    expect![[r#"
        cannot listen on ADDRESS: Address already in use (os error 98)
    "#]]
    .assert_eq(&said);
    assert_eq!(code, Some(75));
    let data_dir = root.path().to_str().unwrap();
    let (code, _) = ended(leveret(&["broker", "--data-dir", data_dir, "--listen", &address]));
    assert_eq!(code, Some(75));
}

#[test]
fn a_second_instance_names_the_first_and_a_clean_stop_makes_room() {
    let root = tempfile::tempdir().unwrap();
    let first = Broker::start(root.path());
    let data_dir = root.path().to_str().unwrap();
    let (code, said) =
        ended(leveret(&["broker", "--data-dir", data_dir, "--listen", "127.0.0.1:0"]));
    let said = said.replace(data_dir, "ROOT").replace(&first.id().to_string(), "PID");
    expect![[r#"
        data directory `ROOT` is in use by process PID
    "#]]
    .assert_eq(&said);
    assert_eq!(code, Some(73));
    let banner = first.banner.replace(data_dir, "ROOT").replace(&first.address(), "ADDRESS");
    let banner: Vec<&str> = banner.split(|letter: char| letter.is_ascii_digit()).collect();
    let banner = banner.join("N").replace("NN", "N").replace("NN", "N");
    expect![[r#"
        leveret broker N.N.N is ready
          listening on  ADDRESS
          admin api     off
          messages in   ROOT
          recovered     N records in N ms
          users         guest
    "#]]
    .assert_eq(&banner);
    first.signal("TERM");
    assert_eq!(first.wait(), Some(0));
    let second = Broker::start(root.path());
    second.signal("INT");
    assert_eq!(second.wait(), Some(0));
}

#[test]
fn a_killed_instance_leaves_no_lock() {
    let root = tempfile::tempdir().unwrap();
    let first = Broker::start(root.path());
    first.signal("KILL");
    assert_eq!(first.wait(), None);
    let second = Broker::start(root.path());
    second.signal("TERM");
    assert_eq!(second.wait(), Some(0));
}

#[test]
fn settings_come_from_file_environment_and_flags() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("broker.toml");
    fs::write(&file, "in_memory = true\nlisten = [\"127.0.0.1:1\"]\n[[users]]\nname = \"hazel\"\npassword = \"canary\"\n").unwrap();
    let mut command = leveret(&["broker", "--listen", "127.0.0.1:0", "--listen", "localhost:0"]);
    command.env("LEVERET_BROKER_CONFIG", &file).env("LEVERET_BROKER_DATA_DIR", "");
    let broker = Broker::from_command(command);
    assert!(broker.banner.contains("in memory only"), "{}", broker.banner);
    assert!(broker.banner.contains("hazel") && !broker.banner.contains("canary"));
    assert!(broker.banner.matches("127.0.0.1:").count() == 2);
    broker.signal("TERM");
    assert_eq!(broker.wait(), Some(0));
}
