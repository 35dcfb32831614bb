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
    let mut command = on_processor(1, leveret);
    command.args(["bench", "--json", "--url", target.url]);
    command.args(["--broker-pid", &target.pid.to_string(), "--seconds", &seconds.to_string()]);
    let output = command.args(row.arguments).output().context("cannot run `taskset`")?;
    if !output.status.success() {
        bail!("{}: {}", row.title, String::from_utf8_lossy(&output.stderr).trim());
    }
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or_default();
    let percentiles = match row.shows {
        Shows::Rate => None,
        Shows::Confirm => Some("/confirm_latency"),
        Shows::Delivery => Some("/delivery_latency"),
    };
    Ok(Figures {
        rate: number("/consumed_per_second"),
        cpu: number("/broker/cpu_per_message"),
        busy: number("/broker/busy_percent"),
        latency: percentiles
            .map(|path| (number(&format!("{path}/p50")), number(&format!("{path}/p99")))),
    })
}
