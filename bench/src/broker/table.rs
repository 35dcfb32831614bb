//! Medians in a table, ours beside the peer's.

use std::fmt;

use comfy_table::{CellAlignment, Table as Grid};
use serde_json::{Value, json};

use super::{
    load::Figures,
    row::{DIRECT, Reach, Row, Shows},
};
use crate::disk::Syncs;

/// All runs.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) syncs: Vec<Syncs>,
    pub(super) rows: Vec<Runs>,
}

/// All runs of one row.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) row: &'static Row,
    pub(super) ours: Vec<Figures>,
    pub(super) peer: Vec<Figures>,
}

fn median(figures: &[Figures], of: impl Fn(&Figures) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = figures.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn cells(row: &Row, figures: &[Figures]) -> [String; 3] {
    let show = |value: Option<f64>, digits: usize| {
        value.map_or_else(String::new, |value| format!("{value:.digits$}"))
    };
    let speed = match row.shows {
        Shows::Rate => {
            show(median(figures, |run| run.rate / 1000.0), 0)
                + if figures.is_empty() { "" } else { "k/s" }
        }
        Shows::Memory => {
            let grown = show(median(figures, |run| run.grown), 1);
            if figures.is_empty() { grown } else { grown + " MiB" }
        }
        Shows::Confirm | Shows::Delivery => {
            let p50 = median(figures, |run| run.latency.unwrap_or_default().0);
            let p99 = median(figures, |run| run.latency.unwrap_or_default().1);
            match p50.zip(p99) {
                Some((p50, p99)) => format!("{p50:.2} / {p99:.2} ms"),
                None => String::new(),
            }
        }
    };
    [speed, show(median(figures, |run| run.cpu), 2), show(median(figures, |run| run.busy), 0)]
}

fn reach(reach: Reach) -> String {
    match reach {
        Reach::Open => String::new(),
        Reach::Micros(micros) => format!("{micros:.1}"),
        Reach::TimesDirect(times) => format!("{times:.1} x direct"),
        Reach::Mebibytes(mebibytes) => format!("{mebibytes:.0} MiB"),
    }
}

/// Medians as JSON; null where nothing was measured.
fn figures_to_json(figures: &[Figures]) -> Value {
    let Some(cpu) = median(figures, |run| run.cpu) else { return Value::Null };
    let timed = figures.iter().any(|run| run.latency.is_some());
    let at = |of: fn((f64, f64)) -> f64| {
        median(figures, |run| of(run.latency.unwrap_or_default())).filter(|_| timed)
    };
    json!({
        "per_second": median(figures, |run| run.rate),
        "cpu_us": cpu,
        "busy_percent": median(figures, |run| run.busy),
        "p50_ms": at(|latency| latency.0),
        "p99_ms": at(|latency| latency.1),
        "grown_mib": median(figures, |run| run.grown),
        "runs": figures.len(),
    })
}

impl Table {
    /// Medians by row, ours and the peer's.
    pub(super) fn to_json(&self) -> Value {
        let row = |runs: &Runs| {
            json!({
                "title": runs.row.title,
                "reach": reach(runs.row.reach),
                "leveret": figures_to_json(&runs.ours),
                "peer": figures_to_json(&runs.peer),
            })
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        let sync = self.sync();
        json!({
            "rows": rows,
            "fdatasync_p50_us": sync.map(|sync| sync.p50.as_secs_f64() * 1e6),
            "fdatasync_p99_us": sync.map(|sync| sync.p99.as_secs_f64() * 1e6),
        })
    }

    /// The median of the bare syncs.
    fn sync(&self) -> Option<Syncs> {
        let mut syncs = self.syncs.clone();
        syncs.sort_by_key(|sync| sync.p50);
        syncs.get(syncs.len() / 2).copied()
    }

    fn compare_with_direct(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = |runs: &Runs| median(&runs.ours, |run| run.cpu);
        let direct = self.rows.iter().find(|runs| runs.row.title == DIRECT).and_then(cpu);
        for runs in &self.rows {
            if let (Reach::TimesDirect(reach), Some(direct), Some(ours)) =
                (runs.row.reach, direct, cpu(runs))
            {
                writeln!(f, "{}: {:.2} x direct, reach {reach:.1}", runs.row.title, ours / direct)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grid = Grid::new();
        grid.load_style(comfy_table::presets::NOTHING);
        grid.set_header([
            "broker on one processor",
            "leveret",
            "us",
            "% busy",
            "reach",
            "peer",
            "us",
            "% busy",
            "us, peer / leveret",
        ]);
        for Runs { row, ours, peer } in &self.rows {
            let [our_speed, our_cpu, our_busy] = cells(row, ours);
            let [peer_speed, peer_cpu, peer_busy] = cells(row, peer);
            let cpu = |figures| median(figures, |run: &Figures| run.cpu);
            let ratio = cpu(peer.as_slice()).zip(cpu(ours.as_slice()));
            grid.add_row([
                row.title.to_owned(),
                our_speed,
                our_cpu,
                our_busy,
                reach(row.reach),
                peer_speed,
                peer_cpu,
                peer_busy,
                ratio.map_or_else(String::new, |(peer, ours)| format!("{:.1} x", peer / ours)),
            ]);
        }
        for column in grid.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{grid}")?;
        writeln!(f, "us: the broker's processor time per message; latencies are p50 / p99")?;
        self.compare_with_direct(f)?;
        let Some(sync) = self.sync() else { return Ok(()) };
        let (p50, p99) = (sync.p50.as_micros(), sync.p99.as_micros());
        write!(f, "fdatasync of 4 KiB in the same minutes: p50 {p50} us, p99 {p99} us")
    }
}
