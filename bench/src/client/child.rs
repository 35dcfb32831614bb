//! Processes of this program that play one part of a run.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};

use super::{contender::Contender, row::Row, sample::Sample};

/// A process that says one line and then serves; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Helper {
    child: Child,
    /// What it said.
    pub(crate) line: String,
    // Closed, it would end a process that prints.
    _output: BufReader<ChildStdout>,
}

impl Helper {
    /// Starts it and waits for its line.
    pub(crate) fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = myself(arguments)?.stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let line = line.trim().to_owned();
        Ok(Self { child, line, _output: output })
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Lets a client do a row's work in a process of its own.
pub(super) fn drive(
    contender: Contender,
    row: &Row,
    url: &str,
    threads: usize,
) -> anyhow::Result<Sample> {
    let messages = messages(contender, row).to_string();
    let threads = threads.to_string();
    let name = contender.name();
    let arguments = ["client-driver", "--client", name, "--row", row.title, "--url", url];
    let mut command = myself(&arguments)?;
    let output = command.args(["--messages", &messages, "--threads", &threads]).output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{}, {}: {}", row.title, contender.title(), error.trim());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// How many messages a client is given in a row.
pub(super) fn messages(contender: Contender, row: &Row) -> u64 {
    row.messages / contender.share(row.work)
}

fn myself(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}
