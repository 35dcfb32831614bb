//! The run files of `examples/run`: right, and doing what their page says.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use crate::{PATIENCE, Run, ended, leveret};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a sample on a free port, sends a message, and waits for what comes out.
fn sample(file: &str, more: &[&str], message: [&str; 3], queue: &str) -> String {
    let path = format!("examples/run/{file}");
    let mut command = leveret(&["run", &path, "--set", "broker.listen=[\"127.0.0.1:0\"]"]);
    command.args(more).current_dir(root());
    // Interpreters are looked up.
    command.env("PATH", std::env::var("PATH").unwrap());
    let run = Run::from_command(command);
    let line = run.banner.lines().find(|line| line.starts_with("listening on")).unwrap();
    let address = format!("amqp://guest:guest@{}", line.rsplit(' ').next().unwrap());
    let [exchange, key, body] = message;
    let (exit, said) =
        ended(leveret(&["publish", "-x", exchange, "-k", key, body, "--url", &address]));
    assert_eq!(exit, Some(0), "{said}");
    let end = Instant::now() + PATIENCE;
    let text = loop {
        let mut command = leveret(&["get", queue, "--take", "--raw", "--url", &address]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        if output.status.success() && !output.stdout.is_empty() {
            break String::from_utf8(output.stdout).unwrap();
        }
        assert!(Instant::now() < end, "nothing comes to `{queue}`");
        thread::yield_now();
    };
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0));
    text
}

/// Whether this machine has the interpreter; said if it has not.
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        println!("skipped: this machine has no python3");
    }
    found
}

#[test]
fn every_sample_is_right_and_described() {
    let readme = fs::read_to_string(root().join("examples/run/README.md")).unwrap();
    let files = fs::read_dir(root().join("examples/run")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|kind| kind == "toml"));
    let names: Vec<String> =
        paths.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        assert!(readme.contains(&format!("(`{name}`)")) || readme.contains(&format!("]({name})")));
        let path = format!("examples/run/{name}");
        let mut command = leveret(&["config", "check", &path]);
        command.current_dir(root()).env("PATH", std::env::var("PATH").unwrap());
        assert_eq!(ended(command), (Some(0), String::new()), "{name}");
    }
}

#[test]
fn a_command_shouts() {
    let said = sample("command.toml", &[], ["talk", "said.hazel", "good evening"], "shouted");
    assert_eq!(said.trim_end(), "GOOD EVENING");
}

#[test]
fn a_worker_greets() {
    if has_python() {
        let said = sample("worker.toml", &[], ["people", "came.in", "Hazel"], "greetings");
        assert_eq!(said.trim_end(), "Hello, Hazel");
    }
}

/// A process that is killed when the test ends.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_web_service_takes_orders() {
    if !has_python() {
        return;
    }
    let mut command = Command::new("python3");
    let piped = command.args(["examples/run/hooks.py", "0"]).stdout(Stdio::piped());
    let mut service = Beside(piped.stderr(Stdio::null()).current_dir(root()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(service.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().rsplit(' ').next().unwrap();
    let url = format!("consumers.orders.target.http.url=http://{address}/orders/{{region}}");
    let message = ["shop", "order.north", "two boots"];
    let said = sample("http.toml", &["--set", &url], message, "receipts");
    assert_eq!(said.trim_end(), "taken: two boots");
}
