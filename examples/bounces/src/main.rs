//! The command `bounces`: classifies a directory of e-mails.

use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Classifies bounce e-mails and feedback reports.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the verdict on each file of a directory, without any broker.
    #[command(hide = true)]
    Classify { directory: PathBuf },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Some(Command::Classify { directory }) => print_verdicts(directory),
        None => Ok(()),
    }
}

fn print_verdicts(directory: PathBuf) -> anyhow::Result<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    let mut out = std::io::stdout().lock();
    for file in files.iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match bounces::classify(&std::fs::read(file)?) {
            Ok(verdict) => writeln!(out, "{name}\t{}", serde_json::to_string(&verdict)?)?,
            Err(reason) => writeln!(out, "{name}\t{reason}")?,
        }
    }
    Ok(())
}
