//! The framework beside a loop by hand: microseconds of processor a message.

use std::process::Command;

use anyhow::bail;
use comfy_table::{CellAlignment, Table};

use super::args::FrameworkArgs;
use crate::client::{Helper, Sample};

/// Who is measured, and the most that it may cost beyond the loop by hand.
const ROWS: [(&str, &str, Option<f64>); 4] = [
    ("bare", "a loop by hand", None),
    ("framework", "framework, nobody wants spans", Some(0.5)),
    ("spans", "framework, spans kept", Some(1.0)),
    ("fields", "framework, spans kept with their fields as text", None),
];

/// The rows take turns in each run, so that they meet the same neighbours.
pub(super) fn measure(args: &FrameworkArgs) -> anyhow::Result<()> {
    let mut samples: Vec<Vec<Sample>> = ROWS.iter().map(|_| Vec::new()).collect();
    for run in 1..=args.runs {
        for ((who, title, _), samples) in ROWS.iter().zip(&mut samples) {
            let sample = drive(args, who)?;
            println!("run {run}: {title}: {:.2} us CPU a message", sample.cpu_micros());
            samples.push(sample);
        }
    }
    let bare = samples.first().map_or(0.0, |samples| median(samples, Sample::cpu_micros));
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header([
        "a handler of JSON",
        "messages/s",
        "us CPU/message",
        "more than by hand",
        "at most",
    ]);
    for ((who, title, bound), samples) in ROWS.iter().zip(&samples) {
        let micros = median(samples, Sample::cpu_micros);
        let more = if *who == "bare" { String::new() } else { format!("{:.2}", micros - bare) };
        table.add_row([
            (*title).to_owned(),
            format!("{:.0}", median(samples, Sample::rate)),
            format!("{micros:.2}"),
            more,
            bound.map_or_else(String::new, |bound| format!("{bound:.1}")),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("\n{table}\n");
    Ok(())
}

fn drive(args: &FrameworkArgs, who: &str) -> anyhow::Result<Sample> {
    let broker = Helper::start(&["framework-broker"])?;
    let url = format!("amqp://guest:guest@{}/%2F", broker.line);
    let (messages, workers) = (args.messages.to_string(), args.workers.to_string());
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["framework-driver", "--who", who, "--url", &url]);
    let output = command.args(["--messages", &messages, "--workers", &workers]).output()?;
    if !output.status.success() {
        bail!("{who}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn median(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
