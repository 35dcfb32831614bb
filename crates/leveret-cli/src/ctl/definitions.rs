//! Definitions in files: out of a broker, and into one.

use std::{
    fs::OpenOptions,
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{
    args::DefinitionsVerb,
    call::{Call, Server},
};
use crate::{Refusal, exit::Exit};

/// The file that stands for standard input and output.
const STANDARD: &str = "-";

pub(super) fn run(verb: DefinitionsVerb, server: &Server, vhost: &str) -> Result<Exit, Refusal> {
    let segments =
        |only_vhost| if only_vhost { vec!["definitions", vhost] } else { vec!["definitions"] };
    match verb {
        DefinitionsVerb::ExportDefinitions { file, only_vhost } => {
            let call = Call::new("GET", &segments(only_vhost), None);
            let definitions = server.ask(&Call { is_long: true, ..call })?;
            write(&file, &format!("{definitions:#}\n"))?;
        }
        DefinitionsVerb::ImportDefinitions { file, only_vhost } => {
            let call = Call::new("POST", &segments(only_vhost), None);
            let body = Some(read(&file)?);
            server.ask(&Call { body, is_long: true, ..call })?;
        }
    }
    Ok(Exit::Success)
}

/// Nobody else may read the file: it has the hashes of passwords.
fn write(file: &Path, text: &str) -> Result<(), Refusal> {
    if file == Path::new(STANDARD) {
        // The shell may have closed the pipe.
        io::stdout().lock().write_all(text.as_bytes()).ok();
        return Ok(());
    }
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    opened.and_then(|mut opened| opened.write_all(text.as_bytes())).map_err(|error| Refusal {
        text: format!("cannot write {}: {error}", file.display()),
        exit: Exit::CannotCreate,
    })
}

fn read(file: &Path) -> Result<String, Refusal> {
    let mut text = String::new();
    let read = if file == Path::new(STANDARD) {
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|error| Refusal {
        text: format!("cannot read {}: {error}", file.display()),
        exit: Exit::NoInput,
    })
}
