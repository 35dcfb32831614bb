//! How far it is: a bar on a terminal, now and then a line elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How long no line is written, where lines are.
const PAUSE: Duration = Duration::from_secs(2);

/// Shows how many mails are done.
#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    face: Face,
}

#[derive(Debug)]
enum Face {
    Bar(ProgressBar),
    Lines { told: Option<(Instant, usize)> },
}

impl Progress {
    /// Of so many mails.
    pub(crate) fn of(total: usize) -> Self {
        let face = if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} mails, {eta} to go");
            let bar = ProgressBar::new(total as u64);
            Face::Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
        } else {
            Face::Lines { told: None }
        };
        Self { total, face }
    }

    /// So many are done.
    pub(crate) fn show(&mut self, done: usize) {
        match &mut self.face {
            Face::Bar(bar) => bar.set_position(done as u64),
            Face::Lines { told } => {
                let is_news = told.is_none_or(|(_, before)| before != done);
                let is_due = told.is_none_or(|(at, _)| at.elapsed() >= PAUSE) || done == self.total;
                if is_news && is_due {
                    *told = Some((Instant::now(), done));
                    // Nobody may be listening, which is no reason to stop.
                    writeln!(io::stderr(), "{done} of {} mails", self.total).ok();
                }
            }
        }
    }

    /// Gives the line back to what follows.
    pub(crate) fn end(self) {
        match self.face {
            Face::Bar(bar) => bar.finish_and_clear(),
            Face::Lines { .. } => {}
        }
    }
}
