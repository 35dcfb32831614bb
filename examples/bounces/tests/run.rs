//! The program as its user sees it: what it leaves, what it says, how it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const MAIL: &str = "From: mailer-daemon@example.org\nSubject: failure notice\n\n<ann@example.com>:\n550 5.1.1 no such user\n";

fn run(arguments: &[&Path], out: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bounces"));
    command.args(arguments).arg("--out").arg(out).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_samples_run_to_the_end_and_stay_done() {
    let dir = tempfile::tempdir().unwrap();
    let first = said(&run(&[], dir.path()));
    assert!(first.contains("Accounted for exactly once: 41 of 41; 0 lost, 0 twice."), "{first}");
    assert_eq!(lines(&dir.path().join("results.jsonl")).len(), 38);
    let suppression = fs::read_to_string(dir.path().join("suppression.txt")).unwrap();
    assert!(suppression.lines().any(|address| address == "rose@example.org"));
    assert!(
        suppression.lines().all(|address| address != "lily@example.org"),
        "a full mailbox is not suppressed"
    );

    let dead = lines(&dir.path().join("dead.jsonl"));
    assert_eq!(dead.iter().filter(|dead| dead["reason"] == "the file is empty").count(), 1);
    for dead in dead {
        let (file, id) = (dead["file"].as_str().unwrap(), dead["id"].as_str().unwrap());
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(file);
        let kept = dir.path().join("dead").join(format!("{id}.eml"));
        assert_eq!(fs::read(sample).unwrap(), fs::read(kept).unwrap(), "{file} is unchanged");
    }

    let second = said(&run(&[], dir.path()));
    assert!(second.contains("handled by earlier runs"), "{second}");
    assert!(second.contains("41 of 41; 0 lost, 0 twice"), "{second}");
}

#[test]
fn a_directory_is_left_as_it_is_and_trouble_with_one_file_is_only_that() {
    let dir = tempfile::tempdir().unwrap();
    let mails = dir.path().join("mails");
    fs::create_dir_all(mails.join("a")).unwrap();
    fs::write(mails.join("a/1.eml"), MAIL).unwrap();
    fs::write(mails.join("2.eml"), MAIL).unwrap();
    File::create(mails.join("large.eml")).unwrap().set_len(20 * 1024 * 1024).unwrap();
    let output = said(&run(&[&mails], &dir.path().join("out")));
    assert!(output.contains("Accounted for exactly once: 2 of 2"), "{output}");
    assert!(output.contains("large.eml: too large: 20971520 bytes"), "{output}");
    assert!(
        mails.join("a/1.eml").exists()
            && mails.join("2.eml").exists()
            && mails.join("large.eml").exists()
    );
}

#[test]
fn a_maildir_is_read_from_new_to_cur() {
    let dir = tempfile::tempdir().unwrap();
    let mails = dir.path().join("mails");
    fs::create_dir_all(mails.join("new")).unwrap();
    fs::write(mails.join("new/1.eml"), MAIL).unwrap();
    let out = dir.path().join("out");
    assert!(said(&run(&[&mails], &out)).contains("1 of 1"));
    assert!(!mails.join("new/1.eml").exists() && mails.join("cur/1.eml").exists());
    fs::write(mails.join("new/2.eml"), MAIL).unwrap();
    assert!(said(&run(&[&mails], &out)).contains("2 of 2; 0 lost"));
}

#[test]
fn results_of_another_input_are_not_mixed_in() {
    let dir = tempfile::tempdir().unwrap();
    let mails = dir.path().join("mails");
    fs::create_dir_all(&mails).unwrap();
    let out = dir.path().join("out");
    said(&run(&[&mails], &out));
    assert!(complained(&run(&[], &out)).contains("holds the results of"));
    assert!(complained(&run(&[&dir.path().join("none")], &out)).contains("cannot read directory"));
}

#[test]
fn a_second_instance_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mails = dir.path().join("mails");
    fs::create_dir_all(&mails).unwrap();
    fs::write(mails.join("1.eml"), MAIL).unwrap();
    let out = dir.path().join("out");
    let mut first = Command::new(env!("CARGO_BIN_EXE_bounces"))
        .arg(&mails)
        .args(["--pace", "600000", "--out"])
        .arg(&out)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Its first line comes once it runs.
    let mut told = String::new();
    BufReader::new(first.stderr.take().unwrap()).read_line(&mut told).unwrap();
    assert_eq!(told, "0 of 1 mails\n");
    let complaint = complained(&run(&[&mails], &out));
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(complaint.contains("does not start"), "{complaint}");
    assert!(said(&run(&[&mails], &out)).contains("1 of 1"));
}

#[test]
fn another_broker_does_the_same() {
    let Some(address) = std::env::var_os("AMQP_URL") else {
        std::io::stderr().write_all(b"skipped: no other broker; name it in AMQP_URL\n").unwrap();
        return;
    };
    // What one run leaves on the broker is nothing to another with results of its own: its
    // inbox once took over the ids of the first, and dropped all mails as handled.
    for _ in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        let output = said(&run(&[Path::new("--amqp"), Path::new(&address)], dir.path()));
        assert!(output.contains("41 of 41; 0 lost, 0 twice"), "{output}");
    }
}
