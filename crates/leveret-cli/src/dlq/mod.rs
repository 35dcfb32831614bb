//! `leveret dlq`: looking into dead-letter queues, and sending messages back.

pub(crate) mod args;
mod failure;
mod filter;
mod group;
mod letter;
mod redrive;
mod scan;
mod shadow;

use std::{
    io::{self, Write as _},
    path::Path,
};

use bytes::Bytes;
use leveret_client::{QueueDeclare, ShortStr};
use serde_json::{Value, json};

use self::{
    args::{DlqArgs, Sending, Verb, Which},
    failure::DlqFailure,
    group::{Group, Groups},
    redrive::{Edit, redrive},
    scan::{Taker, look},
};
use crate::{
    Refusal,
    exit::Exit,
    messages::{self, Failure, Session, all_of_stdin, args::Form, is_wanted, print},
    table,
};

/// Does what the verb says.
pub(crate) fn run(args: DlqArgs) -> Result<Exit, Refusal> {
    let done = messages::block_on(async {
        let session = Session::open(&args.broker).await?;
        let text = answer(&session, args.verb).await?;
        session.close().await;
        Ok::<_, DlqFailure>(text)
    });
    let text = done.map_err(|error| Refusal::from(Failure::Runtime(error)))??;
    // The shell may have closed the pipe.
    io::stdout().lock().write_all(text.as_bytes()).ok();
    Ok(Exit::Success)
}

async fn answer(session: &Session, verb: Verb) -> Result<String, DlqFailure> {
    Ok(match verb {
        Verb::Ls { queues, json } => ls(session, &queues, json).await?,
        Verb::Group { which, json } => group(session, &which, json).await?,
        Verb::Show { which, form } => show(session, &which, form.form()).await?,
        Verb::Export { which } => show(session, &which, Form::Json).await?,
        Verb::Redrive { which, sending, shadow } => {
            if let Some(command) = &shadow.shadow {
                return shadow::shadow(session, &which, (&shadow, command)).await;
            }
            let sent = redrive(session, &which, &sending, &Edit::default()).await?;
            format!("{sent} {}\n", said(&sending))
        }
        Verb::Edit { which, body, set_headers: headers, sending } => {
            let body = body.as_deref().map(read).transpose()?;
            if body.is_none() && headers.is_empty() {
                return Err(DlqFailure::NoEdit);
            }
            let mut meant = 0;
            look(session, &which, |_| {
                meant += 1;
                Ok(())
            })
            .await?;
            if meant != 1 {
                return Err(DlqFailure::NotOne(meant));
            }
            let sent = redrive(session, &which, &sending, &Edit { body, headers }).await?;
            format!("{sent} edited and {}\n", said(&sending))
        }
        Verb::Drop { which, dry_run, yes } => drop_letters(session, &which, dry_run, yes).await?,
    })
}

fn said(sending: &Sending) -> &'static str {
    if sending.dry_run { "would be sent back" } else { "sent back" }
}

async fn ls(session: &Session, queues: &[ShortStr], json: bool) -> Result<String, DlqFailure> {
    let mut rows = Vec::new();
    for name in queues {
        let queue = QueueDeclare { name: name.clone(), passive: true, ..QueueDeclare::default() };
        let found = session.channel.queue_declare(&queue).await.map_err(Failure::from)?;
        rows.push(json!({
            "queue": name.to_string_lossy(), "messages": found.messages,
            "consumers": found.consumers,
        }));
    }
    Ok(listed(rows, &["queue", "messages", "consumers"], json))
}

async fn group(session: &Session, which: &Which, json: bool) -> Result<String, DlqFailure> {
    let mut groups = Groups::default();
    look(session, which, |found| {
        groups.add(found);
        Ok(())
    })
    .await?;
    let groups = groups.sorted().into_iter();
    let groups = groups.map(|group| if json { group } else { Group::shortened(group) });
    let rows = groups.map(|group| json!(group)).collect();
    Ok(listed(rows, &["group", "messages", "class", "handler", "queue", "error"], json))
}

fn listed(rows: Vec<Value>, columns: &[&str], json: bool) -> String {
    if json { format!("{:#}\n", Value::Array(rows)) } else { table::table(&rows, columns) }
}

async fn show(session: &Session, which: &Which, form: Form) -> Result<String, DlqFailure> {
    let mut number = 0;
    look(session, which, |found| {
        number += 1;
        let mut out = io::stdout().lock();
        print(&mut out, form, number, &found.delivery).map_err(Failure::Output)
    })
    .await?;
    Ok(String::new())
}

async fn drop_letters(
    session: &Session,
    which: &Which,
    dry_run: bool,
    yes: bool,
) -> Result<String, DlqFailure> {
    let name = which.queue.to_string_lossy();
    let question = format!("Delete dead letters of queue `{name}`?");
    if !dry_run && !yes && !is_wanted(&question, &format!("nothing of queue `{name}` is deleted"))?
    {
        return Ok(String::new());
    }
    let mut dropped = 0;
    let mut taker = Taker::new(session, which).await?;
    while let Some(found) = taker.next().await? {
        dropped += 1;
        if !dry_run {
            session.channel.ack(&found.delivery).map_err(Failure::from)?;
        }
    }
    Ok(format!("{dropped} {}\n", if dry_run { "would be deleted" } else { "deleted" }))
}

fn read(path: &Path) -> Result<Bytes, Failure> {
    if path == Path::new("-") {
        return all_of_stdin();
    }
    let read = std::fs::read(path).map(Bytes::from);
    read.map_err(|source| Failure::File { path: path.to_owned(), source })
}
