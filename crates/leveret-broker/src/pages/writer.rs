//! The thread that writes and removes pages.

use std::{io, thread};

use leveret_journal::{Disk, FileId};
use tokio::sync::{mpsc, oneshot};

use super::{
    command::{Answers, Change, Paged},
    shelf::Shelf,
};
use crate::lifecycle::{Failure, Lifecycle};

/// Changes made before a sync even if more are waiting.
const GATHERED_MAX: usize = 8;

/// A page that is written and not yet answered for.
struct Written {
    file: FileId,
    durable: bool,
    answer: Paged,
    answers: Answers,
}

pub(super) fn start<D: Disk + Send + 'static, H: Send + 'static>(
    shelf: Shelf<D>,
    changes: mpsc::UnboundedReceiver<Change>,
    lifecycle: Lifecycle,
    held: H,
) -> io::Result<oneshot::Receiver<()>> {
    let (ended, at_end) = oneshot::channel();
    thread::Builder::new().name("leveret-pages".to_owned()).spawn(move || {
        let place = shelf.place();
        if let Err(error) = serve(shelf, changes) {
            tracing::error!(place, %error, "pages cannot be stored");
            lifecycle.fail(Failure::Disk { place: place.into(), reason: error.to_string().into() });
        }
        drop(held);
        // Nobody may be waiting for the end.
        ended.send(()).ok();
    })?;
    Ok(at_end)
}

fn serve<D: Disk>(
    mut shelf: Shelf<D>,
    mut changes: mpsc::UnboundedReceiver<Change>,
) -> io::Result<()> {
    let mut written = Vec::new();
    while let Some(change) = changes.blocking_recv() {
        written.extend(take(&mut shelf, change)?);
        for _ in 1..GATHERED_MAX {
            let Ok(change) = changes.try_recv() else { break };
            written.extend(take(&mut shelf, change)?);
        }
        finish(&mut shelf, &mut written)?;
    }
    Ok(())
}

fn take<D: Disk>(shelf: &mut Shelf<D>, change: Change) -> io::Result<Option<Written>> {
    match change {
        Change::Store { key, durable, content, answers } => {
            let file = shelf.write(key, &content)?;
            let answer = Paged::Stored { page: key.page, bytes: content.len() };
            Ok(Some(Written { file, durable, answer, answers }))
        }
        Change::Drop { key } => {
            // What a power loss brings back is removed by the next start.
            shelf.remove(key)?;
            Ok(None)
        }
    }
}

/// Makes durable what has to be, and answers.
fn finish<D: Disk>(shelf: &mut Shelf<D>, written: &mut Vec<Written>) -> io::Result<()> {
    for page in written.iter().filter(|page| page.durable) {
        shelf.sync(page.file)?;
    }
    if written.iter().any(|page| page.durable) {
        shelf.sync_names()?;
    }
    for Written { file, answer, answers, .. } in written.drain(..) {
        shelf.close(file);
        // The virtual host may have ended meanwhile.
        answers.send(answer).ok();
    }
    Ok(())
}
