//! What was delivered on a channel and is not settled.

use leveret_protocol::Timestamp;

use crate::{
    error::SettleError,
    identity::{ConsumerId, QueueId},
    queue::Entry,
    series::Series,
};

/// One delivery.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) queue: QueueId,
    pub(crate) entry: Entry,
    /// Who got it; nobody, if it was fetched by `basic.get`.
    pub(crate) consumer: Option<ConsumerId>,
    pub(crate) sent_at: Timestamp,
}

impl Delivery {
    fn bytes(&self) -> usize {
        self.entry.message.letter.content_bytes()
    }
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    Requeue,
    DeadLetter,
}

/// Deliveries by tag.
pub(crate) type Deliveries = Series<Delivery>;

/// All unsettled deliveries; tags count from 1 and are never used again.
#[derive(Debug, Default)]
pub(crate) struct Unacked {
    deliveries: Deliveries,
    /// Bytes of their messages.
    bytes: usize,
    last_tag: u64,
}

impl Unacked {
    pub(crate) const fn next_tag(&mut self) -> u64 {
        self.last_tag += 1;
        self.last_tag
    }

    pub(crate) fn insert(&mut self, tag: u64, delivery: Delivery) {
        self.bytes = self.bytes.saturating_add(delivery.bytes());
        self.deliveries.insert(tag, delivery);
    }

    /// Takes back deliveries that had been taken out.
    pub(crate) fn restore(&mut self, deliveries: impl IntoIterator<Item = (u64, Delivery)>) {
        let bytes = &mut self.bytes;
        self.deliveries.extend(deliveries.into_iter().inspect(|(_, delivery)| {
            *bytes = bytes.saturating_add(delivery.bytes());
        }));
    }

    pub(crate) fn take_one(&mut self, tag: u64) -> Result<Delivery, SettleError> {
        let delivery = self.deliveries.remove(tag).ok_or(SettleError::UnknownTag { tag })?;
        self.bytes = self.bytes.saturating_sub(delivery.bytes());
        Ok(delivery)
    }

    /// Takes that delivery and all before it. AMQP 0-9-1, basic.ack: tag 0 means all there are,
    /// if any.
    pub(crate) fn take_up_to(&mut self, tag: u64) -> Result<Deliveries, SettleError> {
        if tag == 0 {
            return Ok(self.take_all());
        }
        if self.deliveries.get(tag).is_none() {
            return Err(SettleError::UnknownTag { tag });
        }
        let taken = self.deliveries.take_up_to(tag);
        let bytes: usize = taken.values().map(Delivery::bytes).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        Ok(taken)
    }

    pub(crate) fn len(&self) -> usize {
        self.deliveries.len()
    }

    /// The one that was delivered first.
    pub(crate) fn oldest(&self) -> Option<&Delivery> {
        self.deliveries.first().map(|(_, delivery)| delivery)
    }

    pub(crate) fn take_all(&mut self) -> Deliveries {
        self.bytes = 0;
        core::mem::take(&mut self.deliveries)
    }

    /// Whether there are as many of them, or as many bytes, as may be in memory.
    pub(crate) fn is_full(&self, messages_max: usize, bytes_max: usize) -> bool {
        self.deliveries.len() >= messages_max || self.bytes >= bytes_max
    }
}
