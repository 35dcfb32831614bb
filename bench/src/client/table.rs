//! Medians in a table, a column for each client.

use std::fmt;

use comfy_table::{CellAlignment, Table as Grid};
use serde_json::{Map, Value, json};

use super::{
    contender::Contender,
    row::{Row, Work},
    sample::Sample,
};

/// All runs.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) contenders: Vec<Contender>,
    pub(super) threads: usize,
    /// What the clients talked to.
    pub(super) peer: &'static str,
    pub(super) rows: Vec<Runs>,
    pub(super) ping_pongs: Vec<Sample>,
}

/// All runs of one row.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) row: &'static Row,
    pub(super) samples: Vec<(Contender, Sample)>,
}

impl Runs {
    pub(super) const fn new(row: &'static Row) -> Self {
        Self { row, samples: Vec::new() }
    }

    fn of(&self, contender: Contender) -> Vec<Sample> {
        let own = self.samples.iter().filter(|(who, _)| *who == contender);
        own.map(|(_, sample)| *sample).collect()
    }

    /// The median processor time per message.
    fn cpu(&self, contender: Contender) -> Option<f64> {
        median(&self.of(contender), Sample::cpu_micros)
    }

    fn cell(&self, contender: Contender) -> String {
        let samples = self.of(contender);
        let cpu = median(&samples, Sample::cpu_micros);
        let rate = median(&samples, Sample::rate);
        let Some((cpu, rate)) = cpu.zip(rate) else { return String::new() };
        match latencies(&samples) {
            Some((p50, p99)) => format!("{cpu:.1} us, {p50:.0} / {p99:.0}"),
            None => format!("{cpu:.2} us, {:.0} k/s", rate / 1000.0),
        }
    }

    /// How many times more the best peer costs.
    fn ratio(&self) -> Option<f64> {
        let ours = self.cpu(Contender::Leveret)?;
        let peers = Contender::all().iter().filter(|who| **who != Contender::Leveret);
        let best = peers.filter_map(|who| self.cpu(*who)).min_by(f64::total_cmp)?;
        Some(best / ours)
    }
}

fn median(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Medians as JSON; null where nothing was measured.
fn figures(samples: &[Sample]) -> Value {
    let Some(cpu) = median(samples, Sample::cpu_micros) else { return Value::Null };
    let (p50, p99) = latencies(samples).unzip();
    let rate = median(samples, Sample::rate);
    json!({ "cpu_us": cpu, "per_second": rate, "p50_us": p50, "p99_us": p99, "runs": samples.len() })
}

/// Medians of the percentiles, where messages were timed.
fn latencies(samples: &[Sample]) -> Option<(f64, f64)> {
    samples.first()?.latency?;
    let p50 = median(samples, |run| run.latency.map_or(0.0, |latency| latency.p50))?;
    let p99 = median(samples, |run| run.latency.map_or(0.0, |latency| latency.p99))?;
    Some((p50, p99))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grid = Grid::new();
        grid.load_style(comfy_table::presets::NOTHING);
        let mut header = vec![format!("client against {}", self.peer)];
        for contender in &self.contenders {
            header.push(contender.title().to_owned());
            if *contender == Contender::Leveret {
                header.push("reach".to_owned());
            }
        }
        header.push("best peer / leveret".to_owned());
        grid.set_header(header);
        for runs in &self.rows {
            let mut cells = vec![runs.row.title.to_owned()];
            for contender in &self.contenders {
                cells.push(runs.cell(*contender));
                if *contender == Contender::Leveret {
                    let reach = runs.row.reach;
                    cells.push(reach.map_or_else(String::new, |reach| format!("{reach:.1}")));
                }
            }
            cells.push(runs.ratio().map_or_else(String::new, |ratio| format!("{ratio:.1} x")));
            grid.add_row(cells);
        }
        for column in grid.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{grid}")?;
        writeln!(f, "us: the client's processor time per message; then messages a second,")?;
        writeln!(f, "or p50 / p99 in us where one follows the other")?;
        self.write_round_trips(f)?;
        write!(f, "runtime of {} threads, each client in a process of its own", self.threads)
    }
}

impl Table {
    /// Medians by row and client; times in microseconds.
    pub(super) fn to_json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(|runs| self.row_to_json(runs)).collect();
        json!({
            "against": self.peer,
            "threads": self.threads,
            "rows": rows,
            "ping_pong": figures(&self.ping_pongs),
        })
    }

    fn row_to_json(&self, runs: &Runs) -> Value {
        let of = |who: &Contender| (who.name().to_owned(), figures(&runs.of(*who)));
        let clients: Map<String, Value> = self.contenders.iter().map(of).collect();
        json!({ "title": runs.row.title, "reach_cpu_us": runs.row.reach, "clients": clients })
    }

    fn write_round_trips(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((raw, raw_p99)) = latencies(&self.ping_pongs) else { return Ok(()) };
        writeln!(f, "64 bytes there and back over TCP, two processes: {raw:.1} / {raw_p99:.1} us")?;
        let calls = self.rows.iter().filter(|runs| runs.row.work == Work::Call);
        let ours = calls.filter_map(|runs| latencies(&runs.of(Contender::Leveret)));
        for (p50, _) in ours {
            writeln!(f, "a call of ours takes {:.2} of these (reach 3)", p50 / raw)?;
        }
        Ok(())
    }
}
