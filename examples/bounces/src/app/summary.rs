//! The last words: how many of which class, how fast, and where everything is.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use bounces::Class;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use super::layout::Layout;
use super::outcome::Outcome;

/// How many names a list shows.
const NAMES_MAX: usize = 10;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Each mail is accounted for exactly once.
    Whole,
    /// Some are not.
    Unaccounted,
    /// It was told to stop before.
    Interrupted,
}

/// What is told at the end.
#[derive(Debug)]
pub(crate) struct Summary<'a> {
    /// What came of the mails.
    pub(crate) outcome: &'a Outcome,
    /// Mails that were left where they are, and why.
    pub(crate) left: &'a [(String, String)],
    /// How many mails were handled now, not in earlier runs.
    pub(crate) handled_now: usize,
    /// How long that took.
    pub(crate) elapsed: Duration,
    /// How the run ended.
    pub(crate) ending: Ending,
    /// Where everything is.
    pub(crate) layout: &'a Layout,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { outcome, left, .. } = self;
        writeln!(f, "{}", self.table())?;
        self.write_rate(f)?;
        let (missing, twice) = (outcome.lost.len(), outcome.twice.len());
        let accounted = outcome.results.len() + outcome.dead.len();
        let all = accounted + missing + twice;
        let (word, title) = match self.ending {
            Ending::Interrupted => ("to go", "To go; the same command goes on with"),
            Ending::Whole | Ending::Unaccounted => ("lost", "Lost"),
        };
        writeln!(
            f,
            "Accounted for exactly once: {accounted} of {all}; {missing} {word}, {twice} twice."
        )?;
        write_names(f, title, outcome.lost.iter().cloned())?;
        write_names(f, "Twice", outcome.twice.iter().cloned())?;
        write_names(f, "Not yet suppressed", outcome.unsuppressed.iter().cloned())?;
        let dead = outcome.dead.iter().map(|dead| format!("{}: {}", dead.file, dead.reason));
        write_names(f, "Dead letters", dead)?;
        write_names(
            f,
            "Left where they are",
            left.iter().map(|(file, why)| format!("{file}: {why}")),
        )?;
        let out = self.layout.out().display();
        writeln!(
            f,
            "Results:     {out}/results.jsonl, and one file for each mail in {out}/results/"
        )?;
        writeln!(
            f,
            "Suppression: {} addresses in {out}/suppression.txt",
            outcome.suppressed.len()
        )?;
        if !outcome.dead.is_empty() {
            writeln!(f, "Dead:        {out}/dead/, each mail with its reason in .headers.json")?;
        }
        Ok(())
    }
}

impl Summary<'_> {
    fn table(&self) -> Table {
        let outcome = self.outcome;
        let rows = Class::ALL.map(|class| (class.name(), outcome.count(class)));
        let total: usize = outcome.results.len() + outcome.dead.len();
        let mut table = Table::new();
        table.load_style(UTF8_BORDERS_ONLY).set_header(["class", "mails", "share"]);
        for (name, count) in
            rows.into_iter().chain([("dead letter", outcome.dead.len()), ("all", total)])
        {
            let permille = (count * 1000 + total / 2).checked_div(total).unwrap_or_default();
            let share = format!("{}.{} %", permille / 10, permille % 10);
            table.add_row([name.to_owned(), count.to_string(), share]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn write_rate(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (now, all) = (self.handled_now, self.outcome.results.len() + self.outcome.dead.len());
        if now == 0 {
            let out = self.layout.out().display();
            return writeln!(
                f,
                "All mails were handled by earlier runs; remove {out} to start over."
            );
        }
        let millis = self.elapsed.as_millis().max(1);
        let rate = now as u128 * 1000 / millis;
        write!(f, "{now} mails in {}.{:01} s, {rate}/s", millis / 1000, millis % 1000 / 100)?;
        if now < all { writeln!(f, "; {} by earlier runs.", all - now) } else { writeln!(f, ".") }
    }
}

fn write_names(
    f: &mut Formatter<'_>,
    title: &str,
    names: impl ExactSizeIterator<Item = String>,
) -> fmt::Result {
    let count = names.len();
    if count == 0 {
        return Ok(());
    }
    writeln!(f, "{title} ({count}):")?;
    for name in names.take(NAMES_MAX) {
        writeln!(f, "  {name}")?;
    }
    if count > NAMES_MAX { writeln!(f, "  and {} more", count - NAMES_MAX) } else { Ok(()) }
}
