//! A pipe that breaks at a byte, in the way it is told to.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// What a direction does once its bytes are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The stream ends, or writing fails.
    End,
    /// The connection is reset, both ways.
    Reset,
    /// Nothing more arrives, and nobody is told.
    Hole,
}

/// One direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) bytes_left: usize,
    pub(super) fault: Fault,
}

impl Way {
    pub(super) const OPEN: Self = Self { bytes_left: usize::MAX, fault: Fault::End };

    pub(super) const fn cut(bytes_left: usize, fault: Fault) -> Self {
        Self { bytes_left, fault }
    }
}

/// The client's end of a pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    inner: DuplexStream,
    inward: Way,
    outward: Way,
}

impl Pipe {
    pub(super) const fn new(inner: DuplexStream, inward: Way, outward: Way) -> Self {
        Self { inner, inward, outward }
    }

    fn is_reset(&self) -> bool {
        [self.inward, self.outward]
            .iter()
            .any(|way| way.bytes_left == 0 && way.fault == Fault::Reset)
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.inward.bytes_left == 0 {
            return match self.inward.fault {
                Fault::End | Fault::Reset => Poll::Ready(Ok(())),
                Fault::Hole => Poll::Pending,
            };
        }
        let mut bytes = vec![0; buffer.remaining().min(self.inward.bytes_left)];
        let mut part = ReadBuf::new(&mut bytes);
        let polled = Pin::new(&mut self.inner).poll_read(context, &mut part);
        if polled.is_ready() {
            let read = part.filled().len();
            buffer.put_slice(part.filled());
            self.inward.bytes_left -= read;
        }
        polled
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.outward.bytes_left == 0 {
            return match self.outward.fault {
                Fault::End | Fault::Reset => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Fault::Hole => Poll::Ready(Ok(bytes.len())),
            };
        }
        let length = bytes.len().min(self.outward.bytes_left);
        let polled = Pin::new(&mut self.inner).poll_write(context, &bytes[..length]);
        if let Poll::Ready(Ok(written)) = polled {
            self.outward.bytes_left -= written;
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
