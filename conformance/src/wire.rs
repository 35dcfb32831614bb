//! A socket, and the frames on it; nothing of what they mean.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// Nothing came in time.
const IDLE: [ErrorKind; 3] = [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted];

/// The other side has hung up, though not politely.
const GONE: [ErrorKind; 3] =
    [ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted, ErrorKind::BrokenPipe];

/// One end of a connection that sends any bytes.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Incoming {
    Frame {
        kind: u8,
        channel: u16,
        payload: Bytes,
    },
    Header(Bytes),
    /// The other side has hung up; what it left unfinished is dropped.
    End,
    /// Nothing, and no more patience.
    Nothing,
}

impl Wire {
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { stream, buffer: BytesMut::with_capacity(16 << 10) })
    }

    /// Sends bytes as they are; a peer that has hung up is seen when reading.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            drop(error);
        }
    }

    /// The next thing that comes before the deadline.
    pub(crate) fn next(&mut self, deadline: Instant) -> Result<Incoming> {
        loop {
            if let Some(incoming) = self.take() {
                return Ok(incoming);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Incoming::Nothing);
            }
            self.stream.set_read_timeout(Some(left))?;
            let mut block = [0; 16 << 10];
            match self.stream.read(&mut block) {
                Ok(0) => return Ok(Incoming::End),
                Ok(count) => self.buffer.put_slice(block.get(..count).unwrap_or_default()),
                Err(error) if IDLE.contains(&error.kind()) => {}
                Err(error) if GONE.contains(&error.kind()) => return Ok(Incoming::End),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(&mut self) -> Option<Incoming> {
        if self.buffer.starts_with(b"AMQP") && self.buffer.len() >= 8 {
            return Some(Incoming::Header(self.buffer.split_to(8).freeze().slice(4..)));
        }
        let mut header = self.buffer.get(..7)?;
        let (kind, channel) = (header.get_u8(), header.get_u16());
        let bytes = usize::try_from(header.get_u32()).ok()?;
        if self.buffer.len() < bytes + 8 {
            return None;
        }
        let mut payload = self.buffer.split_to(bytes + 8).freeze();
        payload.advance(7);
        payload.truncate(bytes);
        Some(Incoming::Frame { kind, channel, payload })
    }
}

/// A frame with the end octet that belongs to it.
pub(crate) fn frame(kind: u8, channel: u16, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + 8);
    out.put_u8(kind);
    out.put_u16(channel);
    out.put_u32(u32::try_from(payload.len()).unwrap_or(u32::MAX));
    out.put_slice(payload);
    out.put_u8(0xCE);
    out.freeze()
}
