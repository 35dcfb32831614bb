//! SIGHUP: the run file is read again, and taken over as far as it can be.

use std::io::{self, Write as _};

use leveret_runner::Running;

use super::{args::Input, config::checked, log::Log};

/// What is needed to read the file again.
#[derive(Debug)]
pub(super) struct Attendant {
    pub(super) input: Input,
    pub(super) log: Log,
}

impl Attendant {
    /// Reads the file again; what is wrong in it is shown as at a start, and changes nothing.
    pub(super) fn reload(&self, running: &mut Running) -> String {
        let plan = match checked(&self.input) {
            Ok(plan) => plan,
            Err(refusal) => {
                running.refuse_reload();
                writeln!(io::stderr(), "{}", refusal.text).ok();
                tracing::error!("the run file is not taken; the one before holds on");
                return "ready, with the run file before the last reload".to_owned();
            }
        };
        let reloaded = running.reload(&plan, &|level| self.log.set_level(level));
        for words in &reloaded.applied {
            tracing::info!("{words}");
        }
        for words in &reloaded.waiting {
            tracing::warn!("{words}");
        }
        let waiting = reloaded.waiting.len();
        tracing::info!(waiting, "the run file is read again");
        if waiting == 0 {
            "ready".to_owned()
        } else {
            format!("ready; {waiting} wait for a restart")
        }
    }
}
