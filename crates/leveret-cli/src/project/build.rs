//! `cargo build` of a project, and the program that came of it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Deserialize;
use tokio::process::Command;

use super::failure::Failure;

/// One line of cargo's messages; other kinds have other keys.
#[derive(Deserialize)]
struct Line {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Builds, and says which program to run; nothing if the code has mistakes, which cargo has told.
pub(super) async fn build(folder: &Path, bin: Option<&str>) -> Result<Option<PathBuf>, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).args(["build", "--message-format=json-render-diagnostics"]);
    if let Some(bin) = bin {
        command.args(["--bin", bin]);
    }
    let building = command.stderr(Stdio::inherit()).kill_on_drop(true).output();
    let output = building.await.map_err(Failure::Cargo)?;
    if !output.status.success() {
        return Ok(None);
    }
    program(&String::from_utf8_lossy(&output.stdout)).map(Some)
}

fn program(messages: &str) -> Result<PathBuf, Failure> {
    let lines = messages.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let made = lines.filter(|line| line.reason == "compiler-artifact");
    let mut programs: Vec<(String, PathBuf)> =
        made.filter_map(|line| Some((line.target?.name, line.executable?))).collect();
    match (programs.pop(), programs.is_empty()) {
        (None, _) => Err(Failure::NoProgram),
        (Some((_, path)), true) => Ok(path),
        (Some((last, _)), false) => {
            let names = programs.into_iter().map(|(name, _)| name).chain([last]).collect();
            Err(Failure::ManyPrograms(names))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str =
        r#"{"reason":"compiler-artifact","target":{"name":"dep"},"executable":null}"#;
    const PROGRAM: &str =
        r#"{"reason":"compiler-artifact","target":{"name":"hello"},"executable":"/t/hello"}"#;

    #[test]
    fn the_program_is_the_artifact_that_can_be_run() {
        let end = r#"{"reason":"build-finished","success":true}"#;
        let found = program(&[LIBRARY, "not json", PROGRAM, end].join("\n"));
        assert_eq!(found.unwrap(), Path::new("/t/hello"));
        assert!(matches!(program(LIBRARY), Err(Failure::NoProgram)));
        let many = program(&[PROGRAM, PROGRAM].join("\n")).unwrap_err();
        assert_eq!(many.to_string(), "the project has hello, hello: `--bin` chooses one");
    }
}
