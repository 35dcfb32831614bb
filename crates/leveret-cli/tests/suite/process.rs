//! The real command as a process, with what it prints and how it ends.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// No start and no stop takes longer, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(1);

/// The command, with an environment that a test's machine does not change.
pub(crate) fn leveret(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command.args(arguments).env_clear().env("LEVERET_LOG", "warn");
    command
}

/// Runs the command to its end: the exit code and what it said on standard error.
pub(crate) fn ended(mut command: Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A broker that runs; killed when it is dropped.
pub(crate) struct Broker {
    child: Child,
    /// What it printed until it was ready.
    pub(crate) banner: String,
    // Held open: a closed pipe would be one more way to end.
    _output: BufReader<ChildStdout>,
}

impl Broker {
    /// Starts it on a free port, and waits until it is ready.
    pub(crate) fn start(data_dir: &Path) -> Self {
        let data_dir = data_dir.to_str().unwrap();
        Self::from_command(leveret(&["broker", "--listen", "127.0.0.1:0", "--data-dir", data_dir]))
    }

    pub(crate) fn from_command(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (ready, is_ready) = mpsc::channel();
        thread::spawn(move || {
            let mut banner = String::new();
            while !banner.contains("users") && output.read_line(&mut banner).unwrap() > 0 {}
            ready.send((banner, output)).ok();
        });
        let (banner, output) =
            is_ready.recv_timeout(PATIENCE).expect("the broker gets ready in time");
        Self { child, banner, _output: output }
    }

    /// The address it listens on.
    pub(crate) fn address(&self) -> String {
        let line = self.banner.lines().find(|line| line.contains("listening on")).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; the exit code, if it was no signal.
    pub(crate) fn wait(mut self) -> Option<i32> {
        let (ended, has_ended) = mpsc::channel();
        let mut child = std::mem::replace(&mut self.child, nothing());
        thread::spawn(move || ended.send(child.wait()).ok());
        has_ended.recv_timeout(PATIENCE).expect("the broker ends in time").unwrap().code()
    }
}

/// A process that has ended, to stand in for one that is waited for elsewhere.
fn nothing() -> Child {
    Command::new("true").spawn().unwrap()
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
