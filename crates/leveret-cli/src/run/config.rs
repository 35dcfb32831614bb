//! `leveret config`: looking at a run file instead of running it.

use std::io::{self, Write as _};

use leveret_runner::{ConfigText, Outside, Plan, RunFile, RunFileError, Setting};
use serde_json::json;

use super::args::{ConfigArgs, Input, Verb};
use crate::{Refusal, exit::Exit};

/// Does what the verb says.
pub(crate) fn run(args: ConfigArgs) -> Result<Exit, Refusal> {
    let text = match args.verb {
        Verb::Schema => format!("{:#}\n", leveret_runner::schema()),
        Verb::Check(input) => {
            checked(&input)?;
            format!("{}: nothing is wrong\n", input.file.display())
        }
        Verb::Show { input, sources, json } => {
            let plan = checked(&input)?;
            if json { as_json(plan.settings()) } else { as_text(plan.settings(), sources) }
        }
    };
    // The reader may have closed the pipe; there is nobody left to tell.
    io::stdout().lock().write_all(text.as_bytes()).ok();
    Ok(Exit::Success)
}

/// The plan, if nothing is wrong.
pub(super) fn checked(input: &Input) -> Result<Plan, Refusal> {
    let text = ConfigText::default();
    let outside = Outside::of_process(input.set.clone());
    let file = RunFile::read(&text, &input.file, &outside).map_err(refused)?;
    Plan::of(file).map_err(refused)
}

fn as_text(settings: &[Setting], has_sources: bool) -> String {
    let line = |Setting { name, value, origin, .. }: &Setting| {
        let setting = format!("{name} = {value}");
        if has_sources { format!("{setting:<50} # {origin}\n") } else { format!("{setting}\n") }
    };
    settings.iter().map(line).collect()
}

fn as_json(settings: &[Setting]) -> String {
    let object = |Setting { name, value, origin, .. }: &Setting| json!({ "name": name, "value": value, "origin": origin });
    let all: Vec<_> = settings.iter().map(object).collect();
    format!("{:#}\n", json!(all))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "both enums may grow")]
fn refused(error: RunFileError) -> Refusal {
    let exit = match &error {
        RunFileError::Unreadable { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => Exit::NoInput,
            io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::Config,
        },
        _ => Exit::Config,
    };
    Refusal { text: error.to_string(), exit }
}
