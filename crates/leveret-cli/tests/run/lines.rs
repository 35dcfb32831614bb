//! Log lines as JSON: each is an object, and none has a secret or a body.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::Instant,
};

use serde_json::Value;

use crate::{PATIENCE, Run, leveret};

/// What no line may hold: each is somewhere in what the processes are given.
const CANARIES: [&str; 5] =
    ["password-canary", "setting-canary", "token-canary", "header-canary", "body-canary"];

/// A broker whose log is a file; killed when it is dropped.
struct Broker {
    child: Child,
    address: String,
}

impl Broker {
    fn start(folder: &Path) -> Self {
        let text = "listen = [\"127.0.0.1:0\"]\ndata_dir = \"data\"\n\
             [[users]]\nname = \"hazel\"\npassword = \"password-canary\"\n";
        fs::write(folder.join("broker.toml"), text).unwrap();
        let mut command = leveret(&["broker", "--config", "broker.toml"]);
        command.current_dir(folder).env("LEVERET_LOG", "trace").env("LEVERET_LOG_FORMAT", "json");
        let errors = File::create(folder.join("broker.log")).unwrap();
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = piped.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("users") && output.read_line(&mut banner).unwrap() > 0 {}
        let line = banner.lines().find(|line| line.contains("listening on")).unwrap();
        let address = line.split_whitespace().last().unwrap();
        Self { child, address: format!("amqp://hazel:password-canary@{address}") }
    }

    /// Waits until the queue has a message.
    fn holds(&self, queue: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut command = leveret(&["get", queue, "--json", "--url", &self.address]);
            let output = command.stdin(Stdio::null()).output().unwrap();
            if output.status.success() && !output.stdout.is_empty() {
                return;
            }
            assert!(Instant::now() < end, "nothing comes to `{queue}`");
            thread::yield_now();
        }
    }

    fn publish(&self, queue: &str) {
        let words = [
            "publish",
            "-q",
            queue,
            "-H",
            "note=header-canary",
            "body-canary",
            "--url",
            &self.address,
        ];
        let output = leveret(&words).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Each line is an object with time, level and message, and without any canary.
fn checked(who: &str, lines: &[String]) {
    assert!(lines.len() > 3, "{who} said nothing: {lines:?}");
    for line in lines {
        let value: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{who}: {error} in {line:?}"));
        for key in ["timestamp", "level", "fields"] {
            assert!(value.get(key).is_some(), "{who}: no `{key}` in {line}");
        }
        for canary in CANARIES {
            assert!(!line.contains(canary), "{who} tells {canary}: {line}");
        }
    }
}

#[test]
fn json_lines_parse_and_tell_no_secret_and_no_body() {
    let root = tempfile::tempdir().unwrap();
    let broker = Broker::start(root.path());
    fs::write(root.path().join("token"), "token-canary").unwrap();
    let text = format!(
        "[connection]\naddress = \"{}\"\n[settings]\napi-key = \"setting-canary\"\n\
         [logging]\nlevel = \"trace\"\nformat = \"json\"\nmessages = \"info\"\n\
         [consumers.jobs]\nqueue = \"jobs\"\nretry = {{ attempts = 2 }}\n\
         target = {{ command = {{ argv = [\"/bin/sh\", \"-c\", \"cat > /dev/null; echo 'no \\\"luck\\\"' >&2; exit 1\"] }} }}\n\
         [consumers.hooks]\nqueue = \"hooks\"\nretry = {{ attempts = 1 }}\n\
         target = {{ http = {{ url = \"http://127.0.0.1:1/\", bearer-file = \"token\" }} }}\n",
        broker.address
    );
    fs::write(root.path().join("leveret.toml"), text).unwrap();
    let mut run = Run::start(root.path());
    for queue in ["jobs", "hooks"] {
        broker.publish(queue);
        broker.holds(&format!("{queue}.dead"));
    }
    run.signal("TERM");
    let log = std::mem::replace(&mut run.log, mpsc::channel().1);
    assert_eq!(run.wait(), Some(0));
    let lines: Vec<String> = log.iter().collect();
    assert!(lines.iter().any(|line| line.contains("no \\\"luck\\\"")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("jobs.dead")), "{lines:?}");
    checked("leveret run", &lines);

    let said = fs::read_to_string(root.path().join("broker.log")).unwrap();
    let lines: Vec<String> = said.lines().map(ToOwned::to_owned).collect();
    checked("leveret broker", &lines);
}
