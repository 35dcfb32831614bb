//! The task that writes.

use std::io::{self, IoSlice};

use bytes::Buf as _;
use leveret_protocol::FrameBuffer;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::link::{gathering::Gathering, outbox::Outbox};

/// The most pieces of one write; more are written in several.
const PIECES_MAX: usize = 64;

/// Writes what waits until nothing will come any more or the transport fails.
pub(crate) async fn run(outbox: &Outbox, mut stream: impl AsyncWrite + Unpin) {
    let (mut empty, mut gathering) = (FrameBuffer::new(), Gathering::default());
    while let Some(mut frames) = outbox.take(empty, &mut gathering).await {
        if let Err(error) = write(&mut stream, &mut frames).await {
            return outbox.fail(Some(error));
        }
        outbox.note_written();
        empty = frames;
    }
    // The peer may be gone already; there is nobody left to tell.
    drop(stream.shutdown().await);
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), frames: &mut FrameBuffer) -> io::Result<()> {
    while !frames.is_empty() {
        let written = if frames.chunk().len() == frames.len() {
            stream.write(frames.chunk()).await?
        } else {
            let pieces: Vec<IoSlice<'_>> =
                frames.segments().take(PIECES_MAX).map(IoSlice::new).collect();
            stream.write_vectored(&pieces).await?
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        frames.advance(written);
    }
    stream.flush().await
}
