//! `leveret journal`: a data directory that no broker has open.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use leveret_broker::{
    DirectoryError,
    offline::{self, HostFigures, Inspection, OfflineError, Salvage},
};
use serde_json::{Value, json};

use crate::{Refusal, exit::Exit};

/// Looks at a data directory that no broker has open.
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum JournalCommand {
    /// Show what is in it: virtual hosts, queues, messages, the log
    Inspect {
        /// The data directory
        #[arg(value_name = "DIR")]
        data_dir: PathBuf,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Read and replay every record; says whether a broker could start with it
    Verify {
        /// The data directory
        #[arg(value_name = "DIR")]
        data_dir: PathBuf,
    },
    /// Copy what can still be read of a damaged one into a new one
    Salvage {
        /// The damaged data directory, which is not changed
        #[arg(value_name = "DIR")]
        data_dir: PathBuf,
        /// The new one; must not exist, or be empty
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

const AFTER_HELP: &str = "\
Nothing here changes the data directory. A broker that runs is backed up, not inspected.

Exit codes: 0 whole, 65 damaged or of a newer version (salvage: something was lost),
  66 no data directory, 73 in use by a broker, 74 disk failure, 77 no permission";

/// Runs one of them.
pub(crate) fn run(command: JournalCommand) -> Result<Exit, Refusal> {
    match command {
        JournalCommand::Inspect { data_dir, json } => {
            let found = offline::inspect(&data_dir).map_err(refused)?;
            let text = if json { as_json(&found).to_string() } else { as_text(&found) };
            say(&text);
            Ok(Exit::Success)
        }
        JournalCommand::Verify { data_dir } => {
            let found = offline::inspect(&data_dir).map_err(refused)?;
            Ok(verified(&data_dir, &found))
        }
        JournalCommand::Salvage { data_dir, to } => salvage(&data_dir, &to),
    }
}

fn verified(data_dir: &Path, found: &Inspection) -> Exit {
    if !found.damaged_pages.is_empty() {
        let line = |(path, offset, problem): &(PathBuf, usize, &str)| {
            format!("{}: damaged at byte {offset}: {problem}", path.display())
        };
        let lines: Vec<String> = found.damaged_pages.iter().map(line).collect();
        say(&lines.join("\n"));
        return Exit::Data;
    }
    say(&format!(
        "`{}` is whole: {} records in {} segments, {} pages, {} messages",
        data_dir.display(),
        found.records,
        found.segments,
        found.pages,
        found.hosts.iter().map(messages).sum::<u64>(),
    ));
    Exit::Success
}

fn salvage(data_dir: &Path, to: &Path) -> Result<Exit, Refusal> {
    let saved = offline::salvage(data_dir, to).map_err(refused)?;
    let Salvage { records, refused, losses, hosts, .. } = &saved;
    let messages = hosts.iter().map(messages).sum::<u64>();
    let mut text = format!("saved {records} records, {messages} messages, in `{}`", to.display());
    for loss in losses {
        text.push_str(&format!(
            "\nlost: {} at byte {}, {} bytes: {}",
            loss.file, loss.offset, loss.bytes, loss.flaw
        ));
    }
    if *refused > 0 {
        text.push_str(&format!("\nleft out: {refused} records that make no sense"));
    }
    say(&text);
    let is_whole = losses.is_empty() && *refused == 0;
    Ok(if is_whole { Exit::Success } else { Exit::Data })
}

fn messages(host: &HostFigures) -> u64 {
    host.queues.iter().map(|queue| queue.messages).sum()
}

fn as_text(found: &Inspection) -> String {
    let mut text = format!(
        "log    {} records in {} segments, {} bytes",
        found.records, found.segments, found.log_bytes
    );
    if let Some((file, offset, bytes)) = &found.cut {
        text.push_str(&format!(
            "\n       the last {bytes} bytes, from byte {offset} of {file}, never became durable"
        ));
    }
    text.push_str(&format!("\npages  {}, {} bytes", found.pages, found.page_bytes));
    for host in &found.hosts {
        text.push_str(&format!(
            "\nvhost  {}: {} queues, {} exchanges, {} bindings, {} messages",
            host.name,
            host.queues.len(),
            host.exchanges,
            host.bindings,
            messages(host)
        ));
        for queue in &host.queues {
            text.push_str(&format!(
                "\n  {:>12} messages {:>14} bytes  {}  {}",
                queue.messages,
                queue.bytes,
                queue.queue_type,
                queue.name.escape_debug()
            ));
        }
    }
    text
}

fn as_json(found: &Inspection) -> Value {
    let queues = |host: &HostFigures| -> Vec<Value> {
        let queue = |queue: &offline::QueueFigures| {
            json!({
                "name": queue.name, "type": queue.queue_type,
                "messages": queue.messages, "message_bytes": queue.bytes,
            })
        };
        host.queues.iter().map(queue).collect()
    };
    let hosts: Vec<Value> = found
        .hosts
        .iter()
        .map(|host| {
            json!({
                "name": host.name, "exchanges": host.exchanges, "bindings": host.bindings,
                "queues": queues(host),
            })
        })
        .collect();
    let cut = found
        .cut
        .as_ref()
        .map(|(file, offset, bytes)| json!({ "file": file, "offset": offset, "bytes": bytes }));
    json!({
        "records": found.records, "segments": found.segments, "log_bytes": found.log_bytes,
        "pages": found.pages, "page_bytes": found.page_bytes,
        "damaged_pages": found.damaged_pages.len(), "cut": cut, "vhosts": hosts,
    })
}

fn say(text: &str) {
    // The shell may have closed the pipe; there is nobody left to tell.
    writeln!(io::stdout(), "{text}").ok();
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enums may grow")]
fn refused(error: OfflineError) -> Refusal {
    let exit = match &error {
        OfflineError::NotADataDirectory { .. } => Exit::NoInput,
        OfflineError::NotEmpty { .. } | OfflineError::Directory(DirectoryError::Locked { .. }) => {
            Exit::CannotCreate
        }
        OfflineError::Directory(DirectoryError::Denied { .. }) => Exit::Permission,
        OfflineError::Directory(DirectoryError::Io { .. })
        | OfflineError::Io { .. }
        | OfflineError::Append(_) => Exit::Disk,
        _ => Exit::Data,
    };
    Refusal { text: error.to_string(), exit }
}
