//! Facts about queues.

use bytes::{BufMut as _, BytesMut};

use super::{
    Unreadable,
    coding::{Reader, put_bytes, put_number},
};
use crate::{identity::QueueId, queue::QueueSpec};

/// A durable queue exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueRecord {
    pub(crate) id: QueueId,
    pub(crate) spec: QueueSpec,
}

const AUTO_DELETE: u8 = 1;

impl QueueRecord {
    pub(super) fn put(out: &mut BytesMut, id: QueueId, spec: &QueueSpec) {
        put_number(out, id.0);
        out.put_u8(if spec.auto_delete { AUTO_DELETE } else { 0 });
        put_bytes(out, &spec.name);
        put_bytes(out, spec.arguments.as_bytes());
    }

    pub(super) fn read(input: &mut Reader) -> Result<Self, Unreadable> {
        let id = QueueId(input.number()?);
        let flags = input.flags(AUTO_DELETE)?;
        let spec = QueueSpec {
            name: input.short_str()?,
            durable: true,
            auto_delete: flags & AUTO_DELETE != 0,
            owner: None,
            arguments: input.table()?,
        };
        Ok(Self { id, spec })
    }
}
