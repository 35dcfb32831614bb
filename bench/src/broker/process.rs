//! A `leveret broker` of one run: its own processor, its own data directory.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, bail};

use super::load::on_processor;

/// Killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pub(super) url: String,
    // Removed after the process is gone.
    _data: tempfile::TempDir,
}

impl Process {
    /// Starts it and waits until it listens.
    pub(super) fn start(leveret: &Path, folder: &Path) -> anyhow::Result<Self> {
        let data = tempfile::tempdir_in(folder)?;
        let mut command = on_processor(0, leveret);
        command.args(["broker", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path());
        let mut child = command
            .env("LEVERET_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run `taskset`")?;
        let output = child.stdout.take().context("no output")?;
        let mut address = None;
        for line in BufReader::new(output).lines() {
            if let Some(listening) = line?.trim().strip_prefix("listening on") {
                address = Some(listening.trim().to_owned());
                break;
            }
        }
        let address = address.context("the broker ended before it listened")?;
        let url = format!("amqp://guest:guest@{address}/%2F");
        Ok(Self { child, url, _data: data })
    }

    pub(super) fn pid(&self) -> u32 {
        // `taskset` becomes the command it runs.
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The command beside this one.
pub(super) fn command() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("leveret");
    if !path.is_file() {
        bail!("{} is missing: cargo build --release -p leveret-cli", path.display());
    }
    Ok(path)
}
