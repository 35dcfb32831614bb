//! The thread that reads pages.

use std::{io, thread};

use bytes::Bytes;
use leveret_journal::Disk;
use tokio::sync::{mpsc, oneshot};

use super::{
    command::{Load, Paged},
    shelf::Shelf,
};

pub(super) fn start<D: Disk + Send + 'static, H: Send + 'static>(
    mut shelf: Shelf<D>,
    mut loads: mpsc::UnboundedReceiver<Load>,
    held: H,
) -> io::Result<oneshot::Receiver<()>> {
    let (ended, at_end) = oneshot::channel();
    thread::Builder::new().name("leveret-read".to_owned()).spawn(move || {
        while let Some(Load { key, answers }) = loads.blocking_recv() {
            // A page that cannot be read is for the engine to judge: it may be unwanted by now.
            let content = shelf.read(key).unwrap_or_else(|error| {
                tracing::debug!(stream = key.stream.0, page = key.page.0, %error, "cannot read a page");
                Vec::new()
            });
            let loaded = Paged::Loaded { page: key.page, content: Bytes::from(content) };
            // The virtual host may have ended meanwhile.
            answers.send(loaded).ok();
        }
        drop(held);
        // Nobody may be waiting for the end.
        ended.send(()).ok();
    })?;
    Ok(at_end)
}
