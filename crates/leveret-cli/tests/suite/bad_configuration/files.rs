//! Files that are no TOML, too large, or cannot be read.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
};

use expect_test::{Expect, expect};

use super::{BROKER, RUN, check, folder, said};
use crate::process::leveret;

/// Ten megabytes.
fn large() -> Vec<u8> {
    let mut large = b"# ten megabytes of this\n".repeat(10 * 1024 * 1024 / 24 + 1);
    large.extend(b"grce = 1\n");
    large
}

#[test]
fn bytes_of_a_run_file_that_are_no_toml_are_told() {
    check(
        &RUN,
        "\u{feff}[connection]\r\nin-memory = true\r\ngrce = 1\r\n",
        expect![[r#"
        leveret.toml:3:1: unknown key `grce`
          |
        3 | grce = 1
          | ^^^^
          = expected one of address, data-dir, in-memory
        78
    "#]],
    );
    check(
        &RUN,
        "grace = \"5s\"\n\0\n",
        expect![[r#"
        leveret.toml:2:1: invalid unquoted key, expected letters, numbers, `-`, `_`
          |
        2 |  
          | ^
          = expected letters, numbers, `-`, `_`
        leveret.toml:2:2: key with no value, expected `=`
          |
        2 |  
          |  ^
          = expected `=`
        78
    "#]],
    );
    check(
        &RUN,
        b"grace = \"5s\"\napp = \"\xff\xfe\"\n",
        expect![[r#"
            leveret.toml:2:8: not UTF-8 from here on
              |
            2 | app = "��"
              |        ^
            78
        "#]],
    );
    check(
        &RUN,
        large(),
        expect![[r#"
        cannot read `leveret.toml`: it has more than 1048576 bytes
        78
    "#]],
    );
}

#[test]
fn bytes_of_the_broker_that_are_no_toml_are_told() {
    check(
        &BROKER,
        "\u{feff}in_memory = true\r\nlissten = 1\r\n",
        expect![[r#"
        leveret.toml:2:1: unknown key `lissten`
          |
        2 | lissten = 1
          | ^^^^^^^
          = help: did you mean `listen`?
        78
    "#]],
    );
    check(
        &BROKER,
        "in_memory = true\n\0\n",
        expect![[r#"
        leveret.toml:2:1: invalid unquoted key, expected letters, numbers, `-`, `_`
          |
        2 |  
          | ^
        78
    "#]],
    );
    check(
        &BROKER,
        b"in_memory = true\ndata_dir = \"\xff\xfe\"\n",
        expect![[r#"
        cannot read the configuration file `leveret.toml`: stream did not contain valid UTF-8
        78
    "#]],
    );
    check(
        &BROKER,
        large(),
        expect![[r#"
        cannot read the configuration file `leveret.toml`: it has 10485777 bytes, wanted at most 1048576
        78
    "#]],
    );
}

#[test]
fn a_file_that_cannot_be_read_has_its_own_code() {
    let root = tempfile::tempdir().unwrap();
    let check = |words: &[&str], expected: Expect| expected.assert_eq(&said(root.path(), words));
    check(
        &RUN,
        expect![[r#"
        cannot read `leveret.toml`: No such file or directory (os error 2)
        66
    "#]],
    );
    check(
        &BROKER,
        expect![[r#"
        cannot read the configuration file `leveret.toml`: No such file or directory (os error 2)
        66
    "#]],
    );
    check(
        &["config", "check", "leveret.toml"],
        expect![[r#"
        cannot read `leveret.toml`: No such file or directory (os error 2)
        66
    "#]],
    );
    fs::create_dir(root.path().join("leveret.toml")).unwrap();
    check(
        &RUN,
        expect![[r#"
        cannot read `leveret.toml`: Is a directory (os error 21)
        78
    "#]],
    );
    check(
        &BROKER,
        expect![[r#"
        cannot read the configuration file `leveret.toml`: Is a directory (os error 21)
        78
    "#]],
    );
    check(
        &["config", "show", "leveret.toml"],
        expect![[r#"
        cannot read `leveret.toml`: Is a directory (os error 21)
        78
    "#]],
    );
}

#[test]
fn a_file_without_permission_is_77() {
    let root = folder(b"in_memory = true\n");
    let path = root.path().join("leveret.toml");
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let is_all_mighty = fs::read(&path).is_ok();
    for words in [&RUN[..], &BROKER[..]] {
        let mut command = leveret(words);
        command.current_dir(root.path());
        if is_all_mighty {
            // The superuser may read everything, and nobody may not.
            command.uid(65_534).gid(65_534);
        }
        let Ok(output) = command.output() else {
            println!("skipped: nobody else may start the command here");
            return;
        };
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(77), "{said}");
        assert!(said.contains("Permission denied") && said.lines().count() == 1, "{said}");
    }
}
