//! Looking at what waits in a queue, without changing anything of it.
//!
//! An own extension: a consumer with the argument `x-leveret-peek` gets copies of messages in
//! the order in which they would be delivered, and is then cancelled by the server. Nothing of
//! the queue moves: no message is marked, counted or settled, and the queue stays unused.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use leveret_protocol::{FieldTable, FieldValue, Method, ShortStr, basic};

use super::Turn;
use crate::{
    channel::ChannelKey,
    content::Content,
    effects::Effect,
    error::{ArgumentFault, ConsumeError, MethodError, integer},
    identity::QueueId,
    message::detached_name,
    queue::Entry,
};

pub(super) const PEEK: &str = "x-leveret-peek";

/// How many messages are shown if the client does not say.
const COUNT_DEFAULT: usize = 1;

/// What a client wants to see.
struct Wish {
    offset: usize,
    count: usize,
}

impl Turn<'_> {
    pub(super) fn peek(
        &mut self,
        at: ChannelKey,
        (queue, wanted): (QueueId, FieldValue),
        consume: &basic::Consume,
    ) -> Result<(), MethodError> {
        let wish = self.read_wish(queue, wanted)?;
        if !consume.no_ack {
            return Err(ConsumeError::PeekNotAcknowledged.into());
        }
        let consumer_tag = if consume.consumer_tag.is_empty() {
            self.host.chance.name("amq.ctag-")
        } else {
            detached_name(&consume.consumer_tag)
        };
        if !consume.no_wait {
            let answer = basic::ConsumeOk { consumer_tag: consumer_tag.clone() };
            self.send(at, Method::BasicConsumeOk(answer));
        }
        let shown_to = Arc::new(consumer_tag.clone());
        for entry in self.seen(queue, &wish) {
            self.show(at, queue, &entry, Arc::clone(&shown_to));
        }
        let cancel = basic::Cancel { consumer_tag, no_wait: true };
        self.send(at, Method::BasicCancel(cancel));
        Ok(())
    }

    /// The entries to show: as many as wanted, as far as there are, and none behind so many bytes.
    fn seen(&self, queue: QueueId, wish: &Wish) -> Vec<Entry> {
        let Some(queue) = self.host.queues.get(queue) else { return Vec::new() };
        let mut bytes_left = self.host.options.limits.peek_bytes_max;
        let mut seen = Vec::new();
        let alive = queue.ready.iter().filter(|entry| !entry.expiry.has_come(self.now));
        for entry in alive.skip(wish.offset).take(wish.count) {
            let bytes = entry.message.letter.content_bytes();
            if bytes > bytes_left && !seen.is_empty() {
                break;
            }
            bytes_left = bytes_left.saturating_sub(bytes);
            seen.push(entry.clone());
        }
        seen
    }

    fn show(&mut self, at: ChannelKey, queue: QueueId, entry: &Entry, consumer_tag: Arc<ShortStr>) {
        let message = self.as_delivered(queue, entry);
        let letter = &message.letter;
        let Some(connection) = self.host.connections.get_mut(&at.connection) else { return };
        let Some(channel) = connection.channels.get_mut(&at.channel) else { return };
        let delivery = (channel.unacked.next_tag(), entry.redelivered);
        connection.credit.spend(Effect::delivery_credit(&letter.properties, &letter.body));
        let until = self.seen_after(&message);
        self.send_content(at, until, Content::delivery(consumer_tag, delivery, message));
    }

    fn read_wish(&self, queue: QueueId, wanted: FieldValue) -> Result<Wish, ConsumeError> {
        let name = self.host.queues.get(queue).map(|queue| queue.spec.name.clone());
        let invalid = |fault| ConsumeError::Argument {
            argument: PEEK,
            resource: self.host.queue_resource(&name.clone().unwrap_or_default()),
            fault: Box::new(fault),
        };
        let FieldValue::Table(table) = wanted else {
            return Err(invalid(ArgumentFault::OtherType { found: wanted }));
        };
        let limits = &self.host.options.limits;
        let offset = number(&table, "offset", limits.peek_offset_max).map_err(invalid)?;
        let count = number(&table, "count", limits.peek_messages_max).map_err(invalid)?;
        Ok(Wish { offset: offset.unwrap_or(0), count: count.unwrap_or(COUNT_DEFAULT) })
    }
}

fn number(
    table: &FieldTable,
    name: &'static str,
    max: usize,
) -> Result<Option<usize>, ArgumentFault> {
    let Some(found) = table.get(name) else { return Ok(None) };
    let Some(value) = integer(&found) else { return Err(ArgumentFault::NoInteger { found }) };
    let Ok(value) = u64::try_from(value) else { return Err(ArgumentFault::Negative { value }) };
    let number = usize::try_from(value).ok().filter(|number| *number <= max);
    number.map(Some).ok_or(ArgumentFault::MaxExceeded { value })
}
