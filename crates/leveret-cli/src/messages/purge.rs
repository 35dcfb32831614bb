//! `leveret purge`: what waits in a queue is deleted.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::{args::PurgeArgs, failure::Failure, session::Session};

pub(super) async fn run(args: PurgeArgs) -> Result<(), Failure> {
    let name = args.queue.to_string_lossy().into_owned();
    let question = format!("Delete all messages that wait in queue `{name}`?");
    if !args.yes && !is_wanted(&question, &format!("queue `{name}` is not purged"))? {
        return Ok(());
    }
    let session = Session::open(&args.broker).await?;
    let deleted = session.channel.queue_purge(args.queue).await?;
    // The shell may have closed the pipe.
    writeln!(io::stdout(), "{deleted} messages deleted from queue `{name}`").ok();
    session.close().await;
    Ok(())
}

/// Asks whoever sits there; where nobody does, that is an error that begins with `refused`.
pub(crate) fn is_wanted(question: &str, refused: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::NotAsked(refused.to_owned()));
    }
    let mut err = io::stderr();
    write!(err, "{question} [y/N] ").map_err(Failure::Output)?;
    err.flush().map_err(Failure::Output)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(Failure::Input)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
