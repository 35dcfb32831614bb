//! Tasks of this repository: `cargo run -p xtask -- TASK`.
#![expect(clippy::print_stdout, reason = "a command line talks to its user")]

mod codegen;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

const USAGE: &str = "usage: cargo run -p xtask -- TASK

tasks:
  tidy    hold the tree against STYLE.md and print the size table
  codegen write the protocol crate's methods from their table";

fn main() -> anyhow::Result<ExitCode> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in the tree")?;
    match env::args().nth(1).as_deref() {
        Some("tidy") => tidy(root),
        Some("codegen") => codegen::write(root).map(|()| ExitCode::SUCCESS),
        _ => {
            println!("{USAGE}");
            Ok(ExitCode::from(64))
        }
    }
}

fn tidy(root: &Path) -> anyhow::Result<ExitCode> {
    let tree = xtask::Tree::load(root)?;
    let findings = xtask::check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    println!("{}", xtask::sizes(&tree));
    println!("tidy: {} findings in {} files", findings.len(), tree.files.len());
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
