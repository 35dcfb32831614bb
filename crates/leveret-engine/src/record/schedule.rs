//! Facts about messages that wait for their time.

use bytes::{BufMut as _, BytesMut};
use leveret_protocol::Timestamp;

use super::{
    Unreadable,
    coding::{Reader, put_bytes, put_number},
    copies,
};
use crate::{
    identity::{Lsn, MessageId},
    message::{Letter, Origin, detached_name},
    schedule::Scheduled,
};

/// A message waits.
#[derive(Debug)]
pub(crate) struct ScheduledRecord {
    pub(crate) id: MessageId,
    pub(crate) scheduled: Scheduled,
}

const DEAD_LETTER: u8 = 1;
const PERSISTENT: u8 = 8;
const NAMED: u8 = 16;

impl ScheduledRecord {
    pub(super) fn put(out: &mut BytesMut, id: MessageId, scheduled: &Scheduled) {
        let letter = &scheduled.letter;
        out.reserve(letter.content_bytes() + letter.routing_key.len() + 64);
        put_number(out, id.0);
        put_number(out, scheduled.due.as_millis());
        let origin = match letter.origin {
            Origin::Client => 0,
            Origin::DeadLetter => DEAD_LETTER,
        };
        let persistent = if letter.persistent { PERSISTENT } else { 0 };
        let named = if scheduled.name.is_some() { NAMED } else { 0 };
        out.put_u8(origin | persistent | named | copies::flags_of(&letter.copies));
        copies::put(out, &letter.copies);
        put_bytes(out, &scheduled.exchange);
        if let Some(name) = &scheduled.name {
            put_bytes(out, name);
        }
        put_bytes(out, &letter.exchange);
        put_bytes(out, &letter.routing_key);
        put_bytes(out, letter.properties.as_bytes());
        put_bytes(out, &letter.body);
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let id = MessageId(input.number()?);
        let due = Timestamp::from_millis(input.number()?);
        let flags = input.flags(DEAD_LETTER | PERSISTENT | NAMED | copies::FLAGS)?;
        let copies = copies::read(input, flags)?;
        let exchange = detached_name(&input.short_str()?);
        let name = if flags & NAMED == 0 { None } else { Some(detached_name(&input.short_str()?)) };
        let letter = Letter {
            exchange: input.short_str()?,
            routing_key: input.short_str()?,
            copies,
            properties: input.properties()?,
            body: input.bytes()?,
            origin: if flags & DEAD_LETTER == 0 { Origin::Client } else { Origin::DeadLetter },
            persistent: flags & PERSISTENT != 0,
        };
        let letter = letter.detached();
        let recorded = Lsn::default();
        Ok(Self { id, scheduled: Scheduled { due, exchange, name, letter, recorded } })
    }
}
