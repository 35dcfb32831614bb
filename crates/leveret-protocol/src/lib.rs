//! AMQP 0-9-1 on the wire and in conversation, without IO.
//!
//! Two things are here. The **codec**: methods, field tables, properties and frames as values,
//! read from shared bytes without copying strings or bodies. The **conversation**: a
//! [`Session`] is one side of a connection, client or server; bytes go in, [`Event`]s come out,
//! and what is to be written waits in a [`FrameBuffer`]. Neither opens a socket or asks a clock,
//! and neither believes a length before the bytes are there.
//!
//! A server that lets everybody in:
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use leveret_protocol::{Event, FieldTable, Limits, ServerHello, Session, Timestamp};
//!
//! let now = Timestamp::from_millis(0);
//! let hello = ServerHello {
//!     mechanisms: Bytes::from_static(b"PLAIN"),
//!     locales: Bytes::from_static(b"en_US"),
//!     server_properties: FieldTable::builder().insert("product", "example").build(),
//! };
//! let mut session = Session::server(now, hello, Limits::default());
//!
//! // What a client sends first; a real server reads it from a socket.
//! let mut incoming = BytesMut::from(&leveret_protocol::PROTOCOL_HEADER[..]);
//! session.receive(now, &mut incoming);
//! while let Some(event) = session.poll_event() {
//!     match event {
//!         Event::Login { .. } => session.accept_login(),
//!         Event::Open { .. } => session.accept_open(),
//!         Event::Content { channel, body, .. } => drop((channel, body)),
//!         other => drop(other),
//!     }
//! }
//! // connection.start waits to be written.
//! assert!(!session.output().is_empty());
//! ```

#![no_std]
extern crate alloc;

mod channel_number;
mod decode_error;
mod field;
mod frame;
mod generated;
mod method;
mod properties;
mod reader;
mod reply;
mod secret;
mod session;
mod short_str;
mod timestamp;
mod writer;

pub use self::{
    channel_number::ChannelNumber,
    decode_error::DecodeError,
    field::{
        FieldArray, FieldArrayBuilder, FieldTable, FieldTableBuilder, FieldValue, Fields,
        NESTING_MAX, Values,
    },
    frame::{Content, Delivery, FrameBuffer, PROTOCOL_HEADER, TooLarge},
    generated::{
        access, basic, channel, confirm, connection, exchange, method_enum::Method, queue, tx,
    },
    method::Sender,
    properties::{Properties, PropertiesBuilder},
    reply::{AmqpError, ReplyCode},
    secret::Secret,
    session::{
        ChannelOpens, ClientHello, ClientLogin, CloseReason, Event, Failure, Limits, Negotiated,
        SendError, ServerHello, Session,
    },
    short_str::{ShortStr, TooLong},
    timestamp::Timestamp,
};
