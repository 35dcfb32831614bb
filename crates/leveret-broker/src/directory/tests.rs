//! The data directory's refusals, each in one line.

use std::os::unix::fs::PermissionsExt;

use expect_test::{Expect, expect};

use super::*;

fn refused(path: &Path, root: &Path, expected: Expect) {
    let error = DataDirectory::open(path).unwrap_err();
    let text = error.to_string().replace(&root.display().to_string(), "ROOT");
    expected.assert_eq(&text.replace(&std::process::id().to_string(), "PID"));
}

#[test]
fn a_missing_directory_is_made_for_its_owner_only() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a/b");
    drop(DataDirectory::open(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_to_string(path.join("format")).unwrap(), "leveret-data 1\n");
    drop(DataDirectory::open(&path).unwrap());
}

#[test]
fn a_directory_in_use_names_its_holder() {
    let root = tempfile::tempdir().unwrap();
    let held = DataDirectory::open(root.path()).unwrap();
    refused(root.path(), root.path(), expect!["data directory `ROOT` is in use by process PID"]);
    drop(held);
    drop(DataDirectory::open(root.path()).unwrap());
}

#[test]
fn a_newer_or_foreign_format_is_refused() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("format"), "leveret-data 2\n").unwrap();
    refused(
        root.path(),
        root.path(),
        expect![
            "data directory `ROOT` has format 2, this version knows up to 1; use the newer leveret that wrote it"
        ],
    );
    fs::write(root.path().join("format"), "hello").unwrap();
    refused(
        root.path(),
        root.path(),
        expect!["`ROOT/format` is no format file of leveret, wanted `leveret-data` and a number"],
    );
}

#[test]
fn a_file_is_no_directory() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&file, root.path(), expect!["data directory `ROOT/file` is not a directory"]);
    refused(
        &file.join("below"),
        root.path(),
        expect!["data directory `ROOT/file/below` is not a directory"],
    );
}

#[test]
fn a_virtual_host_keeps_its_number() {
    let root = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(root.path()).unwrap();
    let mut roster = directory.roster().unwrap();
    assert!(roster.admit(&["/".to_owned(), "say \"hi\"\n".to_owned()]));
    directory.write_roster(&roster).unwrap();
    let mut again = directory.roster().unwrap();
    assert_eq!(again, roster);
    assert!(again.admit(&["new".to_owned(), "/".to_owned()]));
    let names: Vec<_> = again.iter().collect();
    assert_eq!(names, [(1, "/"), (2, "say \"hi\"\n"), (3, "new")]);
    assert!(!again.admit(&["new".to_owned()]));
}

#[test]
fn a_damaged_roster_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(root.path()).unwrap();
    for text in ["streams = 3", "[streams]\n0 = \"x\"", "[streams]\n1 = 2", "[", ""] {
        fs::write(root.path().join("virtual-hosts.toml"), text).unwrap();
        assert!(matches!(directory.roster(), Err(DirectoryError::Damaged { .. })), "{text}");
    }
}
