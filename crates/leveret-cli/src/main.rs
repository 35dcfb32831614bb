//! The `leveret` command.

mod args;
mod bench;
mod broker;
mod ctl;
mod dlq;
mod doctor;
mod exit;
mod handlers;
mod interruption;
mod journal;
mod logging;
mod manual;
mod messages;
mod printable;
mod project;
mod relocate;
mod run;
mod supervisor;
mod table;
mod topology;
mod web;
mod why;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use args::{Cli, Command};
use clap::{CommandFactory as _, Parser, error::ErrorKind};
use exit::Exit;
use messages::Messages;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // The shell may have closed the pipe; there is nobody left to tell.
            error.print().ok();
            let is_answer =
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if is_answer { Exit::Success.into() } else { Exit::Usage.into() };
        }
    };
    let ended = match cli.command {
        Command::Broker(args) => broker::run(args),
        Command::Publish(args) => messages::run(Messages::Publish(args)),
        Command::Get(args) => messages::run(Messages::Get(args)),
        Command::Consume(args) => messages::run(Messages::Consume(args)),
        Command::Tail(args) => messages::run(Messages::Tail(args)),
        Command::Call(args) => messages::run(Messages::Call(args)),
        Command::Purge(args) => messages::run(Messages::Purge(args)),
        Command::Dlq(args) => dlq::run(args),
        Command::Topology(args) => topology::run(args),
        Command::Move(args) => relocate::run(args),
        Command::New(args) => project::new(&args),
        Command::Dev(args) => project::dev(args),
        Command::Bench(args) => bench::run(args),
        Command::Ctl(args) => ctl::run(args),
        Command::Completions { shell } => manual::completions(shell, Cli::command()),
        Command::Man(args) => manual::pages(&args, Cli::command()),
        Command::Why(args) => why::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Handlers(args) => handlers::run(args),
        Command::Journal(command) => journal::run(command),
        Command::Run(args) => run::run(args),
        Command::Config(args) => run::config::run(args),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            writeln!(io::stderr(), "{}", refusal.text).ok();
            refusal.exit.into()
        }
    }
}

/// Why a command did not do its work: what to tell, and the exit code.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) text: String,
    pub(crate) exit: Exit,
}
