//! Completions and manual pages, made of the command line's own description.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::{Refusal, exit::Exit};

const NAME: &str = "leveret";

/// Where the pages go.
#[derive(Debug, Clone, Args)]
pub(crate) struct ManArgs {
    /// Write one page for each command into this directory, made if missing; `man -l` reads them
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints what a shell needs to complete the words of this command.
pub(crate) fn completions(shell: Shell, mut command: Command) -> Result<Exit, Refusal> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, NAME, &mut text);
    print(&text)
}

/// Prints the page of the command itself, or writes all.
pub(crate) fn pages(args: &ManArgs, command: Command) -> Result<Exit, Refusal> {
    let Some(folder) = &args.dir else {
        let mut text = Vec::new();
        Man::new(command).render(&mut text).map_err(refused_output)?;
        return print(&text);
    };
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map(|()| Exit::Success);
    written.map_err(|error| Refusal {
        text: format!("cannot write manual pages into `{}`: {error}", folder.display()),
        exit: Exit::CannotCreate,
    })
}

fn print(text: &[u8]) -> Result<Exit, Refusal> {
    match io::stdout().lock().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(refused_output(error)),
        Ok(()) | Err(_) => Ok(Exit::Success),
    }
}

fn refused_output(error: io::Error) -> Refusal {
    Refusal { text: format!("cannot write: {error}"), exit: Exit::Disk }
}
