//! AMQP 0-8, as far as it is another language: four methods and the greeting.
//!
//! The oldest clients speak it; `RabbitMQ` served them up to 3.13. Framing, numbers and fields
//! are those of 0-9-1 except for what stands here, so frames are translated on their way in and
//! out, and nothing else of the session knows. Read from the two published method tables.

use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};

use crate::{
    channel_number::ChannelNumber,
    field::{FieldTable, FieldTableBuilder},
    frame::{END, FrameBuffer, FrameHeader, FrameKind, HEADER_BYTES},
    generated::{connection, method_enum::Method},
};

/// Which version the peer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Dialect {
    /// 0-9-1, and 0-9, which clients announce and do not speak.
    #[default]
    Current,
    /// 0-8.
    Old,
}

/// Class and method of connection.close and its answer: in 0-8, and now.
const CLOSE: ([u8; 4], [u8; 4]) = ([0, 10, 0, 60], [0, 10, 0, 50]);
const CLOSE_OK: ([u8; 4], [u8; 4]) = ([0, 10, 0, 61], [0, 10, 0, 51]);

/// Class and method of basic.consume, which has no arguments in 0-8.
const CONSUME: [u8; 4] = [0, 60, 0, 20];

/// An empty table, or an empty long string.
const EMPTY: [u8; 4] = [0; 4];

impl Dialect {
    /// The dialect that a protocol header announces, and whether it is one that is served.
    pub(super) const fn announced(header: [u8; 8]) -> Option<Self> {
        match &header {
            b"AMQP\x00\x00\x09\x01" | b"AMQP\x01\x01\x00\x09" => Some(Self::Current),
            // The second is what py-amqplib says, and means the same.
            b"AMQP\x01\x01\x08\x00" | b"AMQP\x01\x01\x09\x01" => Some(Self::Old),
            _ => None,
        }
    }

    /// The greeting: 0-8 knows of no capabilities.
    pub(super) fn greet(self, start: connection::Start) -> connection::Start {
        if self == Self::Current {
            return start;
        }
        let known = start.server_properties.iter().filter(|(name, _)| *name != "capabilities");
        let server_properties: FieldTable = known
            .fold(FieldTable::builder(), |table: FieldTableBuilder, (name, value)| {
                table.insert_named(&name, value)
            })
            .build();
        connection::Start { version_major: 8, version_minor: 0, server_properties, ..start }
    }

    /// Whole frames of the peer as 0-9-1 has them.
    pub(super) fn translate_in(self, frames: Bytes) -> Bytes {
        if self == Self::Current {
            return frames;
        }
        let mut translated = Vec::with_capacity(frames.len());
        let mut rest: &[u8] = &frames;
        while let Some((frame, behind)) = FrameHeader::read(rest)
            .and_then(FrameHeader::frame_len)
            .and_then(|length| rest.split_at_checked(length))
        {
            put_translated(&mut translated, frame);
            rest = behind;
        }
        translated.extend_from_slice(rest);
        translated.into()
    }

    /// Appends one of the session's own methods, if the peer has another form of it; tells so.
    pub(super) fn push(
        self,
        output: &mut FrameBuffer,
        channel: ChannelNumber,
        method: &Method,
    ) -> bool {
        let (now, then, cut) = match (self, method) {
            (Self::Old, Method::ConnectionClose(_)) => (CLOSE.1, CLOSE.0, 0),
            (Self::Old, Method::ConnectionCloseOk(_)) => (CLOSE_OK.1, CLOSE_OK.0, 0),
            (Self::Old, Method::ChannelOpenOk(_)) => ([0, 20, 0, 11], [0, 20, 0, 11], EMPTY.len()),
            _ => return false,
        };
        let mut payload = BytesMut::new();
        method.encode(&mut payload);
        let fields = payload.strip_prefix(&now).unwrap_or(&payload);
        let fields = fields.get(..fields.len().saturating_sub(cut)).unwrap_or_default();
        let length = u32::try_from(then.len() + fields.len()).unwrap_or(u32::MAX);
        output.push_raw(&[FrameKind::Method as u8]);
        output.push_raw(&channel.as_u16().to_be_bytes());
        output.push_raw(&length.to_be_bytes());
        output.push_raw(&then);
        output.push_raw(fields);
        output.push_raw(&[END]);
        true
    }
}

fn put_translated(out: &mut Vec<u8>, frame: &[u8]) {
    let (header, payload) = frame.split_at_checked(HEADER_BYTES).unwrap_or((frame, &[]));
    let is_method = header.first() == Some(&(FrameKind::Method as u8));
    let (payload, end) =
        payload.split_at_checked(payload.len().saturating_sub(1)).unwrap_or((payload, &[]));
    let ids = payload.first_chunk::<4>().copied().filter(|_| is_method);
    let fields = payload.get(4..).unwrap_or_default();
    match ids {
        Some(ids) if ids == CLOSE.0 => put(out, header, &[&CLOSE.1, fields, end]),
        Some(ids) if ids == CLOSE_OK.0 => put(out, header, &[&CLOSE_OK.1, fields, end]),
        Some(CONSUME) => {
            let longer = u32::try_from(payload.len() + EMPTY.len()).unwrap_or(u32::MAX);
            let start = header.get(..3).unwrap_or_default();
            put(out, start, &[&longer.to_be_bytes(), payload, &EMPTY, end]);
        }
        Some(_) | None => out.extend_from_slice(frame),
    }
}

fn put(out: &mut Vec<u8>, start: &[u8], parts: &[&[u8]]) {
    out.extend_from_slice(start);
    for part in parts {
        out.extend_from_slice(part);
    }
}
