//! Medians in a table, beside what the disk allows.

use std::fmt;
use std::time::Duration;

use comfy_table::{CellAlignment, Table};

use super::sample::Sample;

/// Share of the bound below that ten workers are to reach.
const BOUND_SHARE: f64 = 0.6;

/// What a round trip through program, broker and log may take beside the sync itself.
const ROUND_TRIP: Duration = Duration::from_micros(150);

/// All runs.
#[derive(Debug, Default)]
pub(crate) struct Report {
    syncs: Vec<Duration>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    title: String,
    workers: Option<usize>,
    samples: Vec<Sample>,
}

impl Report {
    pub(crate) fn sync(&mut self, p50: Duration) {
        self.syncs.push(p50);
    }

    pub(crate) fn row(&mut self, title: String, workers: Option<usize>, sample: Sample) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.title == title) {
            row.samples.push(sample);
        } else {
            self.rows.push(Row { title, workers, samples: vec![sample] });
        }
    }

    fn sync_p50(&self) -> Duration {
        let mut syncs = self.syncs.clone();
        syncs.sort();
        syncs.get(syncs.len() / 2).copied().unwrap_or_default()
    }
}

impl Row {
    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        let mut values: Vec<f64> = self.samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sync = self.sync_p50();
        let peer = self.rows.iter().find(|row| row.workers.is_none());
        let peer_rate = peer.map(|row| row.median(Sample::rate));
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header([
            "transaction mode",
            "messages/s",
            "us CPU/message",
            "of the bound",
            "x peer",
        ]);
        for row in &self.rows {
            let rate = row.median(Sample::rate);
            let share = row.workers.map(|workers| {
                let workers = u32::try_from(workers).unwrap_or(u32::MAX);
                rate * (sync + ROUND_TRIP).as_secs_f64() / f64::from(workers)
            });
            table.add_row([
                row.title.clone(),
                format!("{rate:.0}"),
                format!("{:.1}", row.median(Sample::cpu_micros)),
                share.map_or_else(String::new, |share| format!("{share:.2}")),
                peer_rate.map_or_else(String::new, |peer| format!("{:.1}", rate / peer)),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{table}")?;
        writeln!(f, "fdatasync of 4 KiB, p50 of the same minutes: {} us", sync.as_micros())?;
        write!(
            f,
            "the bound: workers / (fdatasync + {} us); ten workers are to reach {BOUND_SHARE} of it",
            ROUND_TRIP.as_micros()
        )
    }
}
