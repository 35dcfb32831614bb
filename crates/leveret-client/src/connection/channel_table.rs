//! The channels of one connection, as their owner knows them.

use std::{collections::HashMap, sync::Arc};

use leveret_protocol::{ChannelNumber, ShortStr, basic};
use tokio::sync::oneshot;

use crate::{
    error::{ChannelError, ConsumerEnd},
    message::Delivery,
    state::{Aftermath, ChannelCore, Recipient},
};

/// Who waits for a channel to open.
pub(super) type Opener = oneshot::Sender<Result<Arc<ChannelCore>, ChannelError>>;

/// All channels that have a number.
#[derive(Debug, Default)]
pub(super) struct ChannelTable {
    /// Indexed by number minus one.
    records: Vec<Option<Record>>,
    free: Vec<u16>,
}

/// One channel.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) core: Arc<ChannelCore>,
    consumers: HashMap<ShortStr, Recipient>,
    /// The consumer that had the last delivery, as most have the next one too.
    last: Option<(ShortStr, Recipient)>,
    pub(super) opener: Option<Opener>,
    /// Who waits for it to be closed.
    closers: Vec<oneshot::Sender<()>>,
}

impl ChannelTable {
    /// A number that is free, if there is one up to `max`.
    pub(super) fn number(&mut self, max: u16) -> Option<ChannelNumber> {
        if let Some(number) = self.free.pop() {
            return Some(number.into());
        }
        let next = u16::try_from(self.records.len() + 1).ok().filter(|next| *next <= max)?;
        self.records.push(None);
        Some(next.into())
    }

    pub(super) fn insert(&mut self, core: Arc<ChannelCore>, opener: Opener) {
        let index = index(core.number);
        if let Some(place) = self.records.get_mut(index) {
            *place = Some(Record {
                core,
                consumers: HashMap::new(),
                last: None,
                opener: Some(opener),
                closers: Vec::new(),
            });
        }
    }

    pub(super) fn record(&mut self, number: ChannelNumber) -> Option<&mut Record> {
        self.records.get_mut(index(number))?.as_mut()
    }

    /// The channel is closed on both sides: its number is free.
    pub(super) fn remove(&mut self, number: ChannelNumber) {
        let place = self.records.get_mut(index(number));
        let Some(record) = place.and_then(Option::take) else { return };
        self.free.push(number.as_u16());
        for closer in record.closers {
            // Whoever waited may have gone.
            closer.send(()).ok();
        }
    }

    /// Ends every channel.
    pub(super) fn close_all(&mut self, end: &ChannelError) {
        for record in self.records.iter_mut().flatten() {
            record.close(end);
        }
    }
}

impl Record {
    /// Ends the channel for all who use it.
    pub(super) fn close(&mut self, end: &ChannelError) {
        self.core.close(end);
        if let Some(opener) = self.opener.take() {
            // Whoever asked may have gone.
            drop(opener.send(Err(end.clone())));
        }
        self.last = None;
        for (_, consumer) in self.consumers.drain() {
            consumer.end(end.clone().into());
        }
    }

    /// Remembers who waits until the channel is closed.
    pub(super) fn await_close(&mut self, closer: oneshot::Sender<()>) {
        self.closers.push(closer);
    }

    pub(super) fn start_consumer(&mut self, tag: ShortStr, consumer: Recipient) {
        self.consumers.insert(tag, consumer);
    }

    pub(super) fn end_consumer(&mut self, tag: &ShortStr, end: ConsumerEnd) {
        self.last = None;
        if let Some(consumer) = self.consumers.remove(tag) {
            consumer.end(end);
        }
    }

    /// Ends a consumer that nobody waits for any more.
    pub(super) fn cancel_consumer(&self, tag: &ShortStr) {
        let method = basic::Cancel { consumer_tag: tag.clone(), no_wait: false };
        // An error means that the channel is over, and the consumer with it.
        drop(self.core.ask(&method.into(), Aftermath::Stop(tag.clone())));
    }

    /// Puts a message back that nobody will take.
    pub(super) fn give_back(&self, delivery: &Delivery) {
        if delivery.origin.is_some() {
            let delivery_tag = delivery.tag;
            let method = basic::Nack { delivery_tag, multiple: false, requeue: true };
            // An error means that the channel is over; then the broker takes it back by itself.
            drop(self.core.send(&method.into()));
            self.core.residue.note_settled();
        }
    }

    pub(super) fn consumer(&mut self, tag: &ShortStr) -> Option<&Recipient> {
        let is_last = self.last.as_ref().is_some_and(|(last, _)| last == tag);
        if !is_last {
            let (tag, consumer) = self.consumers.get_key_value(tag)?;
            self.last = Some((tag.clone(), consumer.clone()));
        }
        self.last.as_ref().map(|(_, consumer)| consumer)
    }
}

fn index(number: ChannelNumber) -> usize {
    usize::from(number.as_u16()).wrapping_sub(1)
}
