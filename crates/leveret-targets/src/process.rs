//! A program: how it is started, and how it and all that it started are ended.
//!
//! Keeps true: whatever becomes of an attempt, its process is ended and reaped; none outlives
//! the handler but for the grace that it was given.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::runtime;
use tokio::time::timeout;

/// What a program must not inherit: what was said to the one that starts it.
const OWN_VARIABLES: &str = "LEVERET_";

/// A program as a configuration says it.
#[derive(Debug)]
pub(crate) struct ProgramParts {
    pub(crate) argv: Vec<String>,
    pub(crate) working_dir: Option<PathBuf>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) inherits: bool,
}

/// A program that is there.
pub(crate) struct Program {
    path: PathBuf,
    args: Vec<String>,
    working_dir: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
}

/// A process and its group; ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Option<Child>,
    group: Option<Pid>,
    grace: Duration,
}

/// The three pipes of a process.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

impl Program {
    /// An error says what is wrong.
    pub(crate) fn find(parts: ProgramParts) -> Result<Self, String> {
        let mut argv = parts.argv.into_iter();
        let name = argv.next().filter(|name| !name.is_empty());
        let name = name.ok_or("a program is wanted: `[\"./program\", \"argument\"]`")?;
        if let Some(directory) = parts.working_dir.as_ref().filter(|path| !path.is_dir()) {
            return Err(format!("the working directory `{}` is not there", directory.display()));
        }
        let inherited = env::vars_os().filter(|(name, _)| {
            parts.inherits && !name.as_encoded_bytes().starts_with(OWN_VARIABLES.as_bytes())
        });
        let own = parts.variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Ok(Self {
            path: find(&name, parts.working_dir.as_deref())?,
            args: argv.collect(),
            working_dir: parts.working_dir,
            variables: inherited.chain(own).collect(),
        })
    }

    /// How it is told of: its path and the first argument.
    pub(crate) fn told(&self) -> String {
        let path = self.path.display();
        match self.args.first() {
            Some(first) => format!("`{path} {first}`"),
            None => format!("`{path}`"),
        }
    }

    /// With pipes, in a process group of its own.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args).env_clear().envs(self.variables.iter().cloned());
        if let Some(directory) = &self.working_dir {
            command.current_dir(directory);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0);
        command
    }
}

impl Running {
    /// Starts it. The command is dropped, and with it what it held open for the process.
    pub(crate) fn start(command: Command, grace: Duration) -> io::Result<(Self, Pipes)> {
        let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let pipes = child.stdin.take().zip(child.stdout.take()).zip(child.stderr.take());
        let running = Self { child: Some(child), group, grace };
        let ((stdin, stdout), stderr) = pipes.ok_or_else(|| io::Error::other("no pipes"))?;
        Ok((running, Pipes { stdin, stdout, stderr }))
    }

    /// Waits until the process ends by itself.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        match &mut self.child {
            Some(child) => child.wait().await,
            None => Err(io::Error::other("the process was ended before")),
        }
    }

    /// How the process has ended, if it has.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok().flatten()
    }

    /// Ends all that it has left behind.
    pub(crate) fn end_rest(&self) {
        signal(self.group, Signal::KILL);
    }

    /// Asks it to end, and ends it when its grace is over.
    pub(crate) async fn stop(mut self) {
        if let Some(child) = self.child.take() {
            end(child, self.group, self.grace).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.status().is_some() {
            return;
        }
        // Without a runtime the child itself is killed as it is dropped.
        if let (Some(child), Ok(runtime)) = (self.child.take(), runtime::Handle::try_current()) {
            runtime.spawn(end(child, self.group, self.grace));
        }
    }
}

async fn end(mut child: Child, group: Option<Pid>, grace: Duration) {
    signal(group, Signal::TERM);
    let is_over = timeout(grace, child.wait()).await.is_ok();
    signal(group, Signal::KILL);
    if !is_over && let Err(error) = child.wait().await {
        tracing::warn!(%error, "a process that was killed cannot be waited for");
    }
}

fn signal(group: Option<Pid>, signal: Signal) {
    // A group that is gone needs no signal.
    if let Some(group) = group {
        kill_process_group(group, signal).ok();
    }
}

/// How a process ended, and a name to group by.
pub(crate) fn told(status: ExitStatus) -> (String, String) {
    match (status.code(), status.signal()) {
        (Some(code), _) => (format!("exit code {code}"), format!("exit-{code}")),
        (None, Some(signal)) => (format!("killed by signal {signal}"), format!("signal-{signal}")),
        (None, None) => ("ended".to_owned(), "ended".to_owned()),
    }
}

/// Where a program is, as a shell would find it.
fn find(name: &str, working_dir: Option<&Path>) -> Result<PathBuf, String> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| error.to_string());
    if name.contains('/') {
        let path = absolute(&working_dir.unwrap_or_else(|| Path::new("")).join(name))?;
        let is_there = is_program(&path);
        return is_there
            .then(|| path.clone())
            .ok_or_else(|| format!("`{}` is no file that can be run", path.display()));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_program(path));
    let found = found.ok_or_else(|| format!("no program `{name}` in `PATH`"))?;
    absolute(&found)
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
