//! Bad files, addresses and command lines, at the real command.
//!
//! Rows are those of the table in `docs/faults.md`, which names the tests of all of them.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use leveret_client::{QueueDeclare, blocking::Connection};

use crate::{
    messages::broker,
    process::{Broker, ended, leveret},
    relocate::{run, url},
};

/// Longer than any start takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(1);

/// No panic, whatever else it says; the exit code.
#[track_caller]
fn code(mut command: Command) -> i32 {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    output.status.code().unwrap_or_else(|| panic!("by a signal: {text}"))
}

fn ready(url: &str, queue: &str) -> u32 {
    let connection = Connection::open(url).unwrap();
    let queue = QueueDeclare { name: queue.try_into().unwrap(), ..QueueDeclare::default() };
    connection.channel().unwrap().queue_declare(&queue).unwrap().messages
}

/// Every test that the table names is somewhere.
#[test]
fn the_table_names_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = fs::read_to_string(root.join("docs/faults.md")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| C"));
    let names = rows.flat_map(|row| row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    let mut sources = String::new();
    gather(&root.join("crates"), &mut sources);
    let mut count = 0;
    for name in names {
        assert!(sources.contains(&format!("fn {name}(")), "no test `{name}`");
        count += 1;
    }
    assert!(count > 30, "{count} names");
}

fn gather(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// C7: where nothing can be made, not even by the superuser.
#[test]
fn a_data_directory_on_what_cannot_be_written_is_refused() {
    let (code, said) = ended(leveret(&["broker", "--data-dir", "/sys/leveret"]));
    assert!(code == Some(77) || code == Some(73), "{code:?} {said}");
    assert!(said.contains("`/sys/leveret`") && said.lines().count() == 1, "{said}");
}

/// C8: what is done to a log of a broker that was killed, and what the next one says.
#[test]
fn a_log_that_was_damaged_is_refused_with_its_place_or_mended_at_its_end() {
    type Damage = fn(&Path);
    let rows: [(&str, Damage, Option<&str>); 6] = [
        ("nothing", |_| {}, None),
        ("a torn tail", |segment| append(segment, b"torn"), None),
        ("a tail of zeros", |segment| append(segment, &[0; 5000]), None),
        (
            "a foreign file",
            |segment| fs::write(segment.with_file_name("notes"), "x").unwrap(),
            None,
        ),
        ("a flipped bit", flip, Some("damaged")),
        ("a link", link, Some("segment-")),
    ];
    for (what, damage, refusal) in rows {
        let root = tempfile::tempdir().unwrap();
        let data_dir = root.path().join("data");
        let first = Broker::start(&data_dir);
        for _ in 0..3 {
            ready(&url(&first), "jobs");
            run(&["publish", "-q", "jobs", "--url", &url(&first), &"body ".repeat(100)], "");
        }
        drop(first);
        damage(&segment(&data_dir));
        let Some(refusal) = refusal else {
            let again = Broker::start(&data_dir);
            assert_eq!(ready(&url(&again), "jobs"), 3, "{what}");
            continue;
        };
        let data_dir = data_dir.to_str().unwrap();
        let (code, said) = not_started(data_dir);
        assert!(matches!(code, Some(65 | 74)), "{what}: {code:?} {said}");
        assert!(said.contains(refusal) && !said.contains("panicked"), "{what}: {said}");
    }
}

fn segment(data_dir: &Path) -> PathBuf {
    let files = fs::read_dir(data_dir.join("journal")).unwrap();
    let mut segments: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    segments.retain(|path| path.to_string_lossy().contains("segment-"));
    segments.sort();
    segments.remove(0)
}

fn append(segment: &Path, bytes: &[u8]) {
    let before = fs::read(segment).unwrap();
    fs::write(segment, [before.as_slice(), bytes].concat()).unwrap();
}

/// In the first message, which later commits had said to be safe.
fn flip(segment: &Path) {
    let mut bytes = fs::read(segment).unwrap();
    let at = bytes.windows(10).position(|window| window == b"body body ").unwrap();
    *bytes.get_mut(at).unwrap() ^= 1;
    fs::write(segment, bytes).unwrap();
}

/// The exit code of a broker that does not start, and what it says; one that starts does not hang the test.
fn not_started(data_dir: &str) -> (Option<i32>, String) {
    let mut command = leveret(&["broker", "--data-dir", data_dir, "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() && start.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    // It may have ended already.
    child.kill().ok();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn link(segment: &Path) {
    let elsewhere = segment.with_file_name("elsewhere");
    fs::rename(segment, &elsewhere).unwrap();
    symlink(elsewhere, segment).unwrap();
}

/// C10: one clear line, without the password, before anything is connected to.
#[test]
fn an_address_that_is_none_is_refused_without_its_password() {
    for (url, named) in [
        ("http://canary:canary@host", "amqp"),
        ("canary", "amqp"),
        ("amqp://u:canary@host:0", "port"),
        ("amqp://u:canary@host:65536", "port"),
        ("amqp://u:canary@::1", "ipv6"),
        ("amqp://u:canary@host/%zz", "%"),
        ("amqp://u:canary%@host", "%"),
        ("amqp://u:canary/x@host", "unescaped"),
        ("amqp://u:canary#x@host", ""),
        ("amqp://u:canary@host/v?hartbeat=3", "unknown; known are heartbeat"),
        ("amqp://u:canary@host/v?heartbeat=soon", "heartbeat"),
        ("amqp://u:canary@host/a/b", "/"),
    ] {
        let (code, said) = ended(leveret(&["get", "jobs", "--url", url]));
        assert_eq!(code, Some(64), "{url}: {said}");
        let line = said.to_lowercase();
        assert!(said.lines().count() == 1 && line.contains(named), "{url}: {said}");
        assert!(!said.contains("canary") || !url.contains('@'), "{url}: {said}");
    }
}

/// C11: nothing that is typed brings it down.
#[test]
fn words_that_make_no_sense_are_64() {
    for words in [&["brocker"][..], &["get"], &["get", "a", "b"], &["ctl"], &["topology", "plan"]] {
        assert_eq!(code(leveret(words)), 64, "{words:?}");
    }
    let odd = OsStr::from_bytes(b"jo\xffbs");
    for words in [&[][..], &["get"], &["ctl"], &["publish", "-q"], &["new", "--leveret"]] {
        let mut command = leveret(words);
        command.arg(odd);
        assert_eq!(code(command), 64, "{words:?}");
    }
    // A path may be of any bytes.
    let mut command = leveret(&["broker", "--config"]);
    command.arg(odd);
    assert_eq!(code(command), 66);
    let mut command = leveret(&["status"]);
    command.env("AMQP_URL", odd);
    assert_eq!(code(command), 64);
    let mut command = leveret(&["get", "jobs"]);
    command.env("AMQP_URL", odd);
    assert_eq!(code(command), 64);
}

/// C11: nobody is asked where nobody can answer.
#[test]
fn without_a_terminal_nothing_is_deleted_unasked() {
    let broker = broker();
    let url = url(&broker);
    ready(&url, "jobs");
    run(&["publish", "-q", "jobs", "--url", &url, "x"], "");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    fs::write(&file, "[queues.jobs]\n").unwrap();
    let file = file.to_str().unwrap();
    for words in [
        &["purge", "jobs"][..],
        &["dlq", "drop", "jobs"],
        &["topology", "delete", file, "--with-messages"],
    ] {
        // Even if somebody says yes: that is no terminal.
        let text = run(&[words, &["--url", &url]].concat(), "y\n");
        assert!(text.starts_with("64\n") && text.contains("`--yes`"), "{words:?}: {text}");
    }
    assert_eq!(ready(&url, "jobs"), 1);
}

/// C11: what reads it may go away, as `head` does.
#[test]
fn a_reader_that_goes_away_is_no_failure_and_costs_no_message() {
    let broker = broker();
    let url = url(&broker);
    ready(&url, "jobs");
    let body = "x".repeat(2000);
    let lines = (0..900).fold(String::new(), |lines, number| lines + &format!("{number} {body}\n"));
    run(&["publish", "-q", "jobs", "--lines", "--url", &url], &lines);
    for words in [
        &["get", "jobs", "-n", "900", "--raw", "--url", &url][..],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ] {
        let (code, said) = headed(words);
        assert!(code == Some(0) && !said.contains("panicked"), "{words:?}: {code:?} {said}");
    }
    assert_eq!(ready(&url, "jobs"), 900);
    let (_, said) = headed(&["consume", "jobs", "--raw", "--url", &url]);
    assert!(!said.contains("panicked"), "{said}");
    // The pipe held some; what was not printed is back.
    let left = ready(&url, "jobs");
    assert!((1..900).contains(&left), "{left}");
    let next = run(&["get", "jobs", "--raw", "--url", &url], "");
    assert!(next.starts_with(&format!("0\n{} x", 900 - left)), "{left}: {}", &next[..20]);
}

/// Reads a line and goes away; the exit code, and what was said on standard error.
fn headed(words: &[&str]) -> (Option<i32>, String) {
    let mut command = leveret(words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::with_capacity(16, child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    drop(output);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

/// C11: colours are for terminals, and for nobody who does not want them.
#[test]
fn colours_go_off_when_they_are_not_wanted() {
    let help = |variables: &[(&str, &str)]| {
        let mut command = leveret(&["publish", "--help"]);
        command.envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(!help(&[]).contains('\u{1b}'));
    assert!(help(&[("CLICOLOR_FORCE", "1")]).contains('\u{1b}'), "the control");
    assert!(!help(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\u{1b}'));
}

/// C11: a terminal of 20 columns.
#[test]
fn a_narrow_terminal_is_no_failure() {
    let broker = broker();
    for words in [&["--help"][..], &["publish", "--help"], &["move", "--help"], &["get"]] {
        let mut command = leveret(words);
        command.env("COLUMNS", "20");
        assert_eq!(code(command), if words == ["get"] { 64 } else { 0 }, "{words:?}");
    }
    let mut command = leveret(&["doctor", "--url", &url(&broker)]);
    command.env("COLUMNS", "20");
    assert_eq!(code(command), 0);
}
