//! One fact: what exists, what is gone, what is where.
//!
//! Things are named by their numbers, so a fact means the same whatever was declared anew
//! under an old name, and wherever in the log it stands.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{
    ExchangeRecord, Link, PagedRecord, PublishedRecord, QueueRecord, ReturnedRecord,
    ScheduledRecord, SettledRecord, Unreadable,
    coding::{Reader, put_number},
};
use crate::{
    exchange::{BindingSpec, ExchangeSpec},
    identity::{BindingId, ExchangeId, MessageId, PageId, QueueId},
    message::Message,
    queue::QueueSpec,
    schedule::Scheduled,
};

#[derive(Debug)]
pub(crate) enum Fact {
    ExchangeDeclared(ExchangeRecord),
    ExchangeDeleted(ExchangeId),
    QueueDeclared(QueueRecord),
    /// The queue is gone, and its bindings and messages with it.
    QueueDeleted(QueueId),
    Bound(Link),
    Unbound(BindingId),
    Published(PublishedRecord),
    Settled(SettledRecord),
    Returned(ReturnedRecord),
    Scheduled(ScheduledRecord),
    /// The message waits no longer: it was routed or cancelled.
    Unscheduled(MessageId),
    Paged(PagedRecord),
    /// A page is gone, with all that is in it.
    PageDropped(PageId),
}

const EXCHANGE_DECLARED: u8 = 1;
const EXCHANGE_DELETED: u8 = 2;
const QUEUE_DECLARED: u8 = 3;
const QUEUE_DELETED: u8 = 4;
const BOUND: u8 = 5;
const UNBOUND: u8 = 6;
const PUBLISHED: u8 = 7;
const SETTLED: u8 = 8;
const RETURNED: u8 = 20;
const SCHEDULED: u8 = 30;
const UNSCHEDULED: u8 = 31;
const PAGED: u8 = 9;
const PAGE_DROPPED: u8 = 10;

impl Fact {
    pub(crate) fn put_exchange_declared(out: &mut BytesMut, id: ExchangeId, spec: &ExchangeSpec) {
        out.put_u8(EXCHANGE_DECLARED);
        ExchangeRecord::put(out, id, spec);
    }

    pub(crate) fn put_exchange_deleted(out: &mut BytesMut, id: ExchangeId) {
        out.put_u8(EXCHANGE_DELETED);
        put_number(out, id.0);
    }

    pub(crate) fn put_queue_declared(out: &mut BytesMut, id: QueueId, spec: &QueueSpec) {
        out.put_u8(QUEUE_DECLARED);
        QueueRecord::put(out, id, spec);
    }

    pub(crate) fn put_queue_deleted(out: &mut BytesMut, id: QueueId) {
        out.put_u8(QUEUE_DELETED);
        put_number(out, id.0);
    }

    pub(crate) fn put_bound(out: &mut BytesMut, id: BindingId, spec: &BindingSpec) {
        out.put_u8(BOUND);
        Link::put(out, id, spec);
    }

    pub(crate) fn put_unbound(out: &mut BytesMut, id: BindingId) {
        out.put_u8(UNBOUND);
        put_number(out, id.0);
    }

    pub(crate) fn put_published(out: &mut BytesMut, message: &Message, queues: &[QueueId]) {
        out.put_u8(PUBLISHED);
        PublishedRecord::put(out, message, queues);
    }

    /// All of the pairs are of that queue.
    pub(crate) fn put_settled(
        out: &mut BytesMut,
        queue: QueueId,
        settled: &[(QueueId, MessageId)],
    ) {
        out.put_u8(SETTLED);
        SettledRecord::put(out, queue, settled);
    }

    pub(crate) fn put_returned(out: &mut BytesMut, copy: (QueueId, MessageId), count: u32) {
        out.put_u8(RETURNED);
        ReturnedRecord::put(out, copy, count);
    }

    pub(crate) fn put_scheduled(out: &mut BytesMut, id: MessageId, scheduled: &Scheduled) {
        out.put_u8(SCHEDULED);
        ScheduledRecord::put(out, id, scheduled);
    }

    pub(crate) fn put_unscheduled(out: &mut BytesMut, id: MessageId) {
        out.put_u8(UNSCHEDULED);
        put_number(out, id.0);
    }

    pub(crate) fn put_paged(out: &mut BytesMut, paged: &PagedRecord) {
        out.put_u8(PAGED);
        paged.put(out);
    }

    pub(crate) fn put_page_dropped(out: &mut BytesMut, id: PageId) {
        out.put_u8(PAGE_DROPPED);
        put_number(out, id.0);
    }

    /// Reads facts until the bytes end.
    pub(crate) fn read_all(facts: Bytes, mut take: impl FnMut(Self)) -> Result<(), Unreadable> {
        let mut input = Reader::new(facts);
        while !input.is_empty() {
            take(match input.u8()? {
                EXCHANGE_DECLARED => Self::ExchangeDeclared(ExchangeRecord::read(&mut input)?),
                EXCHANGE_DELETED => Self::ExchangeDeleted(ExchangeId(input.number()?)),
                QUEUE_DECLARED => Self::QueueDeclared(QueueRecord::read(&mut input)?),
                QUEUE_DELETED => Self::QueueDeleted(QueueId(input.number()?)),
                BOUND => Self::Bound(Link::read(&mut input)?),
                UNBOUND => Self::Unbound(BindingId(input.number()?)),
                PUBLISHED => Self::Published(PublishedRecord::read(&mut input)?),
                SETTLED => Self::Settled(SettledRecord::read(&mut input)?),
                RETURNED => Self::Returned(ReturnedRecord::read(&mut input)?),
                SCHEDULED => Self::Scheduled(ScheduledRecord::read(&mut input)?),
                UNSCHEDULED => Self::Unscheduled(MessageId(input.number()?)),
                PAGED => Self::Paged(PagedRecord::read(&mut input)?),
                PAGE_DROPPED => Self::PageDropped(PageId(input.number()?)),
                _ => return Err(Unreadable::Damaged("a fact's kind is unknown")),
            });
        }
        Ok(())
    }
}
