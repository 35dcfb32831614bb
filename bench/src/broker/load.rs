//! `leveret bench` as a process, and what it measured.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::row::{Row, Shows};

/// A broker that load can be put on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) url: &'a str,
    pub(super) pid: u32,
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    /// Messages a second.
    pub(super) rate: f64,
    /// Microseconds of the broker's processor per message.
    pub(super) cpu: f64,
    /// How much of one processor the broker used, in percent.
    pub(super) busy: f64,
    /// Milliseconds, where the row is about them.
    pub(super) latency: Option<(f64, f64)>,
    /// By how many MiB the broker's memory has grown.
    pub(super) grown: f64,
}

/// Runs the command on one processor, where the system can say so.
pub(super) fn on_processor(number: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(number.to_string()).arg(program);
    command
}

/// Puts a row's load on a broker.
pub(super) fn measure(
    leveret: &Path,
    target: Target<'_>,
    row: &Row,
    seconds: u64,
) -> anyhow::Result<Figures> {
    let resident_before = resident_mebibytes(target.pid)?;
    let mut command = on_processor(1, leveret);
    command.args(["bench", "--json", "--url", target.url]);
    command.args(["--broker-pid", &target.pid.to_string()]);
    if row.shows != Shows::Memory {
        command.args(["--seconds", &seconds.to_string()]);
    }
    let output = command.args(row.arguments).output().context("cannot run `taskset`")?;
    if !output.status.success() {
        bail!("{}: {}", row.title, String::from_utf8_lossy(&output.stderr).trim());
    }
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or_default();
    let percentiles = match row.shows {
        Shows::Rate | Shows::Memory => None,
        Shows::Confirm => Some("/confirm_latency"),
        Shows::Delivery => Some("/delivery_latency"),
    };
    Ok(Figures {
        rate: number("/consumed_per_second"),
        cpu: number("/broker/cpu_per_message"),
        busy: number("/broker/busy_percent"),
        latency: percentiles
            .map(|path| (number(&format!("{path}/p50")), number(&format!("{path}/p99")))),
        grown: number("/broker/resident_bytes") / MEBIBYTE - resident_before,
    })
}

const MEBIBYTE: f64 = 1_048_576.0;

/// A process's memory in use (`man 5 proc`).
fn resident_mebibytes(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no memory")?;
    Ok(kibibytes.parse::<f64>()? / 1024.0)
}
