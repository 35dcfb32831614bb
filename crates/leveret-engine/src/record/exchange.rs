//! Facts about exchanges and bindings.

use bytes::{BufMut as _, BytesMut};
use leveret_protocol::FieldTable;

use super::{
    Unreadable,
    coding::{Reader, put_bytes, put_number},
};
use crate::{
    exchange::{BindingSpec, Destination, ExchangeDurability, ExchangeKind, ExchangeSpec},
    identity::{BindingId, ExchangeId, QueueId},
};

/// A durable exchange exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExchangeRecord {
    pub(crate) id: ExchangeId,
    pub(crate) spec: ExchangeSpec,
}

/// A binding between durable ends exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) id: BindingId,
    pub(crate) spec: BindingSpec,
}

const AUTO_DELETE: u8 = 1;
const INTERNAL: u8 = 2;

const TO_QUEUE: u8 = 0;
const TO_EXCHANGE: u8 = 1;

impl ExchangeRecord {
    pub(super) fn put(out: &mut BytesMut, id: ExchangeId, spec: &ExchangeSpec) {
        put_number(out, id.0);
        out.put_u8(match spec.kind {
            ExchangeKind::Direct => 1,
            ExchangeKind::Fanout => 2,
            ExchangeKind::Topic => 3,
            ExchangeKind::Headers => 4,
            ExchangeKind::ConsistentHash => 5,
            ExchangeKind::ModulusHash => 6,
            ExchangeKind::Random => 7,
            ExchangeKind::LocalRandom => 8,
            ExchangeKind::Delayed => 9,
        });
        let auto_delete = if spec.auto_delete { AUTO_DELETE } else { 0 };
        out.put_u8(auto_delete | if spec.internal { INTERNAL } else { 0 });
        put_bytes(out, &spec.name);
        put_bytes(out, spec.arguments.as_bytes());
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let id = ExchangeId(input.number()?);
        let kind = match input.u8()? {
            1 => ExchangeKind::Direct,
            2 => ExchangeKind::Fanout,
            3 => ExchangeKind::Topic,
            4 => ExchangeKind::Headers,
            5 => ExchangeKind::ConsistentHash,
            6 => ExchangeKind::ModulusHash,
            7 => ExchangeKind::Random,
            8 => ExchangeKind::LocalRandom,
            9 => ExchangeKind::Delayed,
            _ => return Err(Unreadable::Damaged("an exchange's type is unknown")),
        };
        let flags = input.flags(AUTO_DELETE | INTERNAL)?;
        let spec = ExchangeSpec {
            name: input.short_str()?,
            kind,
            durability: ExchangeDurability::Durable,
            auto_delete: flags & AUTO_DELETE != 0,
            internal: flags & INTERNAL != 0,
            arguments: input.table()?,
        };
        Ok(Self { id, spec })
    }
}

impl Link {
    pub(super) fn put(out: &mut BytesMut, id: BindingId, spec: &BindingSpec) {
        put_number(out, id.0);
        put_number(out, spec.source.0);
        match spec.destination {
            Destination::Queue(queue) => {
                out.put_u8(TO_QUEUE);
                put_number(out, queue.0);
            }
            Destination::Exchange(exchange) => {
                out.put_u8(TO_EXCHANGE);
                put_number(out, exchange.0);
            }
        }
        put_bytes(out, &spec.key);
        put_bytes(out, spec.arguments.as_bytes());
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let id = BindingId(input.number()?);
        let source = ExchangeId(input.number()?);
        let destination = match input.u8()? {
            TO_QUEUE => Destination::Queue(QueueId(input.number()?)),
            TO_EXCHANGE => Destination::Exchange(ExchangeId(input.number()?)),
            _ => return Err(Unreadable::Damaged("a binding's destination is unknown")),
        };
        let (key, arguments): (_, FieldTable) = (input.short_str()?, input.table()?);
        Ok(Self { id, spec: BindingSpec { source, destination, key, arguments } })
    }
}
