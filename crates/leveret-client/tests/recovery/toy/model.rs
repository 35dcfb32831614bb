//! What the toy broker keeps: queues, bindings, consumers, deliveries.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use leveret_client::{ChannelNumber, FieldTable, Properties, ShortStr};
use leveret_protocol::{AmqpError, ReplyCode, basic, queue};

use super::short;

/// One connection of the toy.
pub(crate) type Guest = u64;

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) publish: basic::Publish,
    pub(crate) properties: Properties,
    pub(crate) body: Bytes,
    pub(crate) redelivered: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) ready: VecDeque<Message>,
    durable: bool,
    auto_delete: bool,
    owner: Option<Guest>,
    arguments: FieldTable,
}

#[derive(Debug)]
pub(crate) struct Consumer {
    guest: Guest,
    channel: ChannelNumber,
    pub(crate) tag: ShortStr,
    pub(crate) queue: ShortStr,
    prefetch: usize,
    is_no_ack: bool,
    unsettled: usize,
}

/// A delivery that was not settled.
#[derive(Debug)]
struct Unsettled {
    consumer: ShortStr,
    queue: ShortStr,
    message: Message,
}

/// A delivery to send.
pub(crate) struct Outgoing {
    pub(crate) channel: ChannelNumber,
    pub(crate) consumer: ShortStr,
    pub(crate) tag: u64,
    pub(crate) message: Message,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) exchanges: BTreeMap<ShortStr, bool>,
    pub(crate) queues: BTreeMap<ShortStr, Queue>,
    pub(crate) bindings: Vec<(ShortStr, ShortStr, ShortStr)>,
    pub(crate) consumers: Vec<Consumer>,
    unsettled: BTreeMap<(Guest, ChannelNumber, u64), Unsettled>,
    tags: BTreeMap<(Guest, ChannelNumber), u64>,
    /// Consumers that the broker has cancelled, to be told.
    pub(crate) cancelled: Vec<(Guest, ChannelNumber, ShortStr)>,
    named: u64,
}

fn error(code: ReplyCode, text: String) -> AmqpError {
    AmqpError::new(code, text)
}

impl Model {
    pub(crate) fn declare(
        &mut self,
        guest: Guest,
        declare: queue::Declare,
    ) -> Result<queue::DeclareOk, AmqpError> {
        let mut name = declare.queue;
        if let Some(known) = self.queues.get(&name) {
            if known.owner.is_some_and(|owner| owner != guest) {
                return Err(error(ReplyCode::ResourceLocked, format!("queue '{name}' is taken")));
            }
            if !declare.passive && known.arguments != declare.arguments {
                let text = format!("inequivalent arg 'x-message-ttl' for queue '{name}'");
                return Err(error(ReplyCode::PreconditionFailed, text));
            }
        } else if declare.passive {
            return Err(error(ReplyCode::NotFound, format!("no queue '{name}'")));
        } else {
            if name.starts_with(b"amq.") {
                return Err(error(ReplyCode::AccessRefused, format!("'{name}' is reserved")));
            }
            if name.is_empty() {
                self.named += 1;
                name = short(&format!("amq.gen-{}", self.named));
            }
            let queue = Queue {
                ready: VecDeque::new(),
                durable: declare.durable,
                auto_delete: declare.auto_delete,
                owner: declare.exclusive.then_some(guest),
                arguments: declare.arguments,
            };
            self.queues.insert(name.clone(), queue);
        }
        let messages = self.queues[&name].ready.len();
        let consumers = self.consumers.iter().filter(|known| known.queue == name).count();
        Ok(queue::DeclareOk {
            queue: name,
            message_count: u32::try_from(messages).unwrap_or(u32::MAX),
            consumer_count: u32::try_from(consumers).unwrap_or(u32::MAX),
        })
    }

    pub(crate) fn bind(&mut self, bind: queue::Bind) -> Result<(), AmqpError> {
        let queue::Bind { queue, exchange, routing_key, .. } = bind;
        if !self.queues.contains_key(&queue) || !self.exchanges.contains_key(&exchange) {
            return Err(error(ReplyCode::NotFound, format!("no '{exchange}' or no '{queue}'")));
        }
        let binding = (exchange, routing_key, queue);
        if !self.bindings.contains(&binding) {
            self.bindings.push(binding);
        }
        Ok(())
    }

    /// Deletes a queue and cancels its consumers.
    pub(crate) fn delete(&mut self, name: &ShortStr) {
        self.queues.remove(name);
        self.bindings.retain(|(_, _, queue)| queue != name);
        let gone = self.consumers.extract_if(.., |known| known.queue == *name);
        self.cancelled.extend(gone.map(|c| (c.guest, c.channel, c.tag)));
    }

    pub(crate) fn consume(
        &mut self,
        (guest, channel): (Guest, ChannelNumber),
        consume: basic::Consume,
        prefetch: u16,
    ) -> Result<ShortStr, AmqpError> {
        let queue = consume.queue;
        if !self.queues.contains_key(&queue) {
            return Err(error(ReplyCode::NotFound, format!("no queue '{queue}'")));
        }
        self.named += 1;
        let tag = short(&format!("c-{}", self.named));
        let (prefetch, is_no_ack) = (usize::from(prefetch), consume.no_ack);
        let own = tag.clone();
        let consumer =
            Consumer { guest, channel, tag: own, queue, prefetch, is_no_ack, unsettled: 0 };
        self.consumers.push(consumer);
        Ok(tag)
    }

    pub(crate) fn cancel(&mut self, tag: &ShortStr) {
        self.consumers.retain(|known| known.tag != *tag);
    }

    /// Puts a message into its queues; whether there are any.
    pub(crate) fn publish(&mut self, message: &Message) -> Result<bool, AmqpError> {
        let basic::Publish { exchange, routing_key, .. } = &message.publish;
        let names: Vec<ShortStr> = if exchange.is_empty() {
            vec![routing_key.clone()]
        } else if self.exchanges.contains_key(exchange) {
            let fits = |(from, key, _): &&(ShortStr, ShortStr, ShortStr)| {
                from == exchange && key == routing_key
            };
            self.bindings.iter().filter(fits).map(|(_, _, queue)| queue.clone()).collect()
        } else {
            return Err(error(ReplyCode::NotFound, format!("no exchange '{exchange}'")));
        };
        let mut is_routed = false;
        for name in names {
            if let Some(queue) = self.queues.get_mut(&name) {
                queue.ready.push_back(message.clone());
                is_routed = true;
            }
        }
        Ok(is_routed)
    }

    /// The next delivery for a guest.
    pub(crate) fn next_for(&mut self, guest: Guest) -> Option<Outgoing> {
        let queues = &self.queues;
        let is_ready = |known: &&mut Consumer| {
            let has_room =
                known.is_no_ack || known.prefetch == 0 || known.unsettled < known.prefetch;
            let queue = queues.get(&known.queue);
            known.guest == guest && has_room && queue.is_some_and(|queue| !queue.ready.is_empty())
        };
        let consumer = self.consumers.iter_mut().find(is_ready)?;
        let message = self.queues.get_mut(&consumer.queue)?.ready.pop_front()?;
        let tag = self.tags.entry((guest, consumer.channel)).or_default();
        *tag += 1;
        if !consumer.is_no_ack {
            consumer.unsettled += 1;
            let unsettled = Unsettled {
                consumer: consumer.tag.clone(),
                queue: consumer.queue.clone(),
                message: message.clone(),
            };
            self.unsettled.insert((guest, consumer.channel, *tag), unsettled);
        }
        Some(Outgoing {
            channel: consumer.channel,
            consumer: consumer.tag.clone(),
            tag: *tag,
            message,
        })
    }

    /// Settles a delivery; what goes back goes to the front.
    pub(crate) fn settle(
        &mut self,
        (guest, channel): (Guest, ChannelNumber),
        tag: u64,
        goes_back: bool,
    ) -> Result<(), AmqpError> {
        let Some(settled) = self.unsettled.remove(&(guest, channel, tag)) else {
            let text = format!("unknown delivery tag {tag}");
            return Err(error(ReplyCode::PreconditionFailed, text));
        };
        if let Some(consumer) = self.consumers.iter_mut().find(|c| c.tag == settled.consumer) {
            consumer.unsettled -= 1;
        }
        if goes_back {
            self.take_back(settled);
        }
        Ok(())
    }

    fn take_back(&mut self, settled: Unsettled) {
        if let Some(queue) = self.queues.get_mut(&settled.queue) {
            queue.ready.push_front(Message { redelivered: true, ..settled.message });
        }
    }

    /// A channel, or all of a guest, are gone.
    pub(crate) fn leave(&mut self, guest: Guest, channel: Option<ChannelNumber>) {
        let is_its = |of: Guest, on: ChannelNumber| of == guest && channel.is_none_or(|c| c == on);
        let left: Vec<_> =
            self.unsettled.extract_if(.., |(of, on, _), _| is_its(*of, *on)).collect();
        for (_, unsettled) in left.into_iter().rev() {
            self.take_back(unsettled);
        }
        self.tags.retain(|(of, on), _| !is_its(*of, *on));
        let gone: Vec<Consumer> =
            self.consumers.extract_if(.., |known| is_its(known.guest, known.channel)).collect();
        for consumer in gone {
            let has_other = self.consumers.iter().any(|known| known.queue == consumer.queue);
            let queue = self.queues.get(&consumer.queue);
            if !has_other && queue.is_some_and(|queue| queue.auto_delete) {
                self.delete(&consumer.queue);
            }
        }
        if channel.is_none() {
            let is_own = |queue: &Queue| queue.owner == Some(guest);
            let own = self.queues.iter().filter(|(_, queue)| is_own(queue));
            for name in own.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
                self.delete(&name);
            }
        }
    }

    /// Forgets what does not survive a restart.
    pub(crate) fn restart(&mut self) {
        self.exchanges.retain(|_, durable| *durable);
        let lost = self.queues.iter().filter(|(_, queue)| !queue.durable);
        for name in lost.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.delete(&name);
        }
        self.cancelled.clear();
    }

    /// How many deliveries are with consumers.
    pub(crate) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }
}
