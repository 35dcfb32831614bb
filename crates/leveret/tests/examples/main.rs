//! The examples, each run to its end; they check themselves what they show.
//!
//! They are built with the tests. One that is not, as a test was built alone, is skipped.

#![expect(
    clippy::unwrap_used,
    reason = "the lints know tests by their attribute, and not what stands beside them"
)]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Longer than any takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often one is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The names of all of them, by their files.
fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Where cargo puts what it has built of an example.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples").join(name)
}

async fn run(name: &str) {
    let program = program(name);
    if !program.exists() {
        // Past the capture of test output: a skipped test must be seen.
        let mut out = io::stderr();
        writeln!(out, "skipped: example {name}: it is not built").unwrap();
        return;
    }
    // Some keep what they have in the directory that they are started in.
    let folder = tempfile::tempdir().unwrap();
    let errors = folder.path().join("errors");
    let mut command = Command::new(program);
    command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(File::create(&errors).unwrap()).spawn().unwrap();
    let ended = tokio::time::timeout(PATIENCE, end_of(&mut child)).await;
    child.kill().ok();
    let status = ended.unwrap_or_else(|_| panic!("example {name} has not ended"));
    let told = std::fs::read_to_string(&errors).unwrap();
    assert!(status.success(), "example {name}: {status}\n{told}");
}

async fn end_of(child: &mut Child) -> ExitStatus {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
    }
}

#[tokio::test]
async fn each_example_comes_to_its_end() {
    let names = names();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        run(&name).await;
    }
}
