//! A password from standard input, without an echo if somebody types it.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::Command,
};

use crate::{Refusal, exit::Exit};

/// The first line of standard input.
pub(super) fn read(user: &str) -> Result<String, Refusal> {
    let is_typed = io::stdin().is_terminal();
    if is_typed {
        // Whoever cannot be asked still can type.
        write!(io::stderr(), "password of {user}: ").ok();
        io::stderr().flush().ok();
        echo("-echo");
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    if is_typed {
        echo("echo");
        writeln!(io::stderr()).ok();
    }
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    match read {
        Ok(_) if !password.is_empty() => Ok(password),
        Ok(_) => Err(Refusal {
            text: "no password came on standard input".to_owned(),
            exit: Exit::Usage,
        }),
        Err(error) => Err(Refusal {
            text: format!("cannot read the password: {error}"),
            exit: Exit::Internal,
        }),
    }
}

/// Turns the terminal's echo on or off.
fn echo(mode: &str) {
    // Without `stty` the password is seen by who typed it, and by no one else.
    Command::new("stty").arg(mode).status().ok();
}
