//! Facts about messages.

use alloc::vec::Vec;

use bytes::{BufMut as _, BytesMut};
use leveret_protocol::Timestamp;

use super::{
    Unreadable,
    coding::{Reader, put_bytes, put_number},
    copies,
};
use crate::{
    identity::{Lsn, MessageId, QueueId},
    message::{Letter, Message, Origin},
};

/// A persistent message is in these durable queues.
#[derive(Debug)]
pub(crate) struct PublishedRecord {
    pub(crate) message: Message,
    pub(crate) queues: Vec<QueueId>,
}

/// These messages are no longer in that queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettledRecord {
    pub(crate) queue: QueueId,
    pub(crate) messages: Vec<MessageId>,
}

/// That message was given back to that queue so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReturnedRecord {
    pub(crate) queue: QueueId,
    pub(crate) message: MessageId,
    pub(crate) count: u32,
}

const DEAD_LETTER: u8 = 1;

impl PublishedRecord {
    pub(super) fn put(out: &mut BytesMut, message: &Message, queues: &[QueueId]) {
        let letter = &message.letter;
        out.reserve(letter.content_bytes() + letter.routing_key.len() + 64);
        put_number(out, message.id.0);
        put_number(out, message.posted_at.as_millis());
        let origin = match letter.origin {
            Origin::Client => 0,
            Origin::DeadLetter => DEAD_LETTER,
        };
        out.put_u8(origin | copies::flags_of(&letter.copies));
        copies::put(out, &letter.copies);
        put_number(out, u64::try_from(queues.len()).unwrap_or(u64::MAX));
        for queue in queues {
            put_number(out, queue.0);
        }
        put_bytes(out, &letter.exchange);
        put_bytes(out, &letter.routing_key);
        put_bytes(out, letter.properties.as_bytes());
        put_bytes(out, &letter.body);
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let id = MessageId(input.number()?);
        let posted_at = Timestamp::from_millis(input.number()?);
        let flags = input.flags(DEAD_LETTER | copies::FLAGS)?;
        let copies = copies::read(input, flags)?;
        let count = input.number()?;
        let queues = (0..count).map(|_| input.number().map(QueueId)).collect::<Result<_, _>>()?;
        let letter = Letter {
            exchange: input.short_str()?,
            routing_key: input.short_str()?,
            copies,
            properties: input.properties()?,
            body: input.bytes()?,
            origin: if flags & DEAD_LETTER == 0 { Origin::Client } else { Origin::DeadLetter },
            persistent: true,
        };
        Ok(Self {
            message: Message {
                id,
                posted_at,
                recorded: Lsn::default(),
                page: None,
                letter: letter.detached(),
            },
            queues,
        })
    }
}

impl SettledRecord {
    pub(super) fn put(out: &mut BytesMut, queue: QueueId, messages: &[(QueueId, MessageId)]) {
        put_number(out, queue.0);
        put_number(out, u64::try_from(messages.len()).unwrap_or(u64::MAX));
        // Settled together means published together, mostly: the distances are small numbers.
        let mut before = 0_u64;
        for (_, message) in messages {
            put_number(out, message.0.wrapping_sub(before));
            before = message.0;
        }
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let queue = QueueId(input.number()?);
        let count = input.number()?;
        let mut before = 0_u64;
        let messages = (0..count)
            .map(|_| {
                before = before.wrapping_add(input.number()?);
                Ok(MessageId(before))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { queue, messages })
    }
}

impl ReturnedRecord {
    pub(super) fn put(out: &mut BytesMut, (queue, message): (QueueId, MessageId), count: u32) {
        put_number(out, queue.0);
        put_number(out, message.0);
        put_number(out, count.into());
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let (queue, message) = (QueueId(input.number()?), MessageId(input.number()?));
        let count = u32::try_from(input.number()?)
            .map_err(|_| Unreadable::Damaged("a count is too large"))?;
        Ok(Self { queue, message, count })
    }
}
