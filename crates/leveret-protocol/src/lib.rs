//! AMQP 0-9-1 on the wire and in conversation, without IO.

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
    frame::{Content, FrameBuffer, PROTOCOL_HEADER, TooLarge},
    generated::{
        access, basic, channel, confirm, connection, exchange, method_enum::Method, queue, tx,
    },
    method::Sender,
    properties::{Properties, PropertiesBuilder},
    reply::{AmqpError, ReplyCode},
    session::{
        ClientHello, CloseReason, Event, Failure, Limits, Negotiated, SendError, ServerHello,
        Session,
    },
    short_str::{ShortStr, TooLong},
    timestamp::Timestamp,
};
