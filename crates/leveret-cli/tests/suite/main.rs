//! The `leveret` command as a process.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests stop at a surprise")]

mod bench;
mod command;
mod ctl;
mod journal;
mod kill;
mod process;
mod service;
