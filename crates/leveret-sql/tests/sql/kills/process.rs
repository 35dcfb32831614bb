//! A process that may be killed at any time.

use std::process::{Child, Command, Stdio};

use super::parts::PART;

/// Killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// This program with a part to play.
    pub(super) fn of(part: &str, settings: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "kills::parts::part"]).env(PART, part);
        command.envs(settings.iter().map(|(name, value)| (*name, value.as_str())));
        Self::start(command)
    }

    pub(super) fn start(mut command: Command) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(quiet.spawn().unwrap())
    }

    /// By SIGKILL; returns when it is gone.
    pub(super) fn kill(mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().unwrap();
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
