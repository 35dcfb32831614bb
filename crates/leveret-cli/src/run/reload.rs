//! SIGHUP: what changed in the run file, what holds at once, what waits.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
};

use leveret_runner::Setting;

use super::{args::Input, config::checked, log::Log};

/// The one setting that changes while it runs.
const LEVEL: &str = "logging.level";

/// What is needed to read the file again.
#[derive(Debug)]
pub(super) struct Attendant {
    pub(super) input: Input,
    /// As they hold.
    pub(super) settings: Vec<Setting>,
    pub(super) log: Log,
}

impl Attendant {
    /// Reads the file again; what is wrong in it is shown as at a start, and changes nothing.
    pub(super) fn reload(&mut self) -> &'static str {
        let (plan, settings) = match checked(&self.input) {
            Ok(read) => read,
            Err(refusal) => {
                writeln!(io::stderr(), "{}", refusal.text).ok();
                tracing::error!("the run file is not taken; the one before holds on");
                return "ready, with the run file before the last reload";
            }
        };
        let mut changed = changes(&self.settings, &settings);
        if changed.contains(LEVEL) && self.log.set_level(plan.log_level().unwrap_or("info")) {
            changed.remove(LEVEL);
            self.settings.retain(|setting| setting.name != LEVEL);
            self.settings.extend(settings.into_iter().filter(|setting| setting.name == LEVEL));
            tracing::info!("`{LEVEL}` is changed");
        }
        for name in &changed {
            tracing::warn!("`{name}` needs a restart");
        }
        tracing::info!(waiting = changed.len(), "the run file is read again");
        "ready"
    }
}

/// The names of what is not the same, there and gone included.
fn changes(before: &[Setting], now: &[Setting]) -> BTreeSet<String> {
    let has_no_like = |one: &&Setting, others: &[Setting]| {
        !others.iter().any(|other| other.name == one.name && other.is_like(one))
    };
    let gone = before.iter().filter(|one| has_no_like(one, now));
    let come = now.iter().filter(|one| has_no_like(one, before));
    gone.chain(come).map(|one| one.name.clone()).collect()
}
